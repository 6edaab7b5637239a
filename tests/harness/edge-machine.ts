// The requests of one machine's watchers during a working day, in order, from a seed. A request may use the id of an event that an
// earlier request created, as the stopwatch of the web UI does.

import { ask } from './edge.ts';

export interface Turn {
  readonly method: 'POST' | 'DELETE';
  readonly path: (id: number) => string;
  readonly body?: (id: number) => unknown;
  /** Remembers the id in the response under this name. */
  readonly makes?: string;
  /** The name of the remembered id that `path` and `body` get. */
  readonly needs?: string;
}

const titles = ['mail', 'plan.md', 'terminal', 'a talk — slides'];
const start = Date.UTC(2026, 0, 5, 8);

export function bucketsOf(host: string): readonly Turn[] {
  const bucket = (id: string, type: string, hostname: string): Turn => ({
    method: 'POST',
    path: () => `/api/0/buckets/${id}`,
    body: () => ({ client: id.split('_')[0], type, hostname }),
  });
  return [
    bucket(`aw-watcher-window_${host}`, 'currentwindow', host),
    bucket(`aw-watcher-afk_${host}`, 'afkstatus', host),
    bucket('aw-watcher-web-chrome', 'web.tab.current', 'unknown'),
    bucket('aw-stopwatch', 'general.stopwatch', 'unknown'),
  ];
}

export function dayOf(host: string, random: () => number, length: number): readonly Turn[] {
  const turns: Turn[] = [];
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  const at = (ms: number) => new Date(start + ms).toISOString();
  const beat = (bucket: string, pulsetime: number, event: object): Turn => ({
    method: 'POST',
    path: () => `/api/0/buckets/${bucket}/heartbeat?pulsetime=${pulsetime}`,
    body: () => event,
  });
  let now = 0;
  for (let turn = 0; turn < length; turn += 1) {
    now += Math.floor(random() * 4_000);
    const roll = random();
    if (roll < 0.5) {
      const data = { app: 'app', title: `${pick(titles)} ${host}` };
      turns.push(beat(`aw-watcher-window_${host}`, 3, { timestamp: at(now), duration: 0, data }));
    } else if (roll < 0.65) {
      // An absence: heartbeats with the same start and a growing duration.
      const start = at(now);
      for (const duration of [5, 10, 15]) {
        turns.push(beat(`aw-watcher-afk_${host}`, 185, { timestamp: start, duration, data: { status: 'afk' } }));
      }
      now += 15_000;
    } else if (roll < 0.85) {
      const data = { url: `https://${host}.example/${Math.floor(random() * 3)}`, title: 't', audible: false };
      turns.push(beat('aw-watcher-web-chrome', 60, { timestamp: at(now), data }));
    } else if (roll < 0.92) {
      const name = `watch ${turn}`;
      const event = { timestamp: at(now), data: { label: name, running: true } };
      turns.push({ ...beat('aw-stopwatch', 1, event), makes: name });
      turns.push({
        method: 'POST',
        path: () => '/api/0/buckets/aw-stopwatch/events',
        body: (id) => ({ ...event, id, duration: 7.5, data: { label: name, running: false } }),
        needs: name,
      });
      if (random() < 0.3) {
        turns.push({ method: 'DELETE', path: (id) => `/api/0/buckets/aw-stopwatch/events/${id}`, needs: name });
      }
    } else {
      const events = [1, 2, 3].map((n) => ({ timestamp: at(now + n), duration: n / 8, data: { n, host } }));
      turns.push({ method: 'POST', path: () => `/api/0/buckets/aw-watcher-window_${host}/events`, body: () => events });
    }
  }
  return turns;
}

/** Sends the requests one after the other. */
export class Machine {
  #url: () => string;
  #headers: Readonly<Record<string, string>>;
  #made = new Map<string, number>();

  /** @param token needed when it sends to the hub, not to an edge */
  constructor(url: () => string, token?: string) {
    this.#url = url;
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  async say({ method, path, body, makes, needs = '' }: Turn): Promise<void> {
    const id = this.#made.get(needs) ?? 0;
    const answer = await ask(this.#url(), method, path(id), body?.(id), this.#headers);
    if (answer.status !== 200) throw new Error(`${method} ${path(id)}: ${answer.status} ${answer.text}`);
    if (makes !== undefined) this.#made.set(makes, answer.value.id);
  }
}
