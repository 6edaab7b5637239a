// The rights of a token over MCP. Scopes that begin with `mcp:` open this one door and nothing else of the hub: so a token for a language
// model can be given less than any other token.

import { type Identity, isAllowed, mayReadSomething } from '../core/access.ts';

/** How much text a token is shown. `projects`: names of projects and tags only. `redacted`: no name and no text at all. */
export type McpTier = 'full' | 'projects' | 'redacted';

export interface McpRights {
  readonly tier: McpTier;
  readonly mayWrite: boolean;
  /** Asked with the name of a channel without the account. */
  readonly mayRead: (channel: string) => boolean;
}

const readScopes = ['mcp:read', 'mcp:projects', 'mcp:redacted'];

/** @returns undefined if the identity may do nothing over MCP */
export function rightsOf(identity: Identity): McpRights | undefined {
  const { account, scopes } = identity;
  const has = (scope: string) => scopes.includes(scope);
  const mayWrite = has('mcp:write');
  const mayReadAll = readScopes.some(has);
  if (!mayWrite && !mayReadAll && !mayReadSomething(identity)) return undefined;
  return {
    tier: tierOf(has, mayReadAll),
    mayWrite,
    mayRead: (channel) => mayReadAll || isAllowed(identity, 'read', `${account}/${channel}`),
  };
}

/** Scopes add up, so a token without one of its scopes never sees more. */
function tierOf(has: (scope: string) => boolean, mayReadAll: boolean): McpTier {
  if (has('read') || has('mcp:read')) return 'full';
  if (has('mcp:projects')) return 'projects';
  return mayReadAll ? 'redacted' : 'full';
}
