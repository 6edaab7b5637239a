// One seeded day of the idle guard against a whole hub: devices whose AFK sources start late, sleep, wake and have a wrong clock, evidence
// that arrives late, tasks that start and stop, answers of two devices at once, restarts. What must be asked is computed apart from the
// hub, minute by minute. Contract: the idle guard asks about every absence of all devices that is longer than the idle limit within the run of
// a task, once.

import type { QuestionAnswer, QuestionView } from '../../protocol/day-questions.ts';
import { DayHub } from '../harness/day-hub.ts';
import { eventually } from '../harness/eventually.ts';
import { seeded } from '../harness/world.ts';

/** The idle limit of an account without settings, and how far before a task an absence is read, in minutes. */
const [idleLimit, margin] = [5, 60];
const minuteUs = 60_000_000;
const afkTypes = { afk: 'afk', input: 'not-afk' } as const;

type Report = keyof typeof afkTypes;

/** A device as its watcher sees it. */
interface SimulatedDevice {
  readonly name: string;
  /** Its first minute with a watcher. */
  readonly from: number;
  /** The reports to the hub about each minute of the day; reported input wins over absence. */
  readonly reports: Map<number, Report>;
  /** The reports that the watcher has not sent yet. */
  readonly unsent: Map<number, Report>;
  state: Report | 'asleep';
}

interface SimulatedTask {
  readonly key: string;
  /** Minute of the day at which it began to run; undefined if it does not. */
  started: number | undefined;
  /** Seconds. */
  worktime: number;
  /** True if the hub has it. */
  isStored: boolean;
}

interface Answered {
  readonly key: string;
  readonly task: string;
  readonly started: number;
  readonly from: number;
  readonly to: number;
}

export class GuardSimulation {
  readonly #seed: number;
  readonly #random: () => number;
  readonly #devices: SimulatedDevice[];
  readonly #tasks: SimulatedTask[];
  readonly #answered: Answered[] = [];
  #hub: DayHub;
  #now = 8 * 60;
  counts = { asked: 0, answered: 0, restarts: 0, late: 0, jumps: 0, together: 0 };

  private constructor(seed: number, hub: DayHub) {
    this.#seed = seed;
    this.#hub = hub;
    this.#random = seeded(seed);
    this.#devices = ['laptop', 'tower', 'phone'].slice(0, 1 + this.#below(3)).map((name, index) => ({
      name,
      from: this.#now + (index === 0 ? 0 : this.#below(180)),
      reports: new Map(),
      unsent: new Map(),
      state: 'input',
    }));
    this.#tasks = ['t1', 't2']
      .slice(0, 1 + this.#below(2))
      .map((key) => ({ key, started: undefined, worktime: 0, isStored: false }));
  }

  /** @throws an error that begins with the seed if the guard asked too much, too little or twice */
  static async run(seed: number): Promise<GuardSimulation['counts']> {
    const simulation = new GuardSimulation(seed, await DayHub.onDisk());
    try {
      await simulation.#runDay();
      return simulation.counts;
    } catch (error) {
      throw new Error(
        `seed ${seed}, minute ${simulation.#now}: ${error instanceof Error ? error.message : String(error)}`,
      );
    } finally {
      await simulation.#hub.end();
    }
  }

  async #runDay(): Promise<void> {
    await this.#start(this.#tasks[0] ?? fail('no task'));
    while (this.#now < 22 * 60) {
      await this.#passMinutes();
      await this.#report();
      await this.#act();
      await this.#compare();
    }
    await this.#guardAgrees();
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  /** The clock goes on by some minutes; now and then by hours, as after a suspend: no device reports of them. */
  async #passMinutes(): Promise<void> {
    const begin = this.#now;
    const isJump = this.#random() < 0.06;
    this.#now += isJump ? 60 + this.#below(120) : 1 + this.#below(14);
    if (isJump) this.counts.jumps += 1;
    for (const device of this.#devices) {
      if (device.state !== 'asleep' && !isJump)
        for (let at = Math.max(begin, device.from); at < this.#now; at += 1) device.unsent.set(at, device.state);
      if (this.#random() < 0.35) device.state = (['input', 'afk', 'afk', 'asleep'] as const)[this.#below(4)] ?? 'input';
    }
    this.#hub.moveTo(clock(this.#now));
    await this.#hub.write({ type: 'ping' });
  }

  /** Each device sends what it has not sent; one that is late keeps it, one in ten has a clock that is an hour ahead. */
  async #report(): Promise<void> {
    for (const device of this.#devices) {
      if (this.#random() < 0.2) {
        this.counts.late += 1;
        continue;
      }
      if (this.#random() < 0.04)
        for (let at = this.#now + 30; at < this.#now + 40; at += 1) device.unsent.set(at, 'input');
      for (const [from, to, report] of spansOf(device.unsent)) {
        const data = { status: afkTypes[report] };
        await this.#hub.events(`aw-watcher-afk_${device.name}`, 'afkstatus', [[clock(from), clock(to), data]]);
        for (let at = from; at < to; at += 1) if (device.reports.get(at) !== 'input') device.reports.set(at, report);
      }
      device.unsent.clear();
    }
  }

  async #act(): Promise<void> {
    const chance = this.#random();
    const task = this.#tasks[this.#below(this.#tasks.length)] ?? fail('no task');
    if (chance < 0.15) await (task.started === undefined ? this.#start(task) : this.#stop(task));
    else if (chance < 0.45) await this.#answer();
    else if (chance < 0.5) await this.#restart();
  }

  async #start(task: SimulatedTask): Promise<void> {
    task.started = this.#now;
    await this.#write(task);
  }

  async #stop(task: SimulatedTask): Promise<void> {
    task.worktime += (this.#now - (task.started ?? this.#now)) * 60;
    task.started = undefined;
    await this.#write(task);
  }

  async #write(task: SimulatedTask): Promise<void> {
    const type = task.isStored ? 'update' : 'create';
    task.isStored = true;
    const active = task.started === undefined ? 0 : this.#hub.s(clock(task.started));
    const item = {
      id: Number(task.key.slice(1)),
      desc: task.key,
      active,
      last_active: 0,
      worktime: task.worktime,
      due: 0,
      done: 0,
      tags: [],
    };
    await this.#hub.write({ type, channel: 'tasks', key: task.key, item });
  }

  /** One device answers, or two at once with different answers: one of them counts, and the other hears which. */
  async #answer(): Promise<void> {
    const asked = await this.#asked();
    const question = asked[this.#below(asked.length)];
    if (question === undefined) return;
    const first = this.#below(3);
    const isTogether = this.#random() < 0.5;
    const answers = isTogether ? [first, (first + 1) % 3] : [first];
    if (isTogether) this.counts.together += 1;
    const given = answers.map((index) => question.answers[index] ?? fail('no answer'));
    const done = await Promise.allSettled(
      given.map((answer) => this.#hub.post('/-/questions', { key: question.key, answer }, {}, 200)),
    );
    const winners = given.filter((_, index) => done[index]?.status === 'fulfilled');
    const [winner] = winners;
    if (winner === undefined || winners.length > 1) fail(`${winners.length} of the answers ${given} counted`);
    for (const { status, ...rest } of done) {
      if (status === 'rejected' && !String(Object(rest).reason).includes(`it was answered with ${winner}`))
        fail(`the other device hears ${Object(rest).reason}`);
    }
    await this.#apply(question, winner);
  }

  async #apply({ key, task: name, from, to }: QuestionView, answer: QuestionAnswer): Promise<void> {
    const task = this.#tasks.find((one) => one.key === name) ?? fail(`a question about ${name}`);
    const [begin, end] = [this.#minuteOf(from), to === null ? this.#now : this.#minuteOf(to)];
    const started = task.started ?? fail(`a question about ${name}, which does not run`);
    this.counts.answered += 1;
    this.#answered.push({ key, task: name ?? '', started, from: begin, to: end });
    if (answer === 'keep') return;
    task.worktime += (begin - started) * 60;
    task.started = answer === 'split' ? end : undefined;
    const [item] = await this.#hub.node.store.read('owner/tasks', { key: task.key });
    const { active, worktime } = JSON.parse(item?.value ?? '{}');
    const wanted = {
      active: task.started === undefined ? 0 : this.#hub.s(clock(task.started)),
      worktime: task.worktime,
    };
    if (active !== wanted.active || worktime !== wanted.worktime)
      fail(
        `after ${answer} the task is ${JSON.stringify({ active, worktime })} and should be ${JSON.stringify(wanted)}`,
      );
  }

  async #restart(): Promise<void> {
    this.counts.restarts += 1;
    const before = JSON.stringify(await this.#asked());
    this.#hub = await this.#hub.restart();
    const after = JSON.stringify(await this.#asked());
    if (after !== before) fail(`before the restart ${before}, after it ${after}`);
  }

  #minuteOf(us: number): number {
    const minute = (us - this.#hub.us('00:00')) / minuteUs;
    return Number.isInteger(minute) ? minute : fail(`a question begins or ends at minute ${minute}`);
  }

  /** The questions about absences, as a device that asks gets them. */
  async #asked(): Promise<readonly QuestionView[]> {
    const { questions } = await this.#hub.get('/-/questions');
    return questions.filter(({ kind }: QuestionView) => kind === 'idle');
  }

  /** True if all devices that have said something were away in each minute so far, from `begin` on. */
  #awayMinutes(begin: number): ReadonlySet<number> {
    const away = new Set<number>();
    for (let at = begin; at < this.#now; at += 1) {
      let [isAway, isThere] = [false, false];
      for (const { reports } of this.#devices) {
        let word: Report | undefined;
        for (let before = at; before >= begin && word === undefined; before -= 1) word = reports.get(before);
        isThere ||= reports.get(at) === 'input';
        isAway ||= word === 'afk';
      }
      if (isAway && !isThere) away.add(at);
    }
    return away;
  }

  async #compare(): Promise<void> {
    const asked = await this.#asked();
    const running = this.#tasks.filter(({ started }) => started !== undefined);
    const begin = Math.min(...running.map(({ started }) => started ?? 0)) - margin;
    const stretches = running.length === 0 ? [] : stretchesOf(this.#awayMinutes(begin));
    const wanted = running.flatMap(({ key, started = 0 }) =>
      stretches.flatMap(([from, to]) => {
        const begins = Math.max(from, started);
        const isAnswered = this.#answered.some(
          (given) => given.task === key && given.started === started && given.from < to && given.to > begins,
        );
        return to - from <= idleLimit || to - begins <= idleLimit || isAnswered ? [] : [`${key} ${begins} ${to}`];
      }),
    );
    const found = asked.map(
      ({ task, from, to }) => `${task} ${this.#minuteOf(from)} ${to === null ? this.#now : this.#minuteOf(to)}`,
    );
    if (found.sort().join(', ') !== wanted.sort().join(', '))
      fail(`asked is [${found.join(', ')}] and should be [${wanted.join(', ')}]`);
    for (const { key } of asked)
      if (this.#answered.some((given) => given.key === key)) fail(`${key} was answered and is asked again`);
    this.counts.asked += asked.length;
  }

  /** The item that the guard writes for followers, though nobody looks. */
  async #guardAgrees(): Promise<void> {
    const keysOf = (questions: readonly QuestionView[]) => questions.map(({ key }) => key).join();
    await eventually(async () => {
      this.#hub.world.pass(60_000);
      const [item] = await this.#hub.node.store.read('owner/day/2026-11-28', { key: 'questions' });
      const written = item === undefined ? [] : JSON.parse(item.value).questions;
      const { questions } = await this.#hub.get('/-/questions');
      return keysOf(written) === keysOf(questions.filter(({ kind }: QuestionView) => kind !== 'unexplained'));
    }, `seed ${this.#seed}: the guard to have written what is asked`);
  }
}

function fail(why: string): never {
  throw new Error(why);
}

/** `08:05` of a minute of the day; hours go on after 24. */
function clock(minute: number): string {
  return `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, '0')}`;
}

/** Neighbouring minutes with one report. */
function* spansOf(
  reports: ReadonlyMap<number, Report>,
): Generator<readonly [from: number, to: number, report: Report]> {
  const minutes = [...reports.keys()].sort((a, b) => a - b);
  let begin = 0;
  for (let index = 1; index <= minutes.length; index += 1) {
    const [first = 0, last = 0, next = 0] = [minutes[begin], minutes[index - 1], minutes[index]];
    if (next === last + 1 && reports.get(next) === reports.get(first)) continue;
    yield [first, last + 1, reports.get(first) ?? fail('a minute without a report')];
    begin = index;
  }
}

/** Runs of minutes, with the minute after their last. */
function stretchesOf(minutes: ReadonlySet<number>): readonly (readonly [from: number, to: number])[] {
  const sorted = [...minutes].sort((a, b) => a - b);
  return sorted
    .filter((minute) => !minutes.has(minute - 1))
    .map((from) => {
      let to = from;
      while (minutes.has(to)) to += 1;
      return [from, to];
    });
}
