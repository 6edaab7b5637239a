// Who asks, about whom, and whether they may: the one place where that is decided for all of WakaTime's paths, open ones too.

import { type Identity, may } from '../../core/access.ts';
import type { Hub } from '../../core/hub.ts';
import { json, type Reply, type Request } from '../adapter.ts';
import type { Trust } from '../authenticate.ts';
import { identify } from './credentials.ts';
import { uuidOf } from './heartbeat.ts';
import type { Person } from './question.ts';
import { readSettings, type Settings } from './settings.ts';
import { Timelines } from './timeline.ts';

export interface WakatimeDoors extends Trust {
  readonly hub: Hub;
  /** Whether a request comes from no page, or from one that may use the hub anyway. */
  readonly near: (request: Request) => boolean;
}

export type Admitted =
  | {
      readonly ok: true;
      readonly account: string;
      /** Without a key to this account: sees what it shares. */
      readonly stranger: boolean;
    }
  | { readonly ok: false; readonly reply: Reply };

/** Plugins then ask for a key, whatever was wrong with the one they have. */
const unauthorized: Admitted = { ok: false, reply: json(401, { error: 'Unauthorized' }) };

export class Admission {
  readonly hub: Hub;
  readonly #doors: WakatimeDoors;
  readonly #timelines: Timelines;

  constructor(doors: WakatimeDoors) {
    this.hub = doors.hub;
    this.#doors = doors;
    this.#timelines = new Timelines(doors.hub);
  }

  /** undefined for a stranger. */
  identify(request: Request): Identity | undefined {
    return identify(this.#doors, request, this.#doors.near(request));
  }

  /**
   * @param said the path's `:user`: `current`, a name, `@name` or an id
   * @param open whether strangers may ask, too
   */
  admit(request: Request, said: string, verb: 'read' | 'write', open = false): Admitted {
    const identity = this.identify(request);
    const account = said === 'current' ? identity?.account : this.#accountOf(said);
    const allowed = identity !== undefined && account !== undefined && may(identity, verb, `${account}/wakatime`);
    if (account !== undefined && (allowed || open)) return { ok: true, account, stranger: !allowed };
    if (identity === undefined || identity.account === account) return unauthorized;
    return { ok: false, reply: json(404, { error: 'no such user' }) };
  }

  /** @param since the heartbeats that are needed, in microseconds since 1970: a hub that has just started knows those sooner */
  async person(account: string, since?: number): Promise<Person> {
    const reading = since === undefined ? this.#timelines.of(account) : this.#timelines.since(account, since);
    const [settings, beats] = await Promise.all([this.settings(account), reading]);
    const created = this.#doors.accounts.list().find(({ name }) => name === account)?.created ?? 0;
    return { account, id: accountId(account), created, settings, beats };
  }

  settings(account: string): Promise<Settings> {
    return readSettings(this.hub, account);
  }

  get accounts(): readonly string[] {
    return this.#doors.accounts.list().map(({ name }) => name);
  }

  #accountOf(said: string): string | undefined {
    const name = said.replace(/^@/, '');
    return this.accounts.find((account) => account === name || accountId(account) === said);
  }
}

function accountId(name: string): string {
  return uuidOf(['account', name]);
}
