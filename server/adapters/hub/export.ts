// `/-/export`: all that an account has stored, as lines of JSON, one for each item. It is what a person takes along, and what they look
// at before they have an account erased. Backups are another thing: they restore a whole hub.

import { refuse } from '../../../protocol/errors.ts';
import { type Identity, isAdmin, mayReadAccount } from '../../core/access.ts';
import { channelPages } from '../../core/channel-pages.ts';
import type { Hub } from '../../core/hub.ts';
import type { Item, Place } from '../../core/store.ts';
import { type AuthenticationDeps, authenticate } from '../../http/authenticate.ts';
import { refusalReply } from '../../http/error-boundary.ts';
import type { ChunkedReply, Reply, Request, Route } from '../../http/types.ts';

export interface ExportDeps extends AuthenticationDeps {
  readonly hub: Hub;
}

const itemsAtOnce = 1_000;
/** Characters of values in one page. */
const pageSize = 49_152;

export function exportRoutes(deps: ExportDeps): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/-/export',
      doc: {
        tag: 'Hub',
        scope: 'read',
        summary: 'Exports all items of the account, one line of JSON each',
        description:
          'A line has `channel`, `key`, `item`, `at` (milliseconds since 1970) and, where the item has a span, `time` and `end` in ' +
          'microseconds. Past values and tokens are not exported.',
        query: { account: 'Another account, for administrators' },
        responses: { 200: { type: 'application/x-ndjson' } },
      },
      handle: async (request) => exportAccount(deps, request),
    },
  ];
}

async function exportAccount({ hub, ...trust }: ExportDeps, request: Request): Promise<Reply | ChunkedReply> {
  const admitted = authenticate(trust, request);
  if (!admitted.ok) return refusalReply(admitted);
  const { identity } = admitted;
  const account = new URLSearchParams(request.query).get('account') ?? identity.account;
  if (!mayExport(identity, account)) return refusalReply(refuse('forbidden', '', 'this needs read; of others, admin'));
  if (!trust.accounts.isAccount(account))
    return refusalReply(refuse('not_found', 'account', 'list them: horai account list'));
  const headers = {
    'content-type': 'application/x-ndjson; charset=utf-8',
    'content-disposition': `attachment; filename=horai-${account}.ndjson`,
    'cache-control': 'no-store',
  };
  return { status: 200, headers, chunks: linesOf(hub, account) };
}

function mayExport(identity: Identity, account: string): boolean {
  return account === identity.account ? mayReadAccount(identity) : isAdmin(identity);
}

async function* linesOf(hub: Hub, account: string): AsyncGenerator<string> {
  for await (const infos of channelPages(hub.store, `${account}/`)) {
    for (const { channel } of infos) yield* channelLines(hub, channel, channel.slice(account.length + 1));
  }
}

/** @param name as the lines have it */
async function* channelLines(hub: Hub, channel: string, name: string): AsyncGenerator<string> {
  for (let after: Place | undefined; ; ) {
    const place = after === undefined ? {} : { after };
    const items = await hub.store.read(channel, { ...place, limit: itemsAtOnce, size: pageSize });
    const last = items.at(-1);
    if (last === undefined) return;
    yield items.map((item) => lineOf(name, item)).join('');
    after = { key: last.key, time: null };
  }
}

/** The value is JSON text already. */
function lineOf(channel: string, { key, value, time, end, at }: Item): string {
  const span = `${time === null ? '' : `,"time":${time}`}${end === null ? '' : `,"end":${end}`}`;
  return `{"channel":${JSON.stringify(channel)},"key":${JSON.stringify(key)},"item":${value},"at":${at}${span}}\n`;
}
