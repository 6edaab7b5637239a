// The content of the page of devices. Pure.

import type { TextKey } from '../languages/en.ts';

/** As `GET /-/devices` answers. `last`, `now` and `since` are microseconds since 1970. */
export interface DevicesAnswer {
  readonly now: number;
  readonly since: number;
  readonly tools: readonly FlowingTool[];
  readonly connections: readonly { readonly token: string; readonly device: string }[];
  readonly edges: readonly { readonly token: string; readonly waiting: number; readonly at: number }[];
}

export interface FlowingTool {
  readonly kind: 'editor' | 'watcher' | 'tasks' | 'mob';
  readonly name: string;
  readonly device: string;
  readonly last: number;
  readonly today: number;
  readonly isMore: boolean;
}

const dayLength = 86_400_000_000;
const quietAfter = 10 * 60_000_000;

/** `flowing`: something came in the last ten minutes. `quiet`: not now, but within a day. `silent`: longer ago. */
export type FlowState = 'flowing' | 'quiet' | 'silent';

export function flowOf({ last }: Pick<FlowingTool, 'last'>, now: number): FlowState {
  if (now - last < quietAfter) return 'flowing';
  return now - last < dayLength ? 'quiet' : 'silent';
}

/** The purposes for which a token can be made, each with its scopes. */
export interface Purpose {
  readonly name: 'editor' | 'watcher' | 'tasks' | 'reader' | 'assistant' | 'all';
  readonly text: TextKey;
  readonly scopes: readonly string[];
}

export const purposes: readonly Purpose[] = [
  { name: 'editor', text: 'purpose.editor', scopes: ['read:wakatime', 'write:wakatime'] },
  { name: 'watcher', text: 'purpose.watcher', scopes: ['read:aw/*', 'write:aw/*'] },
  { name: 'tasks', text: 'purpose.tasks', scopes: ['read:tasks', 'write:tasks'] },
  { name: 'reader', text: 'purpose.reader', scopes: ['read'] },
  { name: 'assistant', text: 'purpose.assistant', scopes: ['mcp:projects'] },
  { name: 'all', text: 'purpose.all', scopes: ['read', 'write'] },
];

/** @param typed scopes, parted by commas or spaces */
export function scopesIn(typed: string): readonly string[] {
  return typed.split(/[\s,]+/).filter((scope) => scope !== '');
}
