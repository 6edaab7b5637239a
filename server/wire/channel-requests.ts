// Requests about channels by name: which one is meant, whether the session may, and what it is answered. What the verbs do there is in
// channels.ts; single tasks of one's own, named as items, go to the adapter of task-clients.ts.

import { refuse } from '../../protocol/errors.ts';
import type { Requests } from '../../protocol/messages.ts';
import { fullName, isAllowed } from '../core/access.ts';
import type { Accounts } from '../core/accounts.ts';
import type { Session } from '../core/session.ts';
import type { ChannelVerbs, WriteRequest } from './channel-verbs.ts';
import type { Answering, Ref } from './response-order.ts';
import type { Login, TaskClients, TaskDevice } from './task-clients.ts';

export type ChannelRequest = WriteRequest | Requests['read-all' | 'history' | 'subscribe' | 'unsubscribe'];

/** Who asks, and whom to answer. */
interface Asking<D extends TaskDevice> {
  readonly session: Session;
  readonly login: Login<D>;
  readonly to: Answering;
  /** Called once the session follows what it asked for. */
  readonly follows: (name: string) => void;
}

const reading: ReadonlySet<string> = new Set(['read-all', 'history', 'subscribe', 'unsubscribe']);

/** For all connections of a hub. */
export class ChannelRequests<D extends TaskDevice> {
  #verbs: ChannelVerbs;
  #tasks: TaskClients<D>;
  #accounts: Accounts;

  constructor(verbs: ChannelVerbs, tasks: TaskClients<D>, accounts: Accounts) {
    this.#verbs = verbs;
    this.#tasks = tasks;
    this.#accounts = accounts;
  }

  async list(to: Answering, login: Login<D>, ref: Ref): Promise<void> {
    await to.done();
    to.accept('channels', { channels: await this.#verbs.list(login.identity) }, ref);
  }

  /** @param said the channel as the request names it */
  take(asking: Asking<D>, request: ChannelRequest, said: string): void | Promise<void> {
    const { session, login, to } = asking;
    const { identity } = login;
    const name = fullName(identity, said, (account) => this.#accounts.isAccount(account));
    if (!isAllowed(identity, reading.has(request.type) ? 'read' : 'write', name)) {
      const refusal = refuse('forbidden', '', 'see {"type":"channels"} for what this session may read');
      return to.refuseAfter(refusal, request.ref);
    }
    switch (request.type) {
      case 'subscribe':
        return this.#subscribe(asking, request, name);
      case 'unsubscribe':
        return this.#unsubscribe(asking, request, name);
      case 'read-all':
      case 'history':
        return this.#read(to, request, name);
      case 'write-all':
      case 'revert':
        return this.#rewrite(asking, request, name);
      default: {
        if (name !== `${identity.account}/tasks`) {
          if (request.type === 'update') return this.#rewrite(asking, request, name);
          return to.after(this.#write(asking, request, name));
        }
        const made = request.type === 'create' ? this.#verbs.newKey(request.write_id) : undefined;
        return this.#tasks.take(to, session.peer, login, request, [], request.key ?? made);
      }
    }
  }

  /** Begins a write at once; what it gives answers it. */
  #write({ session, login, to }: Asking<D>, request: WriteRequest, name: string): () => Promise<void> {
    const { ref } = request;
    const { device } = login.identity;
    const { written, key } = this.#verbs.write(this.#asKept(request, name), name, device, session.peer);
    return () =>
      written.then(
        (decided) => void to.decided(decided, ref, request.type === 'create' ? { key } : {}),
        (error: unknown) => to.fault(error, ref),
      );
  }

  /** A write that looks at what is there: after the writes before it, and before those after it. */
  async #rewrite(asking: Asking<D>, request: WriteRequest, name: string): Promise<void> {
    await asking.to.done();
    await this.#write(asking, request, name)();
  }

  async #subscribe({ session, to, follows }: Asking<D>, request: Requests['subscribe'], name: string): Promise<void> {
    await to.done();
    const answered = await this.#verbs.subscribe(session, request, name);
    if (typeof answered === 'object') return to.refuse(answered, request.ref);
    follows(name);
    if (answered !== undefined) to.send(answered);
  }

  async #unsubscribe(
    { session, to }: Asking<D>,
    { channel, ref }: Requests['unsubscribe'],
    name: string,
  ): Promise<void> {
    await to.done();
    const refusal = await this.#verbs.unsubscribe(session, name);
    if (refusal === undefined) to.accept('unsubscribe', { channel }, ref);
    else to.refuse(refusal, ref);
  }

  async #read(to: Answering, request: Requests['read-all' | 'history'], name: string): Promise<void> {
    await to.done();
    const read = await this.#verbs.read(request, name, request.channel ?? '');
    if (read.ok) to.send(read.text);
    else to.refuse(read, request.ref);
  }

  /** R2, for tasks that come as items. */
  #asKept(request: WriteRequest, name: string): WriteRequest {
    const account = /^([^@/]+)\/tasks$/.exec(name)?.[1];
    if (account === undefined) return request;
    const kept = <E extends { readonly item?: unknown }>(entry: E): E => ({
      ...entry,
      item: this.#tasks.disguised(entry.item, account),
    });
    if ('items' in request && request.items !== undefined) return { ...request, items: request.items.map(kept) };
    return 'item' in request ? kept(request) : request;
  }
}
