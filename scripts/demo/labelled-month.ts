// A month of one person with the answer attached: for each stretch of work the project that it was really about, also where no evidence
// says so. Seeded. A given part of the evidence contradicts the label, as a page that was only glanced at does.

import { Chance } from '../../server/commands/demo/chance.ts';
import { type LabelledProject, labelledProjects } from './labelled-projects.ts';

/** An item of a channel; microseconds since 1970. */
export interface LabelledItem {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
  readonly time?: number;
  readonly end?: number;
}

export interface TimeLabel {
  readonly from: number;
  readonly to: number;
  /** null: it was no work on any project. */
  readonly project: string | null;
}

export interface LabelledMonth {
  readonly channels: ReadonlyMap<string, readonly LabelledItem[]>;
  readonly labels: readonly TimeLabel[];
}

export interface LabelledMonthOptions {
  readonly seed: number;
  /** `2026-03-01` */
  readonly from: string;
  readonly days: number;
  /** The part of the evidence that speaks for another project than the label. */
  readonly contradictory: number;
}

const minute = 60_000_000;
const hour = 60 * minute;
const device = 'anvil';

export function generateLabelledMonth(options: LabelledMonthOptions): LabelledMonth {
  const author = new MonthAuthor(options);
  const midnight = Date.parse(`${options.from}T00:00:00Z`) * 1_000;
  for (let day = 0; day < options.days; day += 1) author.addDay(midnight + day * 24 * hour);
  return author.month();
}

interface MonthTask {
  readonly id: number;
  readonly words: string;
  readonly project: LabelledProject;
  readonly start: number[];
  readonly stop: number[];
}

/** Work on one thing for some time. */
interface WorkBlock {
  readonly from: number;
  readonly to: number;
  readonly project: LabelledProject;
  readonly task: MonthTask;
  /** Nothing that was looked at names the project or a task. */
  readonly isVague: boolean;
}

const generalPages: readonly (readonly [url: string, title: string])[] = [
  ['https://docs.example.org/types', 'Types – Documentation'],
  ['https://search.example.org/?q=array+at', 'array at - Search'],
  ['https://questions.example.org/4711', 'How to sort a list - Questions'],
  ['https://mail.example.com/inbox', 'Inbox (3)'],
  ['https://calendar.example.com/week', 'Week 12 - Calendar'],
];
const privatePages: readonly (readonly [url: string, title: string])[] = [
  ['https://news.example.com/', 'ニュース'],
  ['https://video.example.com/watch?v=1', 'فيلم قصير'],
  ['https://map.example.org/#12/52.5/13.4', 'Карта'],
  ['https://shop.example.com/shoes', 'Shoes for winter'],
];
const generalTitles = ['zsh', 'htop', 'general | Chat', 'Terminal', '', 'Downloads', 'Notes'];

class MonthAuthor {
  readonly #chance: Chance;
  readonly #contradictory: number;
  readonly #projects: readonly LabelledProject[];
  readonly #tasks: readonly MonthTask[];
  readonly #registered: readonly LabelledProject[];
  readonly #channels = new Map<string, LabelledItem[]>();
  readonly #labels: TimeLabel[] = [];
  #keys = 0;
  /** Evidence that contradicts comes in short runs. */
  #astray: { readonly project: LabelledProject; left: number } | undefined;

  constructor({ seed, contradictory }: LabelledMonthOptions) {
    this.#chance = new Chance(seed);
    this.#contradictory = contradictory;
    const left = [...labelledProjects];
    this.#projects = Array.from({ length: this.#chance.between(3, 4) }, () => {
      const chosen = this.#chance.one(left);
      left.splice(left.indexOf(chosen), 1);
      return chosen;
    });
    this.#registered = this.#projects.filter(() => this.#chance.happens(0.7));
    let id = this.#chance.between(1, 5);
    this.#tasks = this.#projects.flatMap((project) =>
      project.topics.map((words) => {
        id += this.#chance.between(1, 4);
        return { id, words, project, start: [], stop: [] };
      }),
    );
  }

  addDay(midnight: number): void {
    if ([0, 6].includes(new Date(midnight / 1_000).getUTCDay())) return;
    let at = midnight + 9 * hour + this.#chance.between(-20, 40) * minute;
    const end = midnight + 17 * hour + this.#chance.between(-20, 60) * minute;
    let project = this.#chance.one(this.#projects);
    while (at < end) {
      const to = Math.min(end, at + this.#chance.between(20, 70) * minute);
      if (this.#chance.happens(0.07)) this.#rest(at, to);
      else {
        if (this.#chance.happens(0.55)) project = this.#chance.one(this.#projects);
        const own = project;
        const task = this.#chance.one(this.#tasks.filter((one) => one.project === own));
        this.#work({ from: at, to, project, task, isVague: this.#chance.happens(0.4) });
      }
      this.#put('aw/aw-watcher-afk_anvil', { status: 'not-afk' }, at, to);
      const pause = (this.#chance.happens(0.15) ? this.#chance.between(30, 60) : this.#chance.between(0, 9)) * minute;
      if (pause > 0) this.#put('aw/aw-watcher-afk_anvil', { status: 'afk' }, to, to + pause);
      at = to + pause;
    }
  }

  month(): LabelledMonth {
    const bucket = (client: string, type: string): LabelledItem => {
      const id = `${client}_${device}`;
      const value = { id, type, client, hostname: device, created: '', order: 1, data: {}, device: '' };
      return { key: `bucket/${id}`, value };
    };
    const buckets = [
      bucket('aw-watcher-window', 'currentwindow'),
      bucket('aw-watcher-web-firefox', 'web.tab.current'),
      bucket('aw-watcher-afk', 'afkstatus'),
    ];
    const tasks = this.#tasks.map(({ id, words, project, start, stop }): LabelledItem => {
      const moments = (all: readonly number[]) => all.map((at) => Math.round(at / 1_000));
      return {
        key: `task-${id}`,
        value: { id, desc: `${words} @${project.name}`, start: moments(start), stop: moments(stop) },
      };
    });
    const projects = this.#registered.map(({ name, aliases }): LabelledItem => ({ key: name, value: { aliases } }));
    const channels = new Map<string, readonly LabelledItem[]>([
      ['aw', buckets],
      ['tasks', tasks],
      ['projects', projects],
      ...this.#channels,
    ]);
    return { channels, labels: this.#labels };
  }

  /** No work at all, though somebody is there. */
  #rest(from: number, to: number): void {
    this.#labels.push({ from, to, project: null });
    this.#fill(from, to, (at, end) => this.#page(at, end, this.#chance.one(privatePages)));
  }

  #work(block: WorkBlock): void {
    const { from, to, project, task } = block;
    this.#labels.push({ from, to, project: project.name });
    // Sometimes the task is timed, and sometimes that is stopped before the work ends.
    if (this.#chance.happens(0.15)) {
      const stop = this.#chance.happens(0.4) ? from + (to - from) * 0.6 : to;
      task.start.push(from);
      task.stop.push(stop);
    }
    const kind = this.#chance.one(['code', 'code', 'research', 'research', 'half'] as const);
    const middle = kind === 'code' ? to : kind === 'half' ? from + (to - from) / 2 : from;
    this.#code({ ...block, to: middle });
    this.#fill(middle, to, (at, end) => {
      if (this.#chance.happens(0.6)) this.#browse(at, end, block);
      else this.#window(at, end, 'kitty', this.#terminalTitle(block));
    });
  }

  /** Calls `act` with one short span after the other, as long as people look at one thing. */
  #fill(from: number, to: number, act: (at: number, end: number) => void): void {
    for (let at = from; at < to; ) {
      const end = Math.min(to, at + Math.round((this.#chance.glance() + 4) * 1_000_000));
      act(at, end);
      at = end + this.#chance.between(0, 2) * 1_000_000;
    }
  }

  #code({ from, to, project, task }: WorkBlock): void {
    let beat = from;
    this.#fill(from, to, (at, end) => {
      const file = this.#chance.one(project.files);
      this.#window(at, end, 'code', `${file} — ${project.name}`);
      if (at < beat) return;
      beat = at + this.#chance.between(20, 130) * 1_000_000;
      const branch = this.#chance.happens(0.5) ? `${task.id}-${task.words.split(' ').slice(-1)}` : 'main';
      const entity = `/home/dev/src/${project.name}/${file}`;
      const value = { entity, type: 'file', category: 'coding', project: project.name, branch, machine: device };
      this.#put('wakatime', { ...value, language: 'Text' }, at);
    });
  }

  /** The project that an item speaks for: mostly the one of the label. */
  #spokenFor({ project, task }: WorkBlock): Pick<WorkBlock, 'project' | 'task'> {
    if (this.#astray === undefined && this.#chance.happens(this.#contradictory / 2)) {
      const others = this.#projects.filter((one) => one !== project);
      this.#astray = { project: this.#chance.one(others), left: this.#chance.between(1, 3) };
    }
    const astray = this.#astray;
    if (astray === undefined) return { project, task };
    astray.left -= 1;
    if (astray.left <= 0) this.#astray = undefined;
    if (astray.project === project) return { project, task };
    return {
      project: astray.project,
      task: this.#chance.one(this.#tasks.filter((one) => one.project === astray.project)),
    };
  }

  #browse(at: number, end: number, block: WorkBlock): void {
    const { project, task } = this.#spokenFor(block);
    const topic = this.#chance.one(project.words);
    const file = this.#chance.one(project.files);
    const naming: (readonly [string, string])[] = [
      [`https://issues.example.org/${project.name}/${task.id}`, `${task.words} · Issue #${task.id}`],
      [`https://git.example.org/${project.name}/blob/main/${file}`, file],
    ];
    const [url, title] = this.#chance.one<readonly [string, string]>([
      ...(block.isVague ? [] : naming),
      [`https://search.example.org/?q=${topic.replaceAll(' ', '+')}`, `${topic} - Search`],
      [`https://reading.example.org/${topic.replaceAll(' ', '-')}`, `All about ${topic}`],
      this.#chance.one(generalPages),
      this.#chance.one(generalPages),
      this.#chance.one(generalPages),
    ]);
    this.#page(at, end, [url, title]);
  }

  #page(at: number, end: number, [url, title]: readonly [url: string, title: string]): void {
    this.#window(at, end, 'firefox', title);
    this.#put('aw/aw-watcher-web-firefox_anvil', { url, title }, at, end);
  }

  #terminalTitle(block: WorkBlock): string {
    const { project, task } = this.#spokenFor(block);
    const naming = [
      `dev@anvil: ~/src/${project.name}`,
      `git checkout ${task.id}-${task.words.split(' ').slice(-1)}`,
      `${this.#chance.one(project.aliases)} | Chat`,
    ];
    return this.#chance.one([
      ...(block.isVague ? [] : naming),
      `vim ${this.#chance.one(project.files)}`,
      this.#chance.one(generalTitles),
      this.#chance.one(generalTitles),
      this.#chance.one(generalTitles),
    ]);
  }

  #window(at: number, end: number, app: string, title: string): void {
    this.#put('aw/aw-watcher-window_anvil', { app, title }, at, end);
  }

  #put(channel: string, value: Readonly<Record<string, unknown>>, from: number, to?: number): void {
    this.#keys += 1;
    const items = this.#channels.get(channel) ?? [];
    this.#channels.set(channel, items);
    const time = Math.round(from);
    items.push({ key: String(this.#keys), value, time, ...(to === undefined ? {} : { end: Math.round(to) }) });
  }
}
