// Which tools of an account send something, and when each last did: editors by machine, buckets of watchers, tasks, turns of the mob timer.
// It answers "is everything flowing?", so it counts today's events and adds nothing up.

import { isRecord } from '../../protocol/json.ts';
import type { Description } from '../adapters/activitywatch/buckets/description.ts';
import { editorName } from '../adapters/wakatime/model/display-names.ts';
import { readHeartbeat } from '../adapters/wakatime/model/heartbeat.ts';
import { parseUserAgentOnce } from '../adapters/wakatime/model/user-agent.ts';
import type { Hub } from '../core/hub.ts';
import type { Item } from '../core/store.ts';
import { textOf } from './readers/reading.ts';

/** Events of one channel that are counted; more are said to be "at least" so many. */
const mostCounted = 5_000;

export type ToolKind = 'editor' | 'watcher' | 'tasks' | 'mob';

export interface ToolFlow {
  readonly kind: ToolKind;
  /** The editor's, or the watcher's. */
  readonly name: string;
  /** The machine; '' where the tool names none. */
  readonly device: string;
  /** Microseconds since 1970: the end of the newest event. */
  readonly last: number;
  /** Events since the day began. */
  readonly today: number;
  /** True if there are more than were counted. */
  readonly isMore: boolean;
}

interface FlowQuestion {
  readonly hub: Hub;
  readonly account: string;
  /** Microseconds: when today began. */
  readonly since: number;
}

/** @returns the tools, the one that sent something last first */
export async function readFlows(question: FlowQuestion): Promise<readonly ToolFlow[]> {
  const flows = await Promise.all([
    editorFlows(question),
    watcherFlows(question),
    changeFlow(question, 'tasks', 'tasks'),
    changeFlow(question, 'mob_turns', 'mob'),
  ]);
  return flows.flat().sort((a, b) => b.last - a.last);
}

async function editorFlows({ hub, account, since }: FlowQuestion): Promise<readonly ToolFlow[]> {
  const items = await hub.store.read(`${account}/wakatime`, { from: 0, newest: true, limit: mostCounted });
  const isMore = items.length === mostCounted && (items.at(-1)?.time ?? 0) >= since;
  const flows = new Map<string, ToolFlow>();
  for (const { value, time } of items) {
    const heartbeat = time === null ? undefined : readHeartbeat(value, time);
    if (heartbeat === undefined || time === null) continue;
    const { machine = '', user_agent: userAgent = '' } = heartbeat;
    const name = editorName(parseUserAgentOnce(userAgent).editor);
    const key = JSON.stringify([name, machine]);
    const known = flows.get(key) ?? { kind: 'editor', name, device: machine, last: time, today: 0, isMore };
    flows.set(key, { ...known, today: known.today + (time >= since ? 1 : 0) });
  }
  return [...flows.values()];
}

async function watcherFlows({ hub, account, since }: FlowQuestion): Promise<readonly ToolFlow[]> {
  const { items } = (await hub.cachedChannel(`${account}/aw`)).view;
  const buckets = [...items].flatMap(([key, item]) => {
    const description = key.startsWith('bucket/') ? descriptionIn(item) : undefined;
    return description !== undefined ? [description] : [];
  });
  const flows = await Promise.all(
    buckets.map(async ({ id, client, hostname }): Promise<readonly ToolFlow[]> => {
      const channel = `${account}/aw/${id}`;
      // With a span, the order is that of time: the keys of events say nothing.
      const [newest] = await hub.store.read(channel, { from: 0, newest: true, limit: 1 });
      if (newest === undefined) return [];
      const last = newest.end ?? newest.time ?? newest.at * 1_000;
      const today = last < since ? [] : await hub.store.read(channel, { from: since, limit: mostCounted });
      const name = client === '' ? id : client;
      const isMore = today.length === mostCounted;
      return [{ kind: 'watcher', name, device: hostname, last, today: today.length, isMore }];
    }),
  );
  return flows.flat();
}

/** Of a channel whose items are changed, not added: its newest changes count. */
async function changeFlow(
  { hub, account, since }: FlowQuestion,
  channel: string,
  kind: ToolKind,
): Promise<readonly ToolFlow[]> {
  const changes = await hub.store.history(`${account}/${channel}`, { newest: true, limit: mostCounted });
  const [newest] = changes;
  if (newest === undefined) return [];
  const today = changes.filter(({ at }) => at * 1_000 >= since).length;
  return [{ kind, name: '', device: '', last: newest.at * 1_000, today, isMore: today === mostCounted }];
}

function descriptionIn({ value }: Item): Pick<Description, 'id' | 'client' | 'hostname'> | undefined {
  const parsed: unknown = JSON.parse(value);
  if (!isRecord(parsed)) return undefined;
  const [id, client, hostname] = [textOf(parsed['id']), textOf(parsed['client']), textOf(parsed['hostname'])];
  return id === '' ? undefined : { id, client, hostname };
}
