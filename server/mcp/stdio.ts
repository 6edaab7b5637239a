// `horai mcp`: the tools of a hub over standard input and output, for programs that start their MCP servers themselves. It holds no data: each
// list and each call goes to `POST /mcp` of the hub.

import {
  type CallToolResult,
  isCallToolResult,
  isSpecType,
  type ListToolsResult,
  ProtocolError,
  ProtocolErrorCode,
  Server,
} from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { errorMessage } from '../../protocol/error-message.ts';
import { isRecord, parseJson } from '../../protocol/json.ts';
import { instructions } from './instructions.ts';

export interface StdioOptions {
  /** `http://127.0.0.1:5600/` */
  readonly hub: string;
  /** '' for a personal hub, which needs none. */
  readonly token: string;
  /** Of Horai. */
  readonly version: string;
}

/** Serves until the other end closes the standard input. */
export function serveMcpOverStdio(options: StdioOptions): Promise<void> {
  return new Promise((resolve) => {
    const transport = new StdioServerTransport();
    serveStdio(() => serverFor(options), { transport });
    const close = transport.onclose;
    transport.onclose = () => {
      close?.();
      resolve();
    };
  });
}

function serverFor(options: StdioOptions): Server {
  const { version } = options;
  const server = new Server({ name: 'horai', title: 'Horai', version }, { capabilities: { tools: {} }, instructions });
  server.setRequestHandler('tools/list', async (): Promise<ListToolsResult> => {
    const result = await askHub(options, 'tools/list', {});
    if (!isSpecType.ListToolsResult(result)) throw new ProtocolError(ProtocolErrorCode.InternalError, notUnderstood);
    return result;
  });
  server.setRequestHandler(
    'tools/call',
    async ({ params: { name, arguments: input = {} } }): Promise<CallToolResult> => {
      const result = await askHub(options, 'tools/call', { name, arguments: input });
      if (!isCallToolResult(result)) throw new ProtocolError(ProtocolErrorCode.InternalError, notUnderstood);
      return result;
    },
  );
  return server;
}

const notUnderstood = 'the hub gave an answer that is not understood: is it older than this command?';

/** @throws ProtocolError with the hub's reason */
async function askHub({ hub, token, version }: StdioOptions, method: string, params: object): Promise<unknown> {
  const fail = (reason: string) => new ProtocolError(ProtocolErrorCode.InternalError, reason);
  let text: string;
  try {
    const response = await fetch(new URL('mcp', hub), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        'user-agent': `horai-mcp/${version}`,
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
    text = await response.text();
  } catch (error) {
    throw fail(`the hub at ${hub} cannot be reached (${errorMessage(error)})`);
  }
  const answer = parseJson(text);
  if (isRecord(answer) && answer['result'] !== undefined) return answer['result'];
  const refusal = isRecord(answer) ? answer : {};
  const error = isRecord(refusal['error']) ? refusal['error']['message'] : refusal['error'];
  throw fail([error, refusal['hint']].filter((part) => typeof part === 'string').join(': ') || notUnderstood);
}
