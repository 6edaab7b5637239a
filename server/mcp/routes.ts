// `POST /mcp`: the door for language models. It looks up what the token may do; server.ts answers.

import { errorMessage } from '../../protocol/error-message.ts';
import { refuse } from '../../protocol/errors.ts';
import { memoizeAsync } from '../../protocol/memoize-async.ts';
import type { DayRouteDeps } from '../day/routes.ts';
import { authenticate } from '../http/authenticate.ts';
import { refusalReply } from '../http/error-boundary.ts';
import type { Reply, Request, Route } from '../http/types.ts';
import { AccessLog } from './access-log.ts';
import { rightsOf } from './rights.ts';

export interface McpRouteDeps extends DayRouteDeps {
  /** Of Horai. */
  readonly version: string;
}

/** Most clients are a machine's own; a request is one call of a tool. */
const bodyLimit = 262_144;

export function mcpRoutes(deps: McpRouteDeps): readonly Route[] {
  const log = new AccessLog(deps.days.hub);
  const load = memoizeAsync(() => import('./server.ts'));
  const handle = async (request: Request) => answer(deps, log, load, request);
  return [
    {
      method: 'POST',
      path: '/mcp',
      limit: bodyLimit,
      doc: {
        summary:
          'Answers a language model over MCP (Model Context Protocol): tools to read the account, and some to write',
        tag: 'MCP',
        scope: 'read',
        description:
          'Stateless, without sessions. A token with `mcp:read`, `mcp:projects` (names of projects only) or `mcp:redacted` (no names) reads ' +
          'here and nowhere else. The tools that write need `mcp:write`. Each call is an item of the channel `access`.',
        body: { example: { jsonrpc: '2.0', id: 1, method: 'tools/list' } },
        responses: { 200: { description: 'An answer of JSON-RPC 2.0.' } },
      },
      handle,
    },
    { method: 'GET', path: '/mcp', doc: 'unlisted', handle },
    { method: 'DELETE', path: '/mcp', doc: 'unlisted', handle },
  ];
}

async function answer(
  deps: McpRouteDeps,
  log: AccessLog,
  load: () => Promise<typeof import('./server.ts')>,
  request: Request,
): Promise<Reply> {
  const admitted = authenticate(deps, request);
  if (!admitted.ok) {
    const reply = refusalReply(admitted);
    return reply.status === 401 ? { ...reply, headers: { ...reply.headers, 'www-authenticate': 'Bearer' } } : reply;
  }
  const { identity } = admitted;
  const rights = rightsOf(identity);
  if (rights === undefined)
    return refusalReply(refuse('forbidden', '', 'this needs read, mcp:read, mcp:projects, mcp:redacted or mcp:write'));
  let server: typeof import('./server.ts');
  try {
    server = await load();
  } catch (error) {
    deps.days.hub.world.log.error(
      { error: errorMessage(error) },
      'mcp: the package @modelcontextprotocol/server does not load',
    );
    return refusalReply(
      refuse(
        'not_found',
        'MCP server',
        'the package @modelcontextprotocol/server is not installed: npm install it next to Horai',
      ),
    );
  }
  const from = { address: request.address, client: request.client ?? '' };
  const answered = await server.answerMcp(request, { deps, identity, rights, log, version: deps.version, from });
  return { ...answered, headers: { ...answered.headers, 'cache-control': 'no-store' } };
}
