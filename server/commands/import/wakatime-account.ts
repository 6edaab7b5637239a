// Reads heartbeats from a live account of WakaTime, Wakapi or a compatible server: day by day, within the server's rate limit.

import { errorMessage } from '../../../protocol/error-message.ts';
import { parseJson } from '../../../protocol/json.ts';
import type { World } from '../../core/world.ts';
import { ImportError } from './hub.ts';
import { fieldsOf } from './json.ts';
import { type HeartbeatBatch, type HeartbeatSource, type IdNames, pause, withNames } from './wakatime-source.ts';

/** Below the ten requests a second that WakaTime allows. */
const betweenMs = 150;
const maxAttempts = 6;
const longestWaitMs = 60_000;
const dayMs = 86_400_000;
const batchSize = 1_000;

/** Possible paths of the API below the address that the user gives. */
const apiPaths = ['', '/api/v1', '/api/compat/wakatime/v1', '/compat/wakatime/v1'];

type Answer = { readonly status: number; readonly body: unknown };

export class WakatimeAccount implements HeartbeatSource {
  readonly identity: string;
  readonly remarks: string[] = [];
  readonly #base: string;
  readonly #key: string;
  readonly #world: World;
  #names: IdNames = { agents: new Map(), machines: new Map() };

  private constructor(base: string, key: string, world: World) {
    this.identity = `${base} ${key}`;
    this.#base = base;
    this.#key = key;
    this.#world = world;
  }

  /**
   * Finds the API and checks the key.
   * @param url the server's address, with or without a path such as `/api/v1`
   */
  static async open(url: string, key: string, world: World): Promise<WakatimeAccount> {
    let refused = false;
    for (const path of apiPaths) {
      const account = new WakatimeAccount(url.replace(/\/+$/, '') + path, key, world);
      const { status, body } = await account.#get('users/current', 1);
      if (status === 200 && 'data' in fieldsOf(body)) return account;
      refused ||= status === 401 || status === 403;
    }
    if (refused) throw new ImportError(`${url} refuses the key: copy it from the settings of your account there.`);
    throw new ImportError(
      `${url} does not answer as WakaTime or Wakapi do: give the address of the server or of its API.`,
    );
  }

  async names(): Promise<IdNames> {
    const agents = await this.#all('users/current/user_agents');
    const machines = await this.#all('users/current/machine_names');
    this.#names = { agents, machines };
    return this.#names;
  }

  async *batches(mark: string): AsyncGenerator<HeartbeatBatch> {
    await this.names();
    const { body } = await this.#getOrThrow('users/current/all_time_since_today');
    const range = fieldsOf(fieldsOf(fieldsOf(body)['data'])['range']);
    const [first, last] = [dateOf(range['start_date']), dateOf(range['end_date'])];
    if (first === undefined || last === undefined) throw new ImportError('The account has no heartbeats yet.');
    let hidden = 0;
    const begin = dateOf(mark) ?? first;
    // One more day, because the account's time zone may be ahead.
    for (let date = begin; date <= nextDate(last); date = nextDate(date)) {
      const { status, body: day } = await this.#getOrThrow(`users/current/heartbeats?date=${date}`);
      if (status === 402) hidden += 1;
      const list = fieldsOf(day)['data'];
      const heartbeats = (Array.isArray(list) ? list : []).map((one) => withNames(fieldsOf(one), this.#names));
      for (let at = 0; at < heartbeats.length; at += batchSize) {
        yield { heartbeats: heartbeats.slice(at, at + batchSize), mark: date, at: date };
      }
      yield { heartbeats: [], mark: date, at: date };
    }
    if (hidden > 0) {
      this.remarks.push(
        `Your plan there does not show ${hidden === 1 ? 'one day' : `${hidden} days`}: request a data dump in its settings, and import the file ` +
          'with the same --api-key, which resolves the editor ids in it.',
      );
    }
  }

  /** All pages of a list of `{id, value}`, as names by id. */
  async #all(path: string): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    for (let page = 1, pages = 1; page <= pages; page += 1) {
      const { status, body } = await this.#get(`${path}?page=${page}`);
      // Wakapi lacks some lists, and sends names instead of ids.
      if (status !== 200) break;
      const { data, total_pages: total } = fieldsOf(body);
      for (const one of Array.isArray(data) ? data : []) {
        const { id, value, name } = fieldsOf(one);
        const label = value ?? name;
        if (typeof id === 'string' && typeof label === 'string') found.set(id, label);
      }
      if (typeof total === 'number') pages = total;
    }
    return found;
  }

  async #getOrThrow(path: string): Promise<Answer> {
    const answer = await this.#get(path);
    if (answer.status < 400 || answer.status === 402) return answer;
    throw new ImportError(`${this.#base} answered ${answer.status} to ${path}.`);
  }

  /** Requests a path. Waits and retries if the server fails, is busy, or limits the rate. */
  async #get(path: string, attempts = maxAttempts): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      await pause(this.#world, betweenMs);
      let wait = Math.min(longestWaitMs, 1_000 * 2 ** attempt);
      try {
        const answer = await fetch(`${this.#base}/${path}`, {
          headers: { authorization: `Basic ${Buffer.from(this.#key).toString('base64')}`, accept: 'application/json' },
          signal: AbortSignal.timeout(longestWaitMs),
        });
        const { status } = answer;
        const body = parseJson(await answer.text());
        if ((status !== 429 && status < 500) || attempt === attempts) return { status, body };
        const asked = Number(answer.headers.get('retry-after'));
        if (asked > 0) wait = Math.min(longestWaitMs, asked * 1_000);
      } catch (error) {
        if (attempt === attempts) {
          const cause = errorMessage(error instanceof Error ? (error.cause ?? error) : error);
          throw new ImportError(`${this.#base} cannot be reached: ${cause}.`);
        }
      }
      await pause(this.#world, wait);
    }
  }
}

function dateOf(value: unknown): string | undefined {
  const date = typeof value === 'string' ? value.slice(0, 10) : '';
  return /^\d{4}-\d\d-\d\d$/.test(date) && !Number.isNaN(Date.parse(date)) ? date : undefined;
}

function nextDate(date: string): string {
  return new Date(Date.parse(date) + dayMs).toISOString().slice(0, 10);
}
