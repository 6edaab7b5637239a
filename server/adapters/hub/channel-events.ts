// Any channel as an event stream (SSE), for clients that can only read HTTP. It uses the same Session and View as a WebSocket
// subscription, and writes their texts as events with ids, so that `Last-Event-ID` resumes the stream.

import { compile } from '../../../protocol/check.ts';
import { type Refusal, refuse } from '../../../protocol/errors.ts';
import { answers, ChannelName } from '../../../protocol/messages.ts';
import { fullName, type Identity, isAllowed, mayReadSomething } from '../../core/access.ts';
import type { Accounts } from '../../core/accounts.ts';
import type { Channel } from '../../core/channel.ts';
import type { Hub } from '../../core/hub.ts';
import { viewPresence } from '../../core/presence.ts';
import type { PagedView, Start } from '../../core/session.ts';
import { refusalReply, refusedReply } from '../../http/error-boundary.ts';
import { openStream, type StreamFormat, streamHeaders } from '../../http/sse.ts';
import { type Tickets, ticketMs } from '../../http/tickets.ts';
import type { Reply, Request, Route, RouteDoc, StreamReply } from '../../http/types.ts';
import { json } from '../../http/types.ts';

export interface EventDeps {
  readonly hub: Hub;
  readonly accounts: Accounts;
  readonly tickets: Tickets;
  /** The view of a subscriber; each of its texts is one line of JSON. */
  readonly subscription: (who: Identity, channel: Channel) => PagedView;
}

const before = '/-/channels/';
const presenceBefore = '/-/presence/';
const after = '/events';
const isChannelName = compile(ChannelName);

const manner: StreamFormat = {
  formatNotice: (json) => `event: closed\ndata: ${json}\n\n`,
  keepAlive: ':\n\n',
};

const docs = {
  tickets: {
    tag: 'Hub',
    scope: 'read',
    summary: 'Makes a ticket that opens one event stream within 30 seconds',
    description: 'For the EventSource of browsers, which sends no headers: `GET …/events?ticket=<ticket>`.',
    responses: { 201: { example: { ticket: '…', expires_ms: 30_000 } } },
  },
  events: {
    tag: 'Hub',
    scope: 'read:<channel>',
    shownAs: '/-/channels/:channel/events',
    summary: 'Streams a channel: its items, then every change, as the wire’s `subscribe` does',
    description: 'The id of each event is the position `<epoch>:<seq>`; `Last-Event-ID` resumes from it.',
    params: { channel: 'The name of one channel; its slashes may be written as they are' },
    query: { ticket: 'A ticket, in place of a token' },
    responses: { 200: { type: 'text/event-stream' } },
  },
  presence: {
    tag: 'Hub',
    scope: 'read:<channel>',
    shownAs: '/-/presence/:channel',
    summary: 'Tells who follows a channel, on all nodes, as the wire’s `presence` does',
    params: { channel: 'The name of one channel; its slashes may be written as they are' },
    responses: { 200: { schema: answers.presence } },
  },
} as const satisfies Record<string, RouteDoc>;

export function eventRoutes(deps: EventDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/-/tickets',
      doc: docs.tickets,
      async handle(request) {
        const admitted = await deps.tickets.authenticate(request);
        if (!admitted.ok) return refusalReply(admitted);
        if (!mayReadSomething(admitted.identity)) {
          return refusedReply('forbidden', 'a ticket opens a channel for reading: this needs read, or read:<channel>');
        }
        const ticket = await deps.tickets.issue(admitted.identity);
        return json(201, { ticket, expires_ms: ticketMs }, { 'cache-control': 'no-store' });
      },
    },
    { method: 'GET', path: `${presenceBefore}*`, doc: docs.presence, handle: (request) => showPresence(deps, request) },
    { method: 'GET', path: `${before}*`, doc: docs.events, handle: (request) => follow(deps, request) },
  ];
}

/** The reader of a channel and its full name, or why it may not be read. @param requestedName the channel as the request names it */
async function admitReader(
  { accounts, tickets }: EventDeps,
  request: Request,
  requestedName: string,
): Promise<{ readonly ok: true; readonly identity: Identity; readonly name: string } | Refusal> {
  const admitted = await tickets.authenticate(request);
  if (!admitted.ok) return admitted;
  const { identity } = admitted;
  if (requestedName.endsWith('*') || !isChannelName(requestedName))
    return refuse('property', 'channel', 'one channel, by its name: patterns need a WebSocket');
  const name = fullName(identity, requestedName, (account) => accounts.isAccount(account));
  return isAllowed(identity, 'read', name) ? { ok: true, identity, name } : refuse('forbidden');
}

async function showPresence(deps: EventDeps, request: Request): Promise<Reply> {
  const channel = decodeName(request.path.slice(presenceBefore.length));
  if (channel === undefined) return refusalReply(refuse('not_found', 'page', `GET ${presenceBefore}<channel>`));
  const admitted = await admitReader(deps, request, channel);
  if (!admitted.ok) return refusalReply(admitted);
  const view = viewPresence(await deps.hub.presence.read(admitted.name), admitted.identity);
  return json(200, { success: true, type: 'presence', channel, ...view }, { 'cache-control': 'no-store' });
}

async function follow(deps: EventDeps, request: Request): Promise<Reply | StreamReply> {
  const { hub, subscription } = deps;
  const channelName = channelOf(request.path);
  if (channelName === undefined) return refusalReply(refuse('not_found', 'page', `GET ${before}<channel>${after}`));
  const admitted = await admitReader(deps, request, channelName);
  if (!admitted.ok) return refusalReply(admitted);
  const { identity, name } = admitted;
  const channel = await hub.channel(name);
  const start = startOf(request);
  const open: StreamReply['open'] = (peer) => {
    const { session, conversation } = openStream(hub, peer, identity, manner, () => undefined);
    session.follow(channel, asEvents(subscription(identity, channel)), start);
    return conversation;
  };
  return { status: 200, headers: streamHeaders, open };
}

function channelOf(path: string): string | undefined {
  if (!path.endsWith(after) || path.length <= before.length + after.length) return undefined;
  return decodeName(path.slice(before.length, -after.length));
}

function decodeName(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Reads where to resume. A browser repeats `Last-Event-ID` by itself; a page that needs a new ticket for each stream uses the query. */
function startOf(request: Request): Start {
  const id = request.headers.get('last-event-id') || new URLSearchParams(request.query).get('last_event_id') || '';
  if (id === '') return { from: 'beginning' };
  const [, epoch, seq] = /^(.+):(\d{1,15})$/.exec(id) ?? [];
  // An unknown form of id becomes a position of an epoch that does not exist, which leads to a reset.
  if (epoch === undefined || seq === undefined) return { from: 'position', position: { epoch: '', seq: 1 } };
  return { from: 'position', position: { epoch, seq: Number(seq) } };
}

/** Wraps a View: writes its texts as events with `id: <epoch>:<seq>`, the kind and the JSON. */
function asEvents(view: PagedView): PagedView {
  return {
    key: `events ${view.key}`,
    echo: view.echo,
    live(change, channel) {
      const texts = view.live(change, channel);
      const asEvent = (text: string) => event(`${channel.position.epoch}:${change.seq}`, change.kind, text);
      return texts === null ? null : typeof texts === 'string' ? asEvent(texts) : texts.map(asEvent);
    },
    page: (page, channel) => event(`${page.position.epoch}:${page.position.seq}`, page.kind, view.page(page, channel)),
    seqOf(text) {
      const seq = /^id: .*:(\d+)\n/.exec(text)?.[1];
      return seq === undefined ? undefined : Number(seq);
    },
  };
}

function event(id: string, name: string, data: string): string {
  return `id: ${id}\nevent: ${name}\ndata: ${data}\n\n`;
}
