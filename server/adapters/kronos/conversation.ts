// One connection that speaks Kronos, on whatever transport: takes messages in order, remembers who is speaking, answers each. Who
// that is, is decided in admission.ts; the verbs are in tasks.ts (task clients), channels.ts (every channel) and admin.ts.

import { type Decoded, decode } from '../../../protocol/codec.ts';
import { type Refusal, refusalText, refuse } from '../../../protocol/errors.ts';
import type { mergeList } from '../../../protocol/merge.ts';
import type { Request, Requests, Task } from '../../../protocol/messages.ts';
import { noVersion } from '../../../protocol/version.ts';
import { fullName, type Identity, matches, may } from '../../core/access.ts';
import type { Channel } from '../../core/channel.ts';
import type { Written } from '../../core/document.ts';
import type { Hub } from '../../core/hub.ts';
import type { Conversation, Peer } from '../../core/peer.ts';
import { Session } from '../../core/session.ts';
import type { Position } from '../../core/store.ts';
import { type Act, Turns } from '../../core/turns.ts';
import type { Caller } from '../adapter.ts';
import { administer } from './admin.ts';
import { admitLogin, admitRequest, type Gate, type Speaker } from './admission.ts';
import { ChannelVerbs } from './channels.ts';
import { type Device, Devices, sureMs } from './device.ts';
import { type Outcome, Tasks, type Writer } from './tasks.ts';

/** C4 */
const silenceMs = 10_000;
/** B3 */
const unanswered = 1_024;
/** B3: characters of them. */
const unansweredSize = 8_388_608;

export interface KronosDoors extends Gate {
  readonly hub: Hub;
  /** Of Horai, for `stats`. */
  readonly version: string;
  /** Another merge than the protocol's, so that the simulation can be shown to notice a wrong one. */
  readonly merge?: typeof mergeList;
}

export async function openKronos(doors: KronosDoors): Promise<(peer: Peer, caller: Caller) => Conversation> {
  const devices = new Devices(await doors.hub.document('@hub/devices'), doors.hub.world);
  const opened = new Map<string, Promise<Tasks>>();
  const tasksOf = (account: string): Promise<Tasks> => {
    const known = opened.get(account);
    if (known !== undefined) return known;
    const opening = Tasks.open(doors.hub, account, doors.merge);
    opened.set(account, opening);
    opening.catch(() => opened.delete(account));
    return opening;
  };
  const inside: Inside = { ...doors, devices, tasksOf, channels: new ChannelVerbs(doors.hub) };
  return (peer, caller) => new KronosConversation(inside, peer, caller);
}

const nobody: Identity = { account: '', device: '', token: '', scopes: [] };

/** What all conversations of a hub share. */
interface Inside extends KronosDoors {
  readonly devices: Devices;
  readonly tasksOf: (account: string) => Promise<Tasks>;
  readonly channels: ChannelVerbs;
}

const nothing = () => undefined;

/** Whom a connection has logged in as, or speaks as. */
interface Login extends Speaker {
  /** undefined without a login. */
  readonly device: Device | undefined;
}

class KronosConversation implements Conversation {
  #doors: Inside;
  #peer: Peer;
  #caller: Caller;
  #session: Session | undefined;
  #login: Login | undefined;
  /** Requests, one after the other. */
  #requests: Turns;
  /** Answers, in the order of what they answer; done when every write asked for so far is decided. */
  #answers: Turns;
  #pending = 0;
  #pendingSize = 0;
  #over = false;
  #cancelSilence: () => void;
  /** When it was last sent its tasks without having asked. */
  #unasked = Number.NEGATIVE_INFINITY;
  #plain: { readonly tasks: Tasks } | undefined;

  constructor(doors: Inside, peer: Peer, caller: Caller) {
    this.#doors = doors;
    this.#peer = peer;
    this.#caller = caller;
    this.#requests = new Turns(this);
    this.#answers = new Turns(this);
    const cancels = [
      doors.hub.world.after(silenceMs, () => this.#open(nobody).end('silent')),
      doors.hub.atDrain(() => this.#open(nobody).end('away')),
    ];
    this.#cancelSilence = () => {
      for (const cancel of cancels) cancel();
      this.#cancelSilence = nothing;
    };
  }

  receive(text: string): void {
    if (this.#over) return;
    const decoded = decode(text);
    const tooLarge = this.#pending > 0 && this.#pendingSize + text.length > unansweredSize;
    if (this.#pending >= unanswered || tooLarge) {
      this.#answer(refusalText(refuse('too_many', '', 'wait for answers before sending more'), refOf(decoded)));
      return;
    }
    this.#pending += 1;
    this.#pendingSize += text.length;
    this.#requests.take(() => this.#request(decoded, text.length));
  }

  // No function here has a name: tsx would define that name anew for every message.
  #request(decoded: Decoded, size: number): void | Promise<void> {
    try {
      const going = decoded.ok
        ? this.#take(decoded.request)
        : this.#after(() => this.#answer(refusalText(decoded, decoded.ref)));
      if (going !== undefined) {
        return going.catch((error: unknown) => this.#fault(error, refOf(decoded))).then(() => this.#taken(size));
      }
    } catch (error) {
      this.#fault(error, refOf(decoded));
    }
    this.#taken(size);
  }

  #taken(size: number): void {
    this.#after(() => {
      this.#pending -= 1;
      this.#pendingSize -= size;
    });
  }

  failed(error: unknown): void {
    this.#fault(error, undefined);
  }

  dropped(text: string): void {
    this.#session?.dropped(text);
  }

  drained(): void {
    this.#session?.drained();
  }

  closed(orderly: boolean): void {
    this.#over = true;
    this.#cancelSilence();
    this.#session?.closed();
    // What was said last and is not done yet, nobody will do.
    this.#leaveDevice(orderly && this.#pending === 0);
  }

  #leaveDevice(orderly: boolean): void {
    const device = this.#login?.device;
    if (device !== undefined) this.#doors.devices.disconnect(device, orderly);
    if (device?.connections === 0) this.#plain?.tasks.left(device.id);
    this.#login = undefined;
  }

  #open(identity: Identity): Session {
    if (this.#session !== undefined && this.#session.identity.token !== identity.token) this.#startOver();
    if (this.#session === undefined) {
      const session = new Session(this.#doors.hub, this.#peer, identity);
      this.#session = session;
      session.atEnd(() => {
        if (this.#over || this.#session !== session) return;
        this.#over = true;
        this.#cancelSilence();
        this.#leaveDevice(false);
      });
      if (this.#over) session.closed();
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

  #answer(text: string): void {
    if (this.#over) return;
    if (this.#session !== undefined) this.#session.answer(text);
    else if (this.#peer.send(text) === 'dropped') this.#peer.close(4413, 'reading too slowly');
  }

  #refuse(refusal: Refusal & { readonly position?: Position }, ref: string | number | undefined): void {
    const { position } = refusal;
    if (position === undefined) this.#answer(refusalText(refusal, ref));
    else this.#answer(JSON.stringify({ ...JSON.parse(refusalText(refusal, ref)), ...position }));
  }

  #fault(error: unknown, ref: string | number | undefined): void {
    this.#doors.hub.world.log.error({ error, peer: this.#peer.name }, 'kronos: a request failed');
    this.#answer(refusalText(refuse('broken', '', 'nothing was acknowledged: try again'), ref));
  }

  /** Answers in order: only when the writes asked for before are decided. Does not hold up the requests that follow. */
  #after(act: Act): void {
    this.#answers.take(act);
  }

  #take(request: Request): void | Promise<void> {
    if (this.#over) return;
    if (request.type === 'login') return this.#logIn(request);
    const { ref } = request;
    const login = this.#who(request);
    if (!login.ok) return this.#after(() => this.#refuse(login, ref));
    this.#cancelSilence();
    const session = this.#open(login.identity);
    switch (request.type) {
      case 'read-all':
      case 'write-all':
      case 'create':
      case 'update':
      case 'delete':
        return request.channel === undefined
          ? this.#taskVerb(login, request)
          : this.#channelVerb(login, request, request.channel);
      case 'subscribe':
      case 'unsubscribe':
      case 'history':
      case 'revert':
        return this.#channelVerb(login, request, request.channel);
      case 'ping':
        return this.#after(() => this.#answer(JSON.stringify({ success: true, type: 'pong', ref })));
      case 'channels':
        return this.#listChannels(login, ref);
      default:
        return this.#administer(session, request);
    }
  }

  async #listChannels(login: Login, ref: string | number | undefined): Promise<void> {
    await this.#answers.done();
    const channels = await this.#doors.channels.list(login.identity);
    this.#answer(JSON.stringify({ success: true, type: 'channels', channels, ref }));
  }

  async #administer(session: Session, request: Parameters<typeof administer>[1]): Promise<void> {
    await this.#answers.done();
    const { hub, accounts, version } = this.#doors;
    const { type, ref } = request;
    const answer = await administer({ hub, accounts, version, session }, request);
    if (answer.ok) this.#answer(JSON.stringify({ success: true, type, ...answer.fields, ref }));
    else this.#refuse(answer, ref);
  }

  /** L6, L7: who asks. */
  #who(request: Request): ({ readonly ok: true } & Login) | Refusal {
    const said = request.user_id ?? '';
    if (this.#login !== undefined) {
      if (said === '' || said === this.#login.userId) return { ok: true, ...this.#login };
      return refuse('user_not_found', '', 'this connection is logged in as someone else: log in again');
    }
    const admitted = admitRequest(this.#doors, this.#caller, this.#peer.name, request);
    if (!admitted.ok) return admitted;
    const login = { ...admitted, device: undefined };
    if (said !== '') this.#login = login;
    return login;
  }

  async #logIn(request: Requests['login']): Promise<void> {
    await this.#answers.done();
    const { ref, version } = request;
    const admitted = await admitLogin(this.#doors, this.#caller, request);
    if (!admitted.ok) return this.#refuse(admitted, ref);
    const { identity, userId } = admitted;
    const connected = this.#doors.devices.connect(request.device_id ?? '', identity.account);
    if (!connected.ok) return this.#refuse(connected, ref);
    const { device } = connected;
    const tasks = await this.#doors.tasksOf(identity.account);
    if (this.#over) return this.#doors.devices.disconnect(device, false);
    this.#leaveDevice(false);
    this.#cancelSilence();
    this.#startOver();
    this.#login = { identity: { ...identity, device: device.id }, userId, device };
    const session = this.#open(this.#login.identity);
    const readable = may(this.#login.identity, 'read', tasks.channel.name);
    const stated = version ?? undefined;
    if (readable) await device.greet(stated, tasks.seq);
    if (this.#over) return;
    // From here to `follow` nothing may wait: what is not in the answer has to be told.
    const answer = readable ? device.login(stated, { version: tasks.version, seq: tasks.seq }) : noVersion;
    this.#answer(
      JSON.stringify({ success: true, type: 'login', user_id: userId, device_id: device.id, version: answer, ref }),
    );
    if (!readable) return;
    this.#plain = { tasks };
    if ((stated ?? 0) > tasks.version) tasks.deafen(device.id);
    session.follow(tasks.channel, tasks.view(this.#viewName(), userId), { from: 'now' });
  }

  #viewName(): string {
    return this.#login?.identity.token ?? '';
  }

  #unfollowPlain(): void {
    const plain = this.#plain;
    if (plain === undefined) return;
    this.#session?.unfollow(plain.tasks.channel, plain.tasks.view(this.#viewName(), this.#login?.userId ?? ''));
    this.#plain = undefined;
  }

  async #taskVerb(
    login: Login,
    request: Requests['read-all' | 'write-all' | 'create' | 'update' | 'delete'],
    key?: string,
  ): Promise<void> {
    const { ref } = request;
    const verb = request.type === 'read-all' ? 'read' : 'write';
    if (!may(login.identity, verb, `${login.identity.account}/tasks`)) {
      return this.#after(() => this.#refuse(refuse('forbidden', '', `this token has no scope ${verb} for tasks`), ref));
    }
    const tasks = await this.#doors.tasksOf(login.identity.account);
    if (request.type === 'read-all') return this.#readAll(tasks, login, ref);
    const writer = this.#writer(login, request, tasks);
    switch (request.type) {
      case 'write-all':
        return this.#writeAll(tasks, login, writer, request);
      case 'create': {
        const task = this.#disguised(request.task ?? asTask(request.item), login.identity.account);
        if (task === undefined) return this.#after(() => this.#refuse(refuse('missing', 'task'), ref));
        if (task.id === 0) return this.#after(() => this.#refuse(refuse('property', 'id'), ref));
        return this.#wrote(tasks, login, writer, tasks.create(writer, task, key), ref, key);
      }
      case 'update': {
        const task = this.#disguised(request.task ?? asTask(request.item), login.identity.account);
        if (task === undefined) return this.#after(() => this.#refuse(refuse('missing', 'task'), ref));
        const id = request.task_id ?? undefined;
        if (key === undefined && id === undefined && task.id === undefined && task.index === undefined) {
          return this.#after(() => this.#refuse(refuse('missing', 'task id'), ref));
        }
        if (task.id === 0) return this.#after(() => this.#refuse(refuse('property', 'id'), ref));
        return this.#wrote(tasks, login, writer, tasks.update(writer, { key, id }, task), ref);
      }
      case 'delete': {
        const id = request.task_id ?? undefined;
        const { index } = this.#disguised({ index: request.task_index || undefined }, login.identity.account);
        if (key === undefined && id === undefined && index === undefined) {
          return this.#after(() => this.#refuse(refuse('missing', 'task id'), ref));
        }
        return this.#wrote(tasks, login, writer, tasks.delete(writer, { key, id, index }), ref);
      }
    }
  }

  /** R2: an index keeps no secret of the account, whichever of its tokens the client had when it made the task. */
  #disguised<T>(task: T, account: string): T {
    if (typeof task !== 'object' || task === null || !('index' in task) || typeof task.index !== 'string') return task;
    const secret = task.index.slice(0, Math.max(0, task.index.indexOf('#')));
    if (secret === '' || !this.#doors.accounts.belongs(secret, account)) return task;
    return { ...task, index: account + task.index.slice(secret.length) };
  }

  /** The same for tasks that come as items. */
  #asKept<R extends Requests['write-all' | 'create' | 'update' | 'delete' | 'revert']>(request: R, name: string): R {
    const account = /^([^@/]+)\/tasks$/.exec(name)?.[1];
    if (account === undefined) return request;
    const item = 'item' in request ? { item: this.#disguised(request.item, account) } : {};
    const items =
      'items' in request && request.items !== undefined
        ? { items: request.items.map((entry) => ({ ...entry, item: this.#disguised(entry.item, account) })) }
        : {};
    return { ...request, ...item, ...items };
  }

  #writer(login: Login, request: Requests['write-all' | 'create' | 'update' | 'delete'], tasks: Tasks): Writer {
    const inData = request.type === 'write-all' ? request.data?.sync_version : undefined;
    return {
      device: login.identity.device,
      userId: login.userId,
      peer: this.#peer,
      version: request.version ?? inData ?? undefined,
      writeId: request.write_id,
      base: baseOf(request.base, tasks.channel),
      crossed: this.#crossed,
    };
  }

  /** R1. Waits for the sender's own writes, so that it reads them. */
  async #readAll(tasks: Tasks, login: Login, ref: string | number | undefined): Promise<void> {
    await this.#answers.done();
    const all = await tasks.readAll(login.userId);
    login.device?.list(all.seq, all.version, true);
    tasks.undeafen(login.identity.device);
    this.#answer(all.text(ref));
  }

  /** W3, W6, M11 */
  async #listUnasked(tasks: Tasks, login: Login): Promise<void> {
    if (!may(login.identity, 'read', tasks.channel.name)) return;
    const all = await tasks.readAll(login.userId);
    if (this.#over) return;
    this.#unasked = this.#doors.hub.world.now();
    login.device?.list(all.seq, all.version, false);
    tasks.undeafen(login.identity.device);
    this.#answer(all.text());
  }

  /** Whether a list that was sent unasked may have crossed what this device just wrote, so that it has forgotten that. */
  get #crossed(): boolean {
    return this.#doors.hub.world.now() - this.#unasked <= sureMs;
  }

  /** @param key that a create is told (S2) */
  #wrote(
    tasks: Tasks,
    login: Login,
    writer: Writer,
    outcome: Outcome,
    ref: string | number | undefined,
    key?: string,
  ): void {
    this.#after(async () => {
      const written = await outcome.written.catch((error: unknown) => this.#fault(error, ref));
      if (written === undefined || !this.#decided(written, ref, key) || !written.ok) return;
      // W3, W6: what the sender holds is not what came out, or may not be.
      const differs = outcome.differs() || this.#crossed;
      if (!written.replayed) this.#noteWrite(login.device, tasks, writer, written, differs);
      if (differs && !this.#over) await this.#listUnasked(tasks, login);
    });
  }

  #noteWrite(
    device: Device | undefined,
    tasks: Tasks,
    writer: Writer,
    written: Extract<Written, { ok: true }>,
    differs: boolean,
  ): void {
    const first = written.changes[0]?.seq;
    const last = written.changes.at(-1)?.seq;
    const steps = first === undefined || last === undefined || differs ? undefined : { first, last };
    device?.wrote(writer.version, steps);
    if (writer.version !== undefined && (writer.version > tasks.version || tasks.othersWrote(writer.device)))
      tasks.deafen(writer.device);
  }

  /** Answers a write that has a `ref`, or was refused; true when it was accepted. */
  #decided(
    written: Written | (Refusal & { readonly position?: Position }),
    ref: string | number | undefined,
    key?: string,
  ): boolean {
    if (!written.ok) {
      this.#refuse(written, ref);
      return false;
    }
    const { seq, epoch } = written.position;
    if (ref !== undefined) this.#answer(JSON.stringify({ success: true, type: 'ack', ref, seq, epoch, key }));
    return true;
  }

  async #writeAll(tasks: Tasks, login: Login, writer: Writer, request: Requests['write-all']): Promise<void> {
    const { ref } = request;
    const { account } = login.identity;
    const said = (request.tasks ?? request.data?.tasks)?.map((task) => this.#disguised(task, account));
    if (said === undefined) return this.#after(() => this.#refuse(refuse('missing', 'tasks'), ref));
    if (said.some((task) => task.id === 0)) return this.#after(() => this.#refuse(refuse('property', 'id'), ref));
    await this.#answers.done();
    const { written, spared, sure } = await tasks.writeAll(writer, login.device, said);
    if (!this.#decided(written, ref) || !written.ok) return;
    if (!written.replayed) {
      login.device?.merged(writer.version, tasks.version, sure);
      // One whose version is ahead takes over the hub's with the list, and hears again.
      if (sure === undefined || (writer.version ?? 0) > Math.max(0, tasks.version))
        await this.#listUnasked(tasks, login);
    }
    if (spared > 0) {
      this.#refuse(
        refuse('protected', '', `${spared} tasks were not removed: delete them one by one if you mean it`),
        ref,
      );
    }
  }

  #channelVerb(
    login: Login,
    request: Requests[
      | 'read-all'
      | 'write-all'
      | 'create'
      | 'update'
      | 'delete'
      | 'subscribe'
      | 'unsubscribe'
      | 'history'
      | 'revert'],
    said: string,
  ): void | Promise<void> {
    const { ref } = request;
    const session = this.#open(login.identity);
    const name = fullName(login.identity, said, (account) => this.#doors.accounts.isAccount(account));
    const writes =
      request.type === 'write-all' ||
      request.type === 'create' ||
      request.type === 'update' ||
      request.type === 'delete' ||
      request.type === 'revert';
    if (!may(login.identity, writes ? 'write' : 'read', name)) {
      return this.#after(() =>
        this.#refuse(refuse('forbidden', '', 'see {"type":"channels"} for what this session may read'), ref),
      );
    }
    if (
      name === `${login.identity.account}/tasks` &&
      (request.type === 'create' || request.type === 'update' || request.type === 'delete')
    ) {
      const made = request.type === 'create' ? this.#doors.channels.newKey(request.write_id) : undefined;
      return this.#taskVerb(login, request, request.key ?? made);
    }
    switch (request.type) {
      case 'subscribe':
        return this.#subscribe(session, request, name);
      case 'unsubscribe':
        return this.#unsubscribe(session, request, name);
      case 'read-all':
      case 'history':
        return this.#readChannel(request, name);
      case 'create':
      case 'delete':
        return this.#after(this.#writeChannel(login, request, name));
      default:
        return this.#rewriteChannel(login, request, name);
    }
  }

  /** Begins a write at once; what it gives answers it. */
  #writeChannel(
    login: Login,
    request: Requests['write-all' | 'create' | 'update' | 'delete' | 'revert'],
    name: string,
  ): () => Promise<void> {
    const { ref } = request;
    const { written, key } = this.#doors.channels.write(
      this.#asKept(request, name),
      name,
      login.identity.device,
      this.#peer,
    );
    return () =>
      written.then(
        (decided) => void this.#decided(decided, ref, request.type === 'create' ? key : undefined),
        (error: unknown) => this.#fault(error, ref),
      );
  }

  /** A write that looks at what is there: after the writes before it, and before those after it. */
  async #rewriteChannel(
    login: Login,
    request: Requests['write-all' | 'update' | 'revert'],
    name: string,
  ): Promise<void> {
    await this.#answers.done();
    await this.#writeChannel(login, request, name)();
  }

  async #subscribe(session: Session, request: Requests['subscribe'], name: string): Promise<void> {
    await this.#answers.done();
    const answered = await this.#doors.channels.subscribe(session, request, name);
    if (typeof answered === 'object') return this.#refuse(answered, request.ref);
    if (this.#plain !== undefined && matches(name, this.#plain.tasks.channel.name)) this.#unfollowPlain();
    if (answered !== undefined) this.#answer(answered);
  }

  async #unsubscribe(session: Session, { channel, ref }: Requests['unsubscribe'], name: string): Promise<void> {
    await this.#answers.done();
    const refusal = await this.#doors.channels.unsubscribe(session, name);
    if (refusal !== undefined) return this.#refuse(refusal, ref);
    this.#answer(JSON.stringify({ success: true, type: 'unsubscribe', channel, ref }));
  }

  async #readChannel(request: Requests['read-all' | 'history'], name: string): Promise<void> {
    await this.#answers.done();
    const read = await this.#doors.channels.read(request, name, request.channel ?? '');
    if (read.ok) this.#answer(read.text);
    else this.#refuse(read, request.ref);
  }
}

function asTask(item: unknown): Task | undefined {
  const decoded = decode(JSON.stringify({ type: 'create', task: item }));
  return decoded.ok && decoded.request.type === 'create' ? decoded.request.task : undefined;
}

/** A base of another epoch is the base of nothing here. */
export function baseOf(
  base: number | { seq: number; epoch?: string } | undefined,
  { position }: Channel,
): number | undefined {
  if (typeof base !== 'object') return base;
  return base.epoch === undefined || base.epoch === position.epoch ? base.seq : -1;
}

function refOf(decoded: ReturnType<typeof decode>): string | number | undefined {
  return decoded.ok ? decoded.request.ref : decoded.ref;
}
