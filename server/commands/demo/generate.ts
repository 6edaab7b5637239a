// Believable days of several people, as their clients would have sent them: heartbeats, buckets with events, tasks, requests to mob rooms.
// Seeded, and with what real exports look like: events of no length, AFK events that overlap, browsers without a host, phones without
// AFK, an editor left open over night, agents side by side.

import { Chance } from './chance.ts';
import { type DemoPersona, type DemoProject, pages, personas, titles } from './people.ts';

/** As ActivityWatch's clients post it. */
export interface DemoEvent {
  readonly timestamp: string;
  /** Seconds. */
  readonly duration: number;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface DemoBucket {
  readonly id: string;
  readonly type: string;
  readonly client: string;
  readonly hostname: string;
  readonly events: readonly DemoEvent[];
}

/** As WakaTime's command line sends it. */
export interface DemoHeartbeat {
  readonly entity: string;
  readonly type: 'file';
  readonly category: string;
  /** Seconds since 1970. */
  readonly time: number;
  readonly project: string;
  readonly branch: string;
  readonly language: string;
  readonly is_write: boolean;
  readonly user_agent: string;
  readonly machine: string;
  readonly ai_session?: string;
}

/** As a Kronos client of 2019 keeps it; times in milliseconds. */
export interface DemoTask {
  readonly id: number;
  readonly desc: string;
  readonly tags: readonly string[];
  readonly start: readonly number[];
  readonly stop: readonly number[];
}

/** A request to a room of the mob timer. */
export interface DemoMobRequest {
  readonly room: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A turn in a room, as everybody who was there remembers it; milliseconds since 1970. */
export interface DemoTurn {
  readonly room: string;
  readonly name: string;
  readonly typist: string;
  readonly goal: string;
  readonly time: number;
  readonly end: number;
}

export interface DemoAccount {
  readonly name: string;
  readonly zone: string;
  readonly mobNames: readonly string[];
  readonly buckets: readonly DemoBucket[];
  readonly heartbeats: readonly DemoHeartbeat[];
  readonly tasks: readonly DemoTask[];
}

export interface Demo {
  readonly accounts: readonly DemoAccount[];
  readonly mob: readonly DemoMobRequest[];
}

export interface DemoOptions {
  readonly seed: number;
  /** The midnight, in UTC, of the first day: milliseconds since 1970. */
  readonly from: number;
  readonly days: number;
  /** The midnight, in UTC, of a day on which everybody works whatever the weekday is. */
  readonly workday?: number;
  /** At most three. */
  readonly people?: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const minuteMs = 60_000;

export function generateDemo({ seed, from, days, workday, people = personas.length }: DemoOptions): Demo {
  const accounts = personas.slice(0, people).map((persona, index) => {
    const author = new DemoAuthor(persona, new Chance(seed * 1_000 + index));
    for (let day = 0; day < days; day += 1) author.addDay(from + day * dayMs, workday);
    return author.account();
  });
  return { accounts, mob: mobRequests(new Chance(seed), from, days) };
}

/** One stretch of work. */
interface Block {
  readonly from: number;
  readonly to: number;
  readonly project: DemoProject;
  readonly kind: 'code' | 'browse' | 'mixed';
}

const shiftHours: ReadonlyMap<string, number> = new Map([
  ['Europe/Berlin', 1],
  ['Asia/Kolkata', 5.5],
  ['America/New_York', -5],
]);

class DemoAuthor {
  readonly #persona: DemoPersona;
  readonly #chance: Chance;
  readonly #windows: DemoEvent[] = [];
  readonly #web: DemoEvent[] = [];
  readonly #afk: DemoEvent[] = [];
  readonly #phone: DemoEvent[] = [];
  readonly #unlocks: DemoEvent[] = [];
  readonly #heartbeats: DemoHeartbeat[] = [];
  readonly #tasks: DemoTask[] = [];

  constructor(persona: DemoPersona, chance: Chance) {
    this.#persona = persona;
    this.#chance = chance;
  }

  addDay(midnight: number, workday: number | undefined): void {
    const { begins, ends, zone, phone, agents } = this.#persona;
    const local = midnight - (shiftHours.get(zone) ?? 0) * hourMs;
    const isWeekend = midnight !== workday && [0, 6].includes(new Date(midnight).getUTCDay());
    if (phone !== null) this.#addPhone(local + 7 * hourMs, local + 23 * hourMs);
    if (isWeekend && !this.#chance.happens(0.2)) return;
    const start = local + begins * hourMs + this.#chance.between(-20, 40) * minuteMs;
    const end = isWeekend ? start + 2 * hourMs : local + ends * hourMs + this.#chance.between(-30, 60) * minuteMs;
    const blocks = this.#blocks(start, end);
    for (const block of blocks) this.#work(block);
    // Until the next morning: on a weekend the work ends early.
    this.#addAbsences(blocks, isWeekend ? 21 : 14);
    this.#addTask(blocks);
    for (let agent = 0; agent < agents; agent += 1) if (this.#chance.happens(0.6)) this.#addAgent(start, end);
    // The editor stays in front over night: one event that goes on, while nobody is there.
    const last = blocks.at(-1);
    if (last !== undefined && this.#chance.happens(0.3)) {
      this.#windows.push(
        event(last.to, (local + dayMs + begins * hourMs - last.to) / 1_000, this.#editorWindow(last.project)),
      );
    }
  }

  account(): DemoAccount {
    const { name, zone, laptop, phone, browser, mobName } = this.#persona;
    const bucket = (client: string, type: string, hostname: string, events: readonly DemoEvent[]): DemoBucket => ({
      id: hostname === 'unknown' ? client : `${client}_${hostname}`,
      type,
      client,
      hostname,
      events,
    });
    const web = `aw-watcher-web-${browser.toLowerCase().replace('google ', '')}`;
    const phones =
      phone === null
        ? []
        : [
            bucket('aw-watcher-android-test', 'currentwindow', phone, this.#phone),
            bucket('aw-watcher-android-unlock', 'os.lockscreen.unlocks', phone, this.#unlocks),
          ];
    return {
      name,
      zone,
      mobNames: mobName === null ? [] : [mobName],
      buckets: [
        bucket('aw-watcher-window', 'currentwindow', laptop, this.#windows),
        bucket('aw-watcher-afk', 'afkstatus', laptop, this.#afk),
        bucket(web, 'web.tab.current', 'unknown', this.#web),
        ...phones,
      ],
      heartbeats: this.#heartbeats,
      tasks: this.#tasks,
    };
  }

  #blocks(start: number, end: number): Block[] {
    const blocks: Block[] = [];
    for (let at = start; at < end; ) {
      const to = Math.min(end, at + this.#chance.between(20, 80) * minuteMs);
      const kind = this.#chance.one(['code', 'code', 'browse', 'mixed'] as const);
      blocks.push({ from: at, to, project: this.#chance.one(this.#persona.projects), kind });
      const isNoon = to - start > 3 * hourMs && at - start < 4 * hourMs;
      at = to + (isNoon ? this.#chance.between(30, 60) : this.#chance.between(0, 12)) * minuteMs;
    }
    return blocks;
  }

  #work({ from, to, project, kind }: Block): void {
    let beat = from;
    for (let at = from; at < to; ) {
      const isCode = kind === 'code' || (kind === 'mixed' && this.#chance.happens(0.5));
      const length = Math.min(this.#chance.glance() * 1_000, to - at);
      if (isCode) this.#windows.push(event(at, length / 1_000, this.#editorWindow(project)));
      else this.#browse(at, length);
      if (isCode && at >= beat) {
        this.#beat(at, project);
        beat = at + this.#chance.between(20, 130) * 1_000;
      }
      at += length + this.#chance.between(0, 2_000);
    }
  }

  #browse(at: number, length: number): void {
    const [url, title] = this.#chance.one(pages);
    this.#windows.push(
      event(at, length / 1_000, { app: this.#persona.browser, title: title || this.#chance.one(titles) }),
    );
    const data = {
      url,
      title,
      audible: this.#chance.happens(0.05),
      incognito: false,
      tabCount: this.#chance.between(3, 40),
    };
    this.#web.push(event(at + 200, Math.max(0, length - 300) / 1_000, data));
  }

  #editorWindow(project: DemoProject): Readonly<Record<string, unknown>> {
    const file = this.#chance.one(project.files);
    if (this.#chance.happens(0.15)) return { app: 'kitty', title: this.#chance.one(titles) };
    return { app: 'code', title: `${file} — ${project.name}` };
  }

  #beat(at: number, { name, folder, language, files, branches }: DemoProject): void {
    const { editor, laptop } = this.#persona;
    this.#heartbeats.push({
      entity: `${folder}/${this.#chance.one(files)}`,
      type: 'file',
      // Some editors call it AI coding though somebody types.
      category: this.#chance.happens(0.1) ? 'ai coding' : 'coding',
      time: at / 1_000,
      project: name,
      branch: this.#chance.one(branches),
      language,
      is_write: this.#chance.happens(0.3),
      user_agent: `wakatime/v1.90.0 (linux-6.1.0-x86_64) go1.22.5 ${editor}`,
      machine: laptop,
    });
  }

  /** Input while there was work, absence between, and the overlaps that real watchers leave behind. */
  #addAbsences(blocks: readonly Block[], nightHours: number): void {
    for (const [index, { from, to }] of blocks.entries()) {
      for (let at = from; at < to; ) {
        const length = Math.min(to - at, this.#chance.between(4, 30) * minuteMs);
        this.#afk.push(event(at, length / 1_000, { status: 'not-afk' }));
        if (this.#chance.happens(0.7)) {
          const again = this.#chance.between(1, Math.max(1, Math.floor(length / 2_000))) * 1_000;
          this.#afk.push(event(at + again, (length - again) / 1_000, { status: 'not-afk' }));
        }
        at += length;
      }
      const next = blocks[index + 1]?.from;
      if (next !== undefined && next - to > 3 * minuteMs)
        this.#afk.push(event(to, (next - to) / 1_000, { status: 'afk' }));
    }
    const last = blocks.at(-1);
    if (last !== undefined) this.#afk.push(event(last.to, (nightHours * hourMs) / 1_000, { status: 'afk' }));
  }

  #addTask(blocks: readonly Block[]): void {
    const block = this.#chance.one(blocks);
    const id = this.#tasks.length + 1;
    const desc = `${this.#chance.one(['mend', 'review', 'write', 'plan'])} ${this.#chance.one(block.project.files)} @${block.project.name}`;
    this.#tasks.push({ id, desc, tags: [block.project.language.toLowerCase()], start: [block.from], stop: [block.to] });
  }

  #addAgent(start: number, end: number): void {
    const project = this.#chance.one(this.#persona.projects);
    const agent = this.#chance.one(['claude-code/1.0 claude-code-wakatime/1.0.0', 'codex/0.9 codex-wakatime/0.4.0']);
    const session = this.#chance.uuid();
    const from = start + this.#chance.number() * (end - start) * 0.6;
    const to = from + this.#chance.between(10, 150) * minuteMs;
    for (let at = from; at < to; at += this.#chance.between(5, 100) * 1_000) {
      this.#heartbeats.push({
        entity: `${project.folder}/${this.#chance.one(project.files)}`,
        type: 'file',
        category: 'ai coding',
        time: Math.round(at) / 1_000,
        project: project.name,
        branch: this.#chance.one(project.branches),
        language: project.language,
        is_write: true,
        user_agent: `wakatime/v1.90.0 (linux-6.1.0-x86_64) go1.22.5 ${agent}`,
        machine: this.#persona.laptop,
        ai_session: session,
      });
    }
  }

  #addPhone(from: number, to: number): void {
    for (let at = from; at < to; at += this.#chance.between(15, 120) * minuteMs) {
      this.#unlocks.push(event(at, 0, {}));
      const app = this.#chance.one(['Messages', 'Карта', 'カメラ', 'Podcasts']);
      this.#phone.push(
        event(at + 2_000, this.#chance.between(5, 240), {
          app,
          package: `org.example.${this.#chance.between(1, 9)}`,
          classname: '',
        }),
      );
    }
  }
}

function event(at: number, duration: number, data: Readonly<Record<string, unknown>>): DemoEvent {
  return { timestamp: new Date(Math.round(at)).toISOString(), duration: Math.round(duration * 1_000) / 1_000, data };
}

function mobRequests(chance: Chance, from: number, days: number): readonly DemoMobRequest[] {
  const requests: DemoMobRequest[] = [];
  const names = personas.flatMap(({ mobName }) => (mobName === null ? [] : [mobName]));
  for (let day = 0; day < days; day += 1) {
    if (!chance.happens(0.5)) continue;
    let at = from + day * dayMs + 13 * hourMs + chance.between(0, 60) * minuteMs;
    requests.push({ room: 'garden', at, body: { goal: 'watering on balconies', user: names[0] } });
    for (let turn = 0; turn < 8; turn += 1) {
      requests.push({ room: 'garden', at, body: { timer: 10, user: names[turn % names.length] } });
      at += 10 * minuteMs + chance.between(0, 60) * 1_000;
      if (turn !== 3) continue;
      requests.push({ room: 'garden', at, body: { breaktimer: 5, user: names[0] } });
      at += 6 * minuteMs;
    }
  }
  return requests;
}

/** The turns that the requests to rooms made, as a person by one of the names remembers them. */
export function turnsOf(requests: readonly DemoMobRequest[], name: string): readonly DemoTurn[] {
  let goal = '';
  return requests.flatMap(({ room, at, body }, index): DemoTurn[] => {
    const { goal: newGoal, timer, user } = body;
    if (typeof newGoal === 'string') goal = newGoal;
    if (typeof timer !== 'number' || typeof user !== 'string') return [];
    const next = requests[index + 1]?.at ?? Number.POSITIVE_INFINITY;
    return [{ room, name, typist: user, goal, time: at, end: Math.min(next, at + timer * minuteMs) }];
  });
}
