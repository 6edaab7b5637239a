// Requests that name a channel: resolves the name, checks the scopes, and answers. channel-verbs.ts implements the verbs; writes of single
// tasks to the account's own task channel go to the adapter of task-clients.ts.

import { refuse } from '../../protocol/errors.ts';
import type { Requests } from '../../protocol/messages.ts';
import { fullName, isAllowed } from '../core/access.ts';
import type { Accounts } from '../core/accounts.ts';
import type { Hub } from '../core/hub.ts';
import type { Session } from '../core/session.ts';
import type { ChannelVerbs, WriteRequest } from './channel-verbs.ts';
import { PresenceRequests } from './presence-requests.ts';
import type { OrderedResponses, Ref } from './response-order.ts';
import type { Login, TaskClients, TaskDevice } from './task-clients.ts';

export type ChannelRequest = WriteRequest | Requests['read-all' | 'history' | 'subscribe' | 'unsubscribe' | 'presence'];

/** The sender of a request, and where its answer goes. */
interface RequestContext<D extends TaskDevice> {
  readonly session: Session;
  readonly login: Login<D>;
  readonly responses: OrderedResponses;
  /** Called once the session follows the channel. */
  readonly onFollow: (name: string) => void;
}

const readVerbs: ReadonlySet<string> = new Set(['read-all', 'history', 'subscribe', 'unsubscribe', 'presence']);

/** Shared by all connections of a hub. */
export class ChannelRequests<D extends TaskDevice> {
  #verbs: ChannelVerbs;
  #tasks: TaskClients<D>;
  #accounts: Accounts;
  #presences: PresenceRequests;

  constructor(hub: Hub, verbs: ChannelVerbs, tasks: TaskClients<D>, accounts: Accounts) {
    this.#presences = new PresenceRequests(hub);
    this.#verbs = verbs;
    this.#tasks = tasks;
    this.#accounts = accounts;
  }

  async list(to: OrderedResponses, login: Login<D>, ref: Ref): Promise<void> {
    await to.done();
    await to.acceptList('channels', { name: 'channels', entries: this.#verbs.list(login.identity) }, ref);
  }

  async listPresence(to: OrderedResponses, login: Login<D>, ref: Ref): Promise<void> {
    await to.done();
    to.accept('presence', { channels: await this.#presences.list(login.identity) }, ref);
  }

  /** @param named the channel as the request names it */
  handle(context: RequestContext<D>, request: ChannelRequest, named: string): void | Promise<void> {
    const { session, login, responses } = context;
    const { identity } = login;
    const name = fullName(identity, named, (account) => this.#accounts.isAccount(account));
    if (!isAllowed(identity, readVerbs.has(request.type) ? 'read' : 'write', name)) {
      const refusal = refuse('forbidden', '', 'see {"type":"channels"} for what this session may read');
      return responses.enqueueRefusal(refusal, request.ref);
    }
    switch (request.type) {
      case 'subscribe':
        return this.#subscribe(context, request, name);
      case 'unsubscribe':
        return this.#unsubscribe(context, request, name);
      case 'presence':
        return this.#presence(context, request, name);
      case 'read-all':
      case 'history':
        return this.#read(responses, request, name);
      case 'write-all':
      case 'revert':
        return this.#rewrite(context, request, name);
      default: {
        if (name !== `${identity.account}/tasks`) {
          if (request.type === 'update') return this.#rewrite(context, request, name);
          return responses.enqueue(this.#write(context, request, name));
        }
        const newKey = request.type === 'create' ? this.#verbs.newKey(request.write_id) : undefined;
        return this.#tasks.handle(responses, session.peer, login, request, [], request.key ?? newKey);
      }
    }
  }

  /** Starts a write at once. @returns a function that awaits the result and answers it */
  #write({ session, login, responses }: RequestContext<D>, request: WriteRequest, name: string): () => Promise<void> {
    const { ref } = request;
    const { device } = login.identity;
    const { written, key } = this.#verbs.write(this.#withoutSecrets(request, name), name, device, session.peer);
    return () =>
      written.then(
        (decided) => void responses.respondToWrite(decided, ref, request.type === 'create' ? { key } : {}),
        (error: unknown) => responses.respondToFault(error, ref),
      );
  }

  /** A write that reads the channel first: it runs after all earlier writes and before all later ones. */
  async #rewrite(context: RequestContext<D>, request: WriteRequest, name: string): Promise<void> {
    await context.responses.done();
    await this.#write(context, request, name)();
  }

  async #subscribe(
    { session, responses, onFollow }: RequestContext<D>,
    request: Requests['subscribe'],
    name: string,
  ): Promise<void> {
    await responses.done();
    const outcome = await this.#verbs.subscribe(session, request, name);
    if (typeof outcome === 'object') return responses.refuse(outcome, request.ref);
    onFollow(name);
    if (outcome !== undefined) responses.send(outcome);
  }

  async #unsubscribe(
    { session, responses }: RequestContext<D>,
    { channel, ref }: Requests['unsubscribe'],
    name: string,
  ): Promise<void> {
    await responses.done();
    const wasShown = this.#presences.end(session, name);
    const refusal = await this.#verbs.unsubscribe(session, name);
    if (refusal === undefined || wasShown) responses.accept('unsubscribe', { channel }, ref);
    else responses.refuse(refusal, ref);
  }

  async #presence(
    { session, responses }: RequestContext<D>,
    request: Requests['presence'],
    name: string,
  ): Promise<void> {
    await responses.done();
    const answer = await this.#presences.answer(session, request, name);
    if (answer.ok) responses.accept('presence', answer.fields, request.ref);
    else responses.refuse(answer, request.ref);
  }

  async #read(to: OrderedResponses, request: Requests['read-all' | 'history'], name: string): Promise<void> {
    await to.done();
    const read = await this.#verbs.read(request, name, request.channel ?? '');
    if (!read.ok) to.refuse(read, request.ref);
    else if ('text' in read) to.send(read.text);
    else await to.stream(read.pieces);
  }

  /** R2, for tasks that are sent as items. */
  #withoutSecrets(request: WriteRequest, name: string): WriteRequest {
    const account = /^([^@/]+)\/tasks$/.exec(name)?.[1];
    if (account === undefined) return request;
    const withoutSecret = <E extends { readonly item?: unknown }>(entry: E): E => ({
      ...entry,
      item: this.#tasks.hideSecret(entry.item, account),
    });
    if ('items' in request && request.items !== undefined)
      return { ...request, items: request.items.map(withoutSecret) };
    return 'item' in request ? withoutSecret(request) : request;
  }
}
