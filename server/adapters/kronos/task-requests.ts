// Handles task requests of both client generations: checks scopes, reads the request and sends the answer, which may be a whole list that
// the client did not request. tasks.ts decides how the tasks change.

import { decode, type Unreadable } from '../../../protocol/codec.ts';
import { type Refusal, refuse } from '../../../protocol/errors.ts';
import { generationOf, hasBothForms } from '../../../protocol/generation.ts';
import { mapInSteps } from '../../../protocol/in-steps.ts';
import type { mergeListInSteps } from '../../../protocol/merge.ts';
import type { Requests, Task } from '../../../protocol/messages.ts';
import { isAllowed } from '../../core/access.ts';
import type { Accounts } from '../../core/accounts.ts';
import type { Hub } from '../../core/hub.ts';
import { inTurns } from '../../core/next-turn.ts';
import type { Peer } from '../../core/peer.ts';
import { type Accepted, baseOf } from '../../wire/idempotency.ts';
import type { OrderedResponses, Ref } from '../../wire/response-order.ts';
import type { TaskClients, TaskRequest, Login as WireLogin } from '../../wire/task-clients.ts';
import { rawClient, type TaskClient } from './aliases.ts';
import { type Device, Devices, sureMs } from './device.ts';
import { type Outcome, Tasks, type Writer } from './tasks.ts';

export interface TaskDeps {
  readonly hub: Hub;
  readonly accounts: Accounts;
  /** A replacement for the protocol's merge. Tests pass a wrong one, to check that the simulation notices it. */
  readonly merge?: typeof mergeListInSteps;
}

type Login = WireLogin<Device>;

/** One request: the tasks it is about, the identity of the connection, and the queue for the answer. */
interface TaskCall {
  readonly tasks: Tasks;
  readonly login: Login;
  readonly to: OrderedResponses;
  readonly ref: Ref;
  readonly client: TaskClient;
}

/** Opens the adapter for plain task clients. A hub has one for all connections. */
export async function openTaskClients(deps: TaskDeps): Promise<TaskClients<Device>> {
  const { hub } = deps;
  const [notes, alive] = await Promise.all([hub.cachedChannel('@hub/devices'), hub.cachedChannel('@hub/processes')]);
  return new TaskRequests(deps, new Devices(notes, alive, hub.world));
}

class TaskRequests implements TaskClients<Device> {
  #deps: TaskDeps;
  #devices: Devices;
  #opened = new Map<string, Promise<Tasks>>();
  /** When a connection was last sent a list that it did not request. */
  #lastUnasked = new WeakMap<OrderedResponses, number>();

  constructor(deps: TaskDeps, devices: Devices) {
    this.#deps = deps;
    this.#devices = devices;
  }

  connect(id: string, account: string): { readonly ok: true; readonly device: Device } | Refusal {
    return this.#devices.connect(id, account);
  }

  disconnect(device: Device, orderly: boolean): void {
    this.#devices.disconnect(device, orderly);
  }

  of(account: string): Promise<Tasks> {
    const known = this.#opened.get(account);
    if (known !== undefined) return known;
    const opening = Tasks.open(this.#deps.hub, account, this.#deps.merge);
    opening
      .then(({ channel }) =>
        channel.listen(
          () => this.#devices.noteSending(),
          () => this.#opened.delete(account),
        ),
      )
      .catch(() => undefined);
    this.#opened.set(account, opening);
    opening.catch(() => this.#opened.delete(account));
    return opening;
  }

  /**
   * @param unreadable the elements of a `write-all` that are not tasks (W7)
   * @param key the item's key, if the request names it; the ack of a create repeats it (S2)
   */
  async handle(
    to: OrderedResponses,
    peer: Peer,
    login: Login,
    request: TaskRequest,
    unreadable: readonly Unreadable[],
    key?: string,
  ): Promise<void> {
    const { ref } = request;
    const { account } = login.identity;
    const client = request.channel === undefined ? (login.device ?? rawClient) : rawClient;
    const learned =
      request.channel === undefined && login.device !== undefined && learnGeneration(login.device, request);
    const verb = request.type === 'read-all' ? 'read' : 'write';
    if (!isAllowed(login.identity, verb, `${account}/tasks`)) {
      return to.enqueueRefusal(refuse('forbidden', '', `this token has no scope ${verb} for tasks`), ref);
    }
    const tasks = await this.of(account);
    const asking = { tasks, login, to, ref, client };
    if (request.type === 'read-all') return this.#readAll(asking);
    const inData = request.type === 'write-all' ? request.data?.sync_version : undefined;
    const writer = {
      device: login.identity.device,
      userId: login.userId,
      client,
      peer,
      version: request.version ?? inData ?? undefined,
      writeId: request.write_id,
      base: baseOf(request.base, tasks.channel),
      crossed: this.#mayCross(to),
    };
    if (request.type === 'write-all') return this.#writeAll(asking, writer, request, unreadable);
    const outcome = this.#write(asking, writer, request, key);
    if ('ok' in outcome) return to.enqueueRefusal(outcome, ref);
    // R4: before this request the client was sent tasks in the form for an unknown generation.
    const shownOtherwise = learned && tasks.differsFor(client.generation);
    const differs = () => shownOtherwise || outcome.differs();
    this.#answerWrite(asking, writer, { ...outcome, differs }, request.type === 'create' ? key : undefined);
  }

  /** R2: replaces a secret at the beginning of `index` by the account, for any token of the account. */
  hideSecret<T>(task: T, account: string): T {
    if (typeof task !== 'object' || task === null || !('index' in task) || typeof task.index !== 'string') return task;
    const secret = task.index.slice(0, Math.max(0, task.index.indexOf('#')));
    if (secret === '' || !this.#deps.accounts.isSecretOf(secret, account)) return task;
    return { ...task, index: account + task.index.slice(secret.length) };
  }

  /** Starts the write synchronously. */
  #write(
    { tasks, login }: TaskCall,
    writer: Writer,
    request: Requests['create' | 'update' | 'delete'],
    key: string | undefined,
  ): Outcome | Refusal {
    const { account } = login.identity;
    const id = request.type === 'create' ? undefined : (request.task_id ?? undefined);
    if (request.type === 'delete') {
      const { index } = this.hideSecret({ index: request.task_index || undefined }, account);
      if (key === undefined && id === undefined && index === undefined) return refuse('missing', 'task id');
      return tasks.delete(writer, { key, id, index });
    }
    const task = this.hideSecret(request.task ?? asTask(request.item), account);
    if (task === undefined) return refuse('missing', 'task');
    if (task.id === 0) return refuse('property', 'id');
    if (request.type === 'create') return tasks.create(writer, task, key);
    if (key === undefined && id === undefined && task.id === undefined && task.index === undefined) {
      return refuse('missing', 'task id');
    }
    return tasks.update(writer, { key, id }, task);
  }

  #answerWrite(asking: TaskCall, writer: Writer, outcome: Outcome, key: string | undefined): void {
    const { to, ref } = asking;
    to.enqueue(async () => {
      const written = await outcome.written.catch((error: unknown) => to.respondToFault(error, ref));
      if (written === undefined || !to.respondToWrite(written, ref, { key })) return;
      // W3, W6: the sender has, or may have, another value than the result.
      const differs = outcome.differs() || this.#mayCross(to);
      const outOfSync = !written.replayed && markWrite(asking, writer, written, differs);
      if ((differs || outOfSync) && !to.isOver) await this.#sendList(asking);
    });
  }

  async #writeAll(
    asking: TaskCall,
    writer: Writer,
    request: Requests['write-all'],
    unreadable: readonly Unreadable[],
  ): Promise<void> {
    const { tasks, login, to, ref } = asking;
    const { account } = login.identity;
    const sent = request.tasks ?? request.data?.tasks;
    const listed = sent && (await inTurns(mapInSteps(sent, (task) => this.hideSecret(task, account))));
    if (listed === undefined) return to.enqueueRefusal(refuse('missing', 'tasks'), ref);
    await to.done();
    const { written, spared, sure } = await tasks.writeAll(writer, login.device, listed, unreadable);
    if (!to.respondToWrite(written, ref, unreadable.length === 0 ? {} : { unreadable: unreadable.map(asAnswered) }))
      return;
    if (unreadable.length > 0 && ref === undefined) to.refuse(unreadableTasks(unreadable), ref);
    if (!written.replayed) {
      login.device?.noteMerge(writer.version, tasks.version, sure);
      // A client whose version is ahead ignores notifications. With the list it takes over the hub's version.
      if (sure === undefined || (writer.version ?? 0) > Math.max(0, tasks.version)) await this.#sendList(asking);
    }
    if (spared > 0) {
      to.refuse(
        refuse('protected', '', `${spared} tasks were not removed: delete them one by one if you mean it`),
        ref,
      );
    }
  }

  /** R1. Waits for the sender's own writes, so that the list contains them. */
  async #readAll({ tasks, login, to, ref, client }: TaskCall): Promise<void> {
    await to.done();
    const all = await tasks.readAll({ userId: login.userId, generation: client.generation });
    // A list that did not arrive is no base.
    if (!(await to.stream(all.pieces(ref)))) return;
    login.device?.noteList(all.seq, all.version, true);
    tasks.markInSync(login.identity.device);
  }

  /** W3, W6, M11 */
  async #sendList({ tasks, login, to, client }: TaskCall): Promise<void> {
    if (!isAllowed(login.identity, 'read', tasks.channel.name)) return;
    const all = await tasks.readAll({ userId: login.userId, generation: client.generation });
    if (to.isOver) return;
    this.#lastUnasked.set(to, this.#deps.hub.world.now());
    if (!(await to.stream(all.pieces()))) return;
    login.device?.noteList(all.seq, all.version, false);
    tasks.markInSync(login.identity.device);
  }

  /** True if a list that the client did not request may have crossed its last write and overwritten that in the client. */
  #mayCross(to: OrderedResponses): boolean {
    const unasked = this.#lastUnasked.get(to);
    return unasked !== undefined && this.#deps.hub.world.now() - unasked <= sureMs;
  }
}

/** M12: notes an accepted write. Returns true if the sender ignores notifications from now on, until it is sent all tasks. */
function markWrite({ tasks, login }: TaskCall, writer: Writer, { changes }: Accepted, differs: boolean): boolean {
  const first = changes[0]?.seq;
  const last = changes.at(-1)?.seq;
  const steps = first === undefined || last === undefined || differs ? undefined : { first, last };
  login.device?.noteWrite(writer.version, steps);
  if (writer.version === undefined || (writer.version <= tasks.version && !tasks.othersWrote(writer.device)))
    return false;
  tasks.markOutOfSync(writer.device);
  return writer.client.generation === 2019;
}

/**
 * R4: derives the generation of the client from its request.
 * @returns true if the generation was unknown before
 */
function learnGeneration(device: Device, request: TaskRequest): boolean {
  const before = device.generation;
  const generation = generationIn(request, before !== 'unknown');
  if (generation !== undefined) device.setGeneration(generation);
  return before === 'unknown' && generation !== undefined;
}

function generationIn(request: TaskRequest, known: boolean): 2018 | 2019 | undefined {
  switch (request.type) {
    case 'create':
      return request.task && generationOf(request.task);
    case 'update':
      // Only 2019 sends the old id in addition to the index.
      if (typeof request.task_id === 'number' && request.task?.index !== undefined) return 2019;
      if (request.task === undefined) return undefined;
      // A client of 2018 repeats the fields of both generations that it was sent.
      if (!known && request.task_id === undefined && hasBothForms(request.task)) return 2018;
      return generationOf(request.task);
    case 'delete':
      if (request.task_index && request.task_id === undefined) return 2019;
      return !known && request.task_id !== undefined && !request.task_index ? 2018 : undefined;
    case 'write-all': {
      // A list may also have tasks that other clients created.
      const all = (request.tasks ?? request.data?.tasks ?? []).map(generationOf);
      const made = new Set(all.filter((one) => one !== undefined));
      return known || made.size !== 1 ? undefined : [...made][0];
    }
    default:
      return undefined;
  }
}

function asAnswered({ place, wrong, id, index }: Unreadable): object {
  return { place, error: wrong, task_id: id, task_index: index };
}

/** W7: the message for a person. */
function unreadableTasks(unreadable: readonly Unreadable[]): Refusal {
  const some = unreadable.slice(0, 3).map(({ place, wrong }) => `${place} (${wrong})`);
  const more = unreadable.length - some.length;
  const which = [...some, ...(more > 0 ? [`${more} more`] : [])].join(', ');
  return refuse('unreadable', `task ${which} of the list`, 'the others are taken, and these stay as they are');
}

function asTask(item: unknown): Task | undefined {
  const decoded = decode(JSON.stringify({ type: 'create', task: item }));
  return decoded.ok && decoded.request.type === 'create' ? decoded.request.task : undefined;
}
