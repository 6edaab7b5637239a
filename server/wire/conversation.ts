// One connection of the wire protocol, on any transport: processes messages in order, identifies the sender, and calls the verb of each
// request. authorize.ts identifies senders. The verbs are in channel-requests.ts, admin.ts and the adapter of task-clients.ts.

import { bounds, listBounds } from '../../protocol/bounds.ts';
import { type Decoded, decode, decodeInSteps, type Unreadable } from '../../protocol/codec.ts';
import { closeCode, type Refusal, refuse } from '../../protocol/errors.ts';
import type { Requests, WireRequest } from '../../protocol/messages.ts';
import { noVersion } from '../../protocol/version.ts';
import { type Identity, isAllowed, matchesPattern } from '../core/access.ts';
import type { AccountLifecycle } from '../core/account-lifecycle.ts';
import type { Hub } from '../core/hub.ts';
import { inTurns } from '../core/next-turn.ts';
import type { Conversation, Peer, Pieces } from '../core/peer.ts';
import { SerialQueue } from '../core/serial-queue.ts';
import { Session, type View } from '../core/session.ts';
import type { Links } from '../http/links.ts';
import type { Caller } from '../http/types.ts';
import { administer, type WireCompact } from './admin.ts';
import { type AuthorizePolicy, admitLogin, admitRequest } from './authorize.ts';
import type { WireCalendars } from './calendar-verbs.ts';
import { type ChannelRequest, ChannelRequests } from './channel-requests.ts';
import { ChannelVerbs, type CheckOps, type CheckRules } from './channel-verbs.ts';
import type { ItemForm } from './item-forms.ts';
import type { LimitsDeps } from './limits-verb.ts';
import type { Operations } from './operations.ts';
import { OrderedResponses, type Ref, type ResponseSink } from './response-order.ts';
import type { AccountTasks, Login, TaskClients, TaskDevice, TaskRequest } from './task-clients.ts';

/** C4: milliseconds until a connection must log in or send a request. */
const loginTimeoutMs = 10_000;
/** B3: requests without an answer that a connection may have. */
const maxPending = 1_024;
/** B3: characters of these requests. */
const maxPendingSize = 8_388_608;
/** Q1: characters up to which a message that is refused for its rate is parsed. */
const maxRefusedSize = 4_096;

export interface WireDeps<D extends TaskDevice> extends AuthorizePolicy {
  readonly hub: Hub;
  /** The adapter of plain task clients. */
  readonly tasks: TaskClients<D>;
  /** Version of Horai, for `stats`. */
  readonly version: string;
  /** The operations of an administrator on the hub as a whole. */
  readonly operations?: Operations | undefined;
  /** Checks the rules of the merged day. */
  readonly checkRules?: CheckRules;
  /** Refuses a write for what it would change: a week that was submitted. */
  readonly checkOps?: CheckOps;
  /** For `change-account` and `erase-account`. */
  readonly lifecycle?: AccountLifecycle;
  /** For `calendars`, `calendar` and `remove-calendar`. */
  readonly calendars?: WireCalendars;
  /** One-time links, for `link`. */
  readonly links?: Links;
  /** Forms of the items in channels that adapters own. */
  readonly forms?: readonly ItemForm[];
  /** Sizes of limits, which administrators see and set. */
  readonly limits?: LimitsDeps;
  /** Absent for a store without a file of its own. */
  readonly compact?: WireCompact;
  /** Refuses a message of a sender that sends too many. @param token the id of its token; '' without one */
  readonly rate?: (caller: Caller, token: string, size: number) => Refusal | undefined;
}

/** @returns a function with which a transport opens the conversation of a new connection */
export function openWire<D extends TaskDevice>(deps: WireDeps<D>): (peer: Peer, caller: Caller) => Conversation {
  const channels = new ChannelRequests(
    deps.hub,
    new ChannelVerbs(deps.hub, deps, deps.forms),
    deps.tasks,
    deps.accounts,
  );
  const shared: Shared<D> = { ...deps, channels };
  return (peer, caller) => new WireConversation(shared, peer, caller);
}

const anonymous: Identity = { account: '', device: '', token: '', scopes: [] };

/** Shared by all conversations of a hub. */
interface Shared<D extends TaskDevice> extends WireDeps<D> {
  readonly channels: ChannelRequests<D>;
}

const noop = () => undefined;

class WireConversation<D extends TaskDevice> implements Conversation, ResponseSink {
  #deps: Shared<D>;
  #peer: Peer;
  #caller: Caller;
  #session: Session | undefined;
  #login: Login<D> | undefined;
  #responses: OrderedResponses = new OrderedResponses(this);
  /** Processes requests one after the other. */
  #queue: SerialQueue;
  #pending = 0;
  #pendingSize = 0;
  #cancelTimeout: () => void;
  /** True once the hub stops: further requests are not processed. */
  #isLeaving = false;
  /** The tasks that a plain client follows since its login, and its view of them. */
  #plainTasks: { readonly tasks: AccountTasks; view: View } | undefined;
  /** C6: true while the connection has used only Kronos verbs. Such clients take other messages for errors. */
  #isPlain = true;

  constructor(deps: Shared<D>, peer: Peer, caller: Caller) {
    this.#deps = deps;
    this.#peer = peer;
    this.#caller = caller;
    this.#queue = new SerialQueue(this.#responses);
    const cancels = [
      deps.hub.world.after(loginTimeoutMs, () => this.#open(anonymous).end('silent')),
      deps.hub.atDrain(() => this.#open(anonymous).end('away')),
    ];
    this.#cancelTimeout = () => {
      for (const cancel of cancels) cancel();
      this.#cancelTimeout = noop;
    };
  }

  receive(text: string): void {
    if (this.#responses.isOver) return;
    const token = (this.#login ?? this.#session)?.identity.token ?? '';
    const refusal = this.#deps.rate?.(this.#caller, token, text.length);
    if (refusal !== undefined) {
      // Only a short message is parsed for its `ref`: the refusal must cost little.
      this.#responses.refuse(refusal, text.length > maxRefusedSize ? undefined : refOf(decode(text)));
      return;
    }
    // Decoded in its turn, with pauses.
    const decoded = text.length > bounds.bytes ? undefined : decode(text);
    if (decoded !== undefined && this.#isTooLarge(decoded)) return;
    if (this.#isLeaving) {
      // C6.2: a Kronos client is sent nothing that it would take for an error.
      if (!this.#isPlain)
        this.#responses.refuse(refuse('away', '', 'nothing was written: connect again'), refOf(decoded));
      return;
    }
    const tooLarge = this.#pending > 0 && this.#pendingSize + text.length > maxPendingSize;
    if (this.#pending >= maxPending || tooLarge) {
      this.#deps.hub.events.report({
        event: 'limit_reached',
        limit: 'requests without an answer',
        of: this.#peer.address,
      });
      this.#responses.refuse(refuse('too_many', '', 'wait for answers before sending more'), refOf(decoded));
      return;
    }
    this.#pending += 1;
    this.#pendingSize += text.length;
    this.#queue.run(() => (decoded === undefined ? this.#processLarge(text) : this.#process(decoded, text.length)));
  }

  async #processLarge(text: string): Promise<void> {
    const decoded = await inTurns(decodeInSteps(text));
    if (this.#isTooLarge(decoded)) this.#release(text.length);
    else await this.#process(decoded, text.length);
  }

  /** Refuses a message that is too large, and closes the connection. */
  #isTooLarge(decoded: Decoded): boolean {
    if (decoded.ok || decoded.code !== 'too_large') return false;
    this.#responses.refuse(decoded, decoded.ref);
    this.#peer.close(closeCode(decoded.code) ?? 1009, decoded.error);
    return true;
  }

  // No function here has a name: tsx would define that name anew for every message.
  #process(decoded: Decoded, size: number): void | Promise<void> {
    try {
      const handling = decoded.ok
        ? this.#handle(decoded.request, decoded.unreadable)
        : this.#responses.enqueueRefusal(decoded, decoded.ref);
      if (handling !== undefined) {
        return handling
          .catch((error: unknown) => this.#responses.respondToFault(error, refOf(decoded)))
          .then(() => this.#release(size));
      }
    } catch (error) {
      this.#responses.respondToFault(error, refOf(decoded));
    }
    this.#release(size);
  }

  #release(size: number): void {
    this.#responses.enqueue(() => {
      this.#pending -= 1;
      this.#pendingSize -= size;
    });
  }

  send(text: string): void {
    if (this.#session !== undefined) this.#session.answer(text);
    else if (this.#peer.send(text) === 'dropped') this.#peer.close(4413, 'reading too slowly');
  }

  stream(pieces: Pieces): Promise<boolean> {
    return this.#peer.stream(pieces);
  }

  logFailure(error: unknown): void {
    this.#deps.hub.world.log.error({ error, peer: this.#peer.name }, 'wire: a request failed');
  }

  dropped(text: string): void {
    this.#session?.dropped(text);
  }

  drained(): void {
    this.#session?.drained();
  }

  closed(orderly: boolean): void {
    this.#responses.isOver = true;
    this.#cancelTimeout();
    this.#session?.closed();
    // Requests still queued are not processed any more, so the close is not orderly.
    this.#disconnectDevice(orderly && this.#pending === 0);
  }

  #disconnectDevice(orderly: boolean): void {
    const device = this.#login?.device;
    if (device !== undefined) this.#deps.tasks.disconnect(device, orderly);
    if (device?.connections === 0) this.#plainTasks?.tasks.forgetDevice(device.id);
    this.#login = undefined;
  }

  #open(identity: Identity): Session {
    if (this.#session !== undefined && this.#session.identity.token !== identity.token) this.#resetSession();
    if (this.#session === undefined) {
      const session = new Session(this.#deps.hub, this.#peer, identity);
      session.understandsAway = !this.#isPlain;
      session.finish = () => this.#finish();
      this.#session = session;
      session.atEnd(() => {
        if (this.#responses.isOver || this.#session !== session) return;
        this.#responses.isOver = true;
        this.#cancelTimeout();
        this.#disconnectDevice(false);
      });
      if (this.#responses.isOver) session.closed();
    }
    this.#session.identity = identity;
    return this.#session;
  }

  /** C6.3: resolves when the requests under way are answered; undefined if there is none. */
  #finish(): Promise<void> | undefined {
    this.#isLeaving = true;
    return this.#pending === 0 ? undefined : this.#queue.done().then(() => this.#responses.done());
  }

  /** L7: ends the session, so that the next login receives nothing of the earlier subscriptions. */
  #resetSession(): void {
    const before = this.#session;
    this.#session = undefined;
    this.#plainTasks = undefined;
    before?.closed();
  }

  #handle(request: WireRequest, unreadable: readonly Unreadable[]): void | Promise<void> {
    if (this.#responses.isOver) return;
    if (this.#isPlain && !isPlain(request)) {
      this.#isPlain = false;
      if (this.#session !== undefined) this.#session.understandsAway = true;
    }
    if (request.type === 'login') return this.#logIn(request);
    const { ref } = request;
    const { channels } = this.#deps;
    const to = this.#responses;
    const login = this.#identify(request);
    if (!login.ok) return to.enqueueRefusal(login, ref);
    this.#cancelTimeout();
    const session = this.#open(login.identity);
    switch (request.type) {
      case 'ping':
        return to.enqueue(() => to.accept('pong', {}, ref));
      case 'channels':
        return channels.list(to, login, ref);
      case 'read-all':
      case 'write-all':
      case 'create':
      case 'update':
      case 'delete':
        return request.channel === undefined
          ? this.#handleTasks(session, login, request, unreadable)
          : this.#handleChannel(session, login, request, request.channel);
      case 'subscribe':
      case 'unsubscribe':
      case 'history':
      case 'revert':
        return this.#handleChannel(session, login, request, request.channel);
      case 'presence':
        return request.channel === undefined
          ? channels.listPresence(to, login, ref)
          : this.#handleChannel(session, login, request, request.channel);
      default:
        return this.#administer(session, request);
    }
  }

  #handleTasks(
    session: Session,
    login: Login<D>,
    request: TaskRequest,
    unreadable: readonly Unreadable[],
  ): Promise<void> {
    const handling = this.#deps.tasks.handle(this.#responses, this.#peer, login, request, unreadable);
    this.#updateView(session);
    return handling;
  }

  /** R4: a request may reveal the client's generation; from here on tasks are sent in that form. */
  #updateView(session: Session): void {
    if (this.#plainTasks === undefined) return;
    const { tasks, view } = this.#plainTasks;
    const now = this.#plainView(tasks);
    if (now.key === view.key || !session.follows(tasks.channel, view)) return;
    const behind = session.isBehind;
    session.unfollow(tasks.channel, view);
    this.#plainTasks.view = now;
    session.follow(tasks.channel, now, { from: behind ? 'beginning' : 'now' });
  }

  #handleChannel(session: Session, login: Login<D>, request: ChannelRequest, channel: string): void | Promise<void> {
    const context = {
      session,
      login,
      responses: this.#responses,
      onFollow: (name: string) => this.#endPlainView(name),
    };
    return this.#deps.channels.handle(context, request, channel);
  }

  async #administer(session: Session, request: Parameters<typeof administer>[1]): Promise<void> {
    await this.#responses.done();
    const { hub, accounts, version, limits, links, compact, lifecycle, operations, calendars } = this.#deps;
    const deps = { hub, accounts, version, session, limits, links, compact, lifecycle, operations, calendars };
    const answer = await administer(deps, request);
    if (!answer.ok) this.#responses.refuse(answer, request.ref);
    else if ('list' in answer) await this.#responses.acceptList(request.type, answer.list, request.ref);
    else this.#responses.accept(request.type, answer.fields, request.ref);
  }

  /** L6, L7: the identity of the request's sender. */
  #identify(request: WireRequest): ({ readonly ok: true } & Login<D>) | Refusal {
    const userId = request.user_id ?? '';
    if (this.#login !== undefined) {
      // Its expiry is looked at again with each request: timers stand still while a machine sleeps.
      if (!this.#deps.accounts.isLive(this.#login.identity.token)) {
        this.#session?.end('revoked');
        return refuse('revoked');
      }
      if (userId === '' || userId === this.#login.userId) return { ok: true, ...this.#login };
      return refuse('user_not_found', '', 'this connection is logged in as someone else: log in again');
    }
    const admitted = admitRequest(this.#deps, this.#caller, this.#peer.name, request);
    if (!admitted.ok) return admitted;
    const login = { ...admitted, device: undefined };
    if (userId !== '') this.#login = login;
    return login;
  }

  async #logIn(request: Requests['login']): Promise<void> {
    await this.#responses.done();
    const { ref, version } = request;
    const admitted = await admitLogin(this.#deps, this.#caller, request);
    if (!admitted.ok) return this.#responses.refuse(admitted, ref);
    const { identity, userId } = admitted;
    const connected = this.#deps.tasks.connect(request.device_id ?? '', identity.account);
    if (!connected.ok) return this.#responses.refuse(connected, ref);
    const { device } = connected;
    const tasks = await this.#deps.tasks.of(identity.account);
    if (this.#responses.isOver) return this.#deps.tasks.disconnect(device, false);
    this.#disconnectDevice(false);
    this.#cancelTimeout();
    this.#resetSession();
    this.#login = { identity: { ...identity, device: device.id }, userId, device };
    // B1.6
    this.#peer.messageLimit = listBounds.bytes;
    const session = this.#open(this.#login.identity);
    const readable = isAllowed(this.#login.identity, 'read', tasks.channel.name);
    const stated = version ?? undefined;
    if (readable) await device.prepareLogin(stated, tasks.seq);
    if (this.#responses.isOver) return;
    // No await from here to `follow`: a change that is not in the answer must be sent.
    const answer = readable ? device.answerLogin(stated, { version: tasks.version, seq: tasks.seq }) : noVersion;
    this.#responses.accept('login', { user_id: userId, device_id: device.id, version: answer }, ref);
    if (!readable) return;
    this.#plainTasks = { tasks, view: this.#plainView(tasks) };
    if ((stated ?? 0) > tasks.version) tasks.markOutOfSync(device.id);
    session.follow(tasks.channel, this.#plainTasks.view, { from: 'now' });
  }

  #plainView(tasks: AccountTasks): View {
    const { identity, userId = '', device } = this.#login ?? {};
    return tasks.view(identity?.token ?? '', { userId, generation: device?.generation ?? 'raw' });
  }

  /** A session that subscribes to the tasks as a channel no longer receives them as a plain client. */
  #endPlainView(name: string): void {
    const plain = this.#plainTasks;
    if (plain === undefined || !matchesPattern(name, plain.tasks.channel.name)) return;
    this.#session?.unfollow(plain.tasks.channel, plain.view);
    this.#plainTasks = undefined;
  }
}

function refOf(decoded: Decoded | undefined): Ref {
  if (decoded === undefined) return undefined;
  return decoded.ok ? decoded.request.ref : decoded.ref;
}

const kronosVerbs: ReadonlySet<string> = new Set(['login', 'read-all', 'write-all', 'create', 'update', 'delete']);
/** Fields that no Kronos client of either generation sends. */
const horaiFields = ['ref', 'channel', 'write_id', 'base', 'name', 'token'] as const;

function isPlain(request: WireRequest): boolean {
  return kronosVerbs.has(request.type) && !horaiFields.some((field) => field in request);
}
