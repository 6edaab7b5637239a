// One connection that speaks the wire, on any transport: takes messages in order, knows who is speaking, and hands each request to
// its verb. authorize.ts decides who that is. The verbs are in channel-requests.ts, admin.ts and the adapter of task-clients.ts.

import { type Decoded, decode, type Unreadable } from '../../protocol/codec.ts';
import { type Refusal, refuse } from '../../protocol/errors.ts';
import type { Requests, WireRequest } from '../../protocol/messages.ts';
import { noVersion } from '../../protocol/version.ts';
import { type Identity, isAllowed, matchesPattern } from '../core/access.ts';
import type { Hub } from '../core/hub.ts';
import type { Conversation, Peer } from '../core/peer.ts';
import { SerialQueue } from '../core/serial-queue.ts';
import { Session, type View } from '../core/session.ts';
import type { Caller } from '../http/types.ts';
import { administer } from './admin.ts';
import { admitLogin, admitRequest, type Gate } from './authorize.ts';
import { type ChannelRequest, ChannelRequests } from './channel-requests.ts';
import { ChannelVerbs, type CheckRules } from './channel-verbs.ts';
import type { ItemForm } from './item-forms.ts';
import { Answering, type AnsweringOwner, type Ref } from './response-order.ts';
import type { AccountTasks, Login, TaskClients, TaskDevice, TaskRequest } from './task-clients.ts';

/** C4 */
const silenceMs = 10_000;
/** B3 */
const unanswered = 1_024;
/** B3: characters of them. */
const unansweredSize = 8_388_608;

export interface WireDeps<D extends TaskDevice> extends Gate {
  readonly hub: Hub;
  /** The adapter of plain task clients. */
  readonly tasks: TaskClients<D>;
  /** Of Horai, for `stats`. */
  readonly version: string;
  /** Says what is wrong with rules of the merged day. */
  readonly checkRules?: CheckRules;
  /** Forms of items that adapters own. */
  readonly forms?: readonly ItemForm[];
}

/** @returns what starts a conversation with a peer, for the transports */
export function openWire<D extends TaskDevice>(deps: WireDeps<D>): (peer: Peer, caller: Caller) => Conversation {
  const channels = new ChannelRequests(
    new ChannelVerbs(deps.hub, deps.checkRules, deps.forms),
    deps.tasks,
    deps.accounts,
  );
  const shared: Shared<D> = { ...deps, channels };
  return (peer, caller) => new WireConversation(shared, peer, caller);
}

const nobody: Identity = { account: '', device: '', token: '', scopes: [] };

/** What all conversations of a hub share. */
interface Shared<D extends TaskDevice> extends WireDeps<D> {
  readonly channels: ChannelRequests<D>;
}

const nothing = () => undefined;

class WireConversation<D extends TaskDevice> implements Conversation, AnsweringOwner {
  #deps: Shared<D>;
  #peer: Peer;
  #caller: Caller;
  #session: Session | undefined;
  #login: Login<D> | undefined;
  #answers: Answering = new Answering(this);
  /** Requests, one after the other. */
  #requests: SerialQueue;
  #pending = 0;
  #pendingSize = 0;
  #cancelSilence: () => void;
  /** Followed as a plain client does, having logged in; and the view in which it is. */
  #plain: { readonly tasks: AccountTasks; view: View } | undefined;
  /** C6: whether it has used more than the verbs of Kronos, and so knows messages that plain clients take for an error. */
  #isPlain = true;

  constructor(deps: Shared<D>, peer: Peer, caller: Caller) {
    this.#deps = deps;
    this.#peer = peer;
    this.#caller = caller;
    this.#requests = new SerialQueue(this.#answers);
    const cancels = [
      deps.hub.world.after(silenceMs, () => this.#open(nobody).end('silent')),
      deps.hub.atDrain(() => this.#open(nobody).end('away')),
    ];
    this.#cancelSilence = () => {
      for (const cancel of cancels) cancel();
      this.#cancelSilence = nothing;
    };
  }

  receive(text: string): void {
    if (this.#answers.over) return;
    const decoded = decode(text);
    const tooLarge = this.#pending > 0 && this.#pendingSize + text.length > unansweredSize;
    if (this.#pending >= unanswered || tooLarge) {
      this.#answers.refuse(refuse('too_many', '', 'wait for answers before sending more'), refOf(decoded));
      return;
    }
    this.#pending += 1;
    this.#pendingSize += text.length;
    this.#requests.run(() => this.#request(decoded, text.length));
  }

  // No function here has a name: tsx would define that name anew for every message.
  #request(decoded: Decoded, size: number): void | Promise<void> {
    try {
      const going = decoded.ok
        ? this.#take(decoded.request, decoded.unreadable)
        : this.#answers.refuseAfter(decoded, decoded.ref);
      if (going !== undefined) {
        return going
          .catch((error: unknown) => this.#answers.fault(error, refOf(decoded)))
          .then(() => this.#taken(size));
      }
    } catch (error) {
      this.#answers.fault(error, refOf(decoded));
    }
    this.#taken(size);
  }

  #taken(size: number): void {
    this.#answers.after(() => {
      this.#pending -= 1;
      this.#pendingSize -= size;
    });
  }

  send(text: string): void {
    if (this.#session !== undefined) this.#session.answer(text);
    else if (this.#peer.send(text) === 'dropped') this.#peer.close(4413, 'reading too slowly');
  }

  failed(error: unknown): void {
    this.#deps.hub.world.log.error({ error, peer: this.#peer.name }, 'wire: a request failed');
  }

  dropped(text: string): void {
    this.#session?.dropped(text);
  }

  drained(): void {
    this.#session?.drained();
  }

  closed(orderly: boolean): void {
    this.#answers.over = true;
    this.#cancelSilence();
    this.#session?.closed();
    // What was said last and is not done yet, nobody will do.
    this.#leaveDevice(orderly && this.#pending === 0);
  }

  #leaveDevice(orderly: boolean): void {
    const device = this.#login?.device;
    if (device !== undefined) this.#deps.tasks.disconnect(device, orderly);
    if (device?.connections === 0) this.#plain?.tasks.left(device.id);
    this.#login = undefined;
  }

  #open(identity: Identity): Session {
    if (this.#session !== undefined && this.#session.identity.token !== identity.token) this.#startOver();
    if (this.#session === undefined) {
      const session = new Session(this.#deps.hub, this.#peer, identity);
      session.hearsAway = !this.#isPlain;
      this.#session = session;
      session.atEnd(() => {
        if (this.#answers.over || this.#session !== session) return;
        this.#answers.over = true;
        this.#cancelSilence();
        this.#leaveDevice(false);
      });
      if (this.#answers.over) session.closed();
    }
    this.#session.identity = identity;
    return this.#session;
  }

  /** L7: who speaks from now on hears nothing of what was followed before. */
  #startOver(): void {
    const before = this.#session;
    this.#session = undefined;
    this.#plain = undefined;
    before?.closed();
  }

  #take(request: WireRequest, unreadable: readonly Unreadable[]): void | Promise<void> {
    if (this.#answers.over) return;
    if (this.#isPlain && !isPlain(request)) {
      this.#isPlain = false;
      if (this.#session !== undefined) this.#session.hearsAway = true;
    }
    if (request.type === 'login') return this.#logIn(request);
    const { ref } = request;
    const { channels } = this.#deps;
    const to = this.#answers;
    const login = this.#who(request);
    if (!login.ok) return to.refuseAfter(login, ref);
    this.#cancelSilence();
    const session = this.#open(login.identity);
    switch (request.type) {
      case 'ping':
        return to.after(() => to.accept('pong', {}, ref));
      case 'channels':
        return channels.list(to, login, ref);
      case 'read-all':
      case 'write-all':
      case 'create':
      case 'update':
      case 'delete':
        return request.channel === undefined
          ? this.#takeOfTasks(session, login, request, unreadable)
          : this.#takeOfChannel(session, login, request, request.channel);
      case 'subscribe':
      case 'unsubscribe':
      case 'history':
      case 'revert':
        return this.#takeOfChannel(session, login, request, request.channel);
      default:
        return this.#administer(session, request);
    }
  }

  #takeOfTasks(
    session: Session,
    login: Login<D>,
    request: TaskRequest,
    unreadable: readonly Unreadable[],
  ): Promise<void> {
    const taking = this.#deps.tasks.take(this.#answers, this.#peer, login, request, unreadable);
    this.#showAsRead(session);
    return taking;
  }

  /** R4: what it has sent may have told its generation; from here on it is shown tasks in that form. */
  #showAsRead(session: Session): void {
    if (this.#plain === undefined) return;
    const { tasks, view } = this.#plain;
    const now = this.#plainView(tasks);
    if (now.key === view.key || !session.follows(tasks.channel, view)) return;
    const behind = session.isBehind;
    session.unfollow(tasks.channel, view);
    this.#plain.view = now;
    session.follow(tasks.channel, now, { from: behind ? 'beginning' : 'now' });
  }

  #takeOfChannel(session: Session, login: Login<D>, request: ChannelRequest, channel: string): void | Promise<void> {
    const asking = { session, login, to: this.#answers, follows: (name: string) => this.#follows(name) };
    return this.#deps.channels.take(asking, request, channel);
  }

  async #administer(session: Session, request: Parameters<typeof administer>[1]): Promise<void> {
    await this.#answers.done();
    const { hub, accounts, version } = this.#deps;
    const answer = await administer({ hub, accounts, version, session }, request);
    if (answer.ok) this.#answers.accept(request.type, answer.fields, request.ref);
    else this.#answers.refuse(answer, request.ref);
  }

  /** L6, L7: who asks. */
  #who(request: WireRequest): ({ readonly ok: true } & Login<D>) | Refusal {
    const said = request.user_id ?? '';
    if (this.#login !== undefined) {
      if (said === '' || said === this.#login.userId) return { ok: true, ...this.#login };
      return refuse('user_not_found', '', 'this connection is logged in as someone else: log in again');
    }
    const admitted = admitRequest(this.#deps, this.#caller, this.#peer.name, request);
    if (!admitted.ok) return admitted;
    const login = { ...admitted, device: undefined };
    if (said !== '') this.#login = login;
    return login;
  }

  async #logIn(request: Requests['login']): Promise<void> {
    await this.#answers.done();
    const { ref, version } = request;
    const admitted = await admitLogin(this.#deps, this.#caller, request);
    if (!admitted.ok) return this.#answers.refuse(admitted, ref);
    const { identity, userId } = admitted;
    const connected = this.#deps.tasks.connect(request.device_id ?? '', identity.account);
    if (!connected.ok) return this.#answers.refuse(connected, ref);
    const { device } = connected;
    const tasks = await this.#deps.tasks.of(identity.account);
    if (this.#answers.over) return this.#deps.tasks.disconnect(device, false);
    this.#leaveDevice(false);
    this.#cancelSilence();
    this.#startOver();
    this.#login = { identity: { ...identity, device: device.id }, userId, device };
    const session = this.#open(this.#login.identity);
    const readable = isAllowed(this.#login.identity, 'read', tasks.channel.name);
    const stated = version ?? undefined;
    if (readable) await device.greet(stated, tasks.seq);
    if (this.#answers.over) return;
    // From here to `follow` nothing may wait: what is not in the answer has to be told.
    const answer = readable ? device.login(stated, { version: tasks.version, seq: tasks.seq }) : noVersion;
    this.#answers.accept('login', { user_id: userId, device_id: device.id, version: answer }, ref);
    if (!readable) return;
    this.#plain = { tasks, view: this.#plainView(tasks) };
    if ((stated ?? 0) > tasks.version) tasks.deafen(device.id);
    session.follow(tasks.channel, this.#plain.view, { from: 'now' });
  }

  #plainView(tasks: AccountTasks): View {
    const { identity, userId = '', device } = this.#login ?? {};
    return tasks.view(identity?.token ?? '', { userId, generation: device?.generation ?? 'raw' });
  }

  /** Who follows the tasks as a channel hears of them in that way only. */
  #follows(name: string): void {
    const plain = this.#plain;
    if (plain === undefined || !matchesPattern(name, plain.tasks.channel.name)) return;
    this.#session?.unfollow(plain.tasks.channel, plain.view);
    this.#plain = undefined;
  }
}

function refOf(decoded: Decoded): Ref {
  return decoded.ok ? decoded.request.ref : decoded.ref;
}

const verbsOfKronos: ReadonlySet<string> = new Set(['login', 'read-all', 'write-all', 'create', 'update', 'delete']);
/** What no Kronos client of either generation sends. */
const fieldsOfOurs = ['ref', 'channel', 'write_id', 'base', 'name', 'token'] as const;

function isPlain(request: WireRequest): boolean {
  return verbsOfKronos.has(request.type) && !fieldsOfOurs.some((field) => field in request);
}
