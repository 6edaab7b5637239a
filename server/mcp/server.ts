// The tools as an MCP server, one for each request (stateless), with the official SDK. This file alone imports the SDK; it is loaded at the first
// request.

import {
  type CallToolResult,
  createMcpHandler,
  McpServer,
  type StandardSchemaWithJSON,
} from '@modelcontextprotocol/server';
import type { TSchema } from '@sinclair/typebox';
import { type Check, compile } from '../../protocol/check.ts';
import { errorMessage } from '../../protocol/error-message.ts';
import { LimitReached } from '../core/limits.ts';
import type { Request } from '../http/types.ts';
import type { AccessLog, LoggedCall } from './access-log.ts';
import { instructions } from './instructions.ts';
import type { ToolContext } from './reads.ts';
import { redact } from './text.ts';
import { type Tool, tools } from './tools.ts';

export interface McpCaller extends ToolContext {
  readonly log: AccessLog;
  /** Of Horai. */
  readonly version: string;
  /** For the access log. */
  readonly from: Pick<LoggedCall, 'address' | 'client'>;
}

export interface McpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const eventStream = 'text/event-stream';

/** Answers one HTTP request to the MCP server. @param request of a caller whose rights have been looked up */
export async function answerMcp(request: Request, caller: McpCaller): Promise<McpAnswer> {
  // Nothing here changes by itself, so there is nothing to listen to.
  const handler = createMcpHandler(() => serverFor(caller), { maxSubscriptions: 0 });
  const { method, path, headers, body, host } = request;
  const sent = new Headers();
  for (const [name, value] of headers)
    if (!/^(?:connection|content-length|transfer-encoding)$/.test(name)) sent.set(name, value);
  // The SDK wants both types. A client that takes JSON alone, such as curl, is answered in JSON.
  const takesEvents = (headers.get('accept') ?? '').includes(eventStream);
  sent.set('accept', `application/json, ${eventStream}`);
  const response = await handler.fetch(
    new globalThis.Request(`http://${host || 'localhost'}${path}`, {
      method,
      headers: sent,
      ...(method === 'GET' || method === 'HEAD' ? {} : { body: new Uint8Array(body) }),
    }),
  );
  const text = await response.text();
  const answer = { status: response.status, headers: Object.fromEntries(response.headers), body: text };
  const isEvents = response.headers.get('content-type')?.startsWith(eventStream) === true;
  if (!isEvents || takesEvents) return answer;
  const data = /^data: ?(.+)$/m.exec(text)?.[1] ?? '';
  return { status: answer.status, headers: { 'content-type': 'application/json' }, body: data };
}

function serverFor(caller: McpCaller): McpServer {
  const server = new McpServer({ name: 'horai', title: 'Horai', version: caller.version }, { instructions });
  for (const tool of tools) {
    const { name, title, description, writes } = tool;
    server.registerTool(
      name,
      {
        title,
        description,
        inputSchema: standardOf(tool.input),
        outputSchema: standardOf(tool.output),
        annotations: { readOnlyHint: !writes, destructiveHint: false, idempotentHint: !writes, openWorldHint: false },
      },
      (input) => call(tool, caller, input),
    );
  }
  return server;
}

/** Runs a tool, and writes the call into the access log before it is answered. */
async function call(tool: Tool, caller: McpCaller, input: unknown): Promise<CallToolResult> {
  const { identity, rights, log, from } = caller;
  const outcome = await run(tool, caller, input);
  const { tier } = rights;
  // A tier that sees everything needs no other names.
  const pseudonyms = outcome.ok && tier !== 'full' ? await log.pseudonyms(identity.account) : undefined;
  const value = outcome.ok ? redact(tool.output, outcome.value, tier, pseudonyms) : undefined;
  const text = outcome.ok ? JSON.stringify(value) : describeRefusal(outcome);
  const refusal = outcome.ok ? '' : outcome.code;
  const logged = { tool: tool.name, arguments: input, tier, refusal, size: text.length, ...from };
  await log.add(identity, logged);
  const content = [{ type: 'text', text }] satisfies CallToolResult['content'];
  return isRecord(value) ? { content, structuredContent: value } : { content, isError: true };
}

async function run(tool: Tool, caller: McpCaller, input: unknown) {
  if (tool.writes && !caller.rights.mayWrite) {
    return {
      ok: false,
      code: 'forbidden',
      error: 'forbidden',
      hint: 'this needs a token with the scope mcp:write',
    } as const;
  }
  try {
    return await tool.run(caller, input);
  } catch (error) {
    if (error instanceof LimitReached) return error.refusal;
    caller.deps.days.hub.world.log.error({ tool: tool.name, error: errorMessage(error) }, 'mcp: a tool failed');
    return { ok: false, code: 'broken', error: 'the hub could not do this', hint: 'try again' } as const;
  }
}

function describeRefusal({ error, hint }: { readonly error: string; readonly hint?: string }): string {
  return hint === undefined ? error : `${error}: ${hint}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

const standards = new WeakMap<TSchema, StandardSchemaWithJSON>();

/** A schema of ours in the form that the SDK takes. */
function standardOf(schema: TSchema): StandardSchemaWithJSON {
  const known = standards.get(schema);
  if (known !== undefined) return known;
  const check = compile(schema);
  const json = () => JSON.parse(JSON.stringify(schema));
  const made: StandardSchemaWithJSON = {
    '~standard': {
      version: 1,
      vendor: 'horai',
      validate: (value) => (check(value) ? { value } : { issues: issuesOf(check) }),
      jsonSchema: { input: json, output: json },
    },
  };
  standards.set(schema, made);
  return made;
}

function issuesOf({ errors }: Check) {
  return errors.map(({ instancePath, message = 'is wrong' }) => ({ message: `${instancePath} ${message}`.trim() }));
}
