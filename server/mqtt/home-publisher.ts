// Keeps the states of an account at a broker: connects, says what there is and then each change, until the connection ends. Who connects when, and
// again after a failure, is the outbox's to decide.

import { connect as connectPlain, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { errorMessage } from '../../protocol/error-message.ts';
import type { MergedDays } from '../day/merged-days.ts';
import { guardedLookup, hostOf, mqttSchemes, refuseUrl } from '../outbox/guarded-address.ts';
import type { HeldConnection, Holding } from '../outbox/held-connection.ts';
import type { AllowedHosts } from '../outbox/public-address.ts';
import { readStates } from './account-states.ts';
import { type GoalState, type HomeDevice, homeMessages, presenceMessage } from './home-assistant.ts';
import { MqttConnection } from './mqtt-connection.ts';

/** Milliseconds from a change until it is said, at least: a watcher writes several items at once. */
const everyMs = 1_000;
/** Time passes without a change: a running task grows, and somebody goes. */
const tickMs = 30_000;
/** For taking leave. */
const leaveMs = 2_000;
/** Channels, without the account, that the states depend on. */
const sources =
  /^(?:entries|tasks|mob_turns|external_durations|meetings|wakatime|settings|rules|projects|goals|aw|aw\/.+)$/;

export interface HomeDeps {
  readonly days: MergedDays;
  readonly allowed: AllowedHosts;
  readonly version: string;
  /** As they were when they were looked at last. */
  readonly goals: (account: string) => readonly GoalState[];
  /** Asks for a look at the goals of an account; `publish` is called when it is over. */
  readonly watchGoals: (account: string, publish: () => void) => () => void;
}

export class HomePublisher implements HeldConnection {
  readonly #deps: HomeDeps;

  constructor(deps: HomeDeps) {
    this.#deps = deps;
  }

  /** @returns why the connection ended; undefined if `stop` ended it */
  async hold({ account, target, url, secret, onOpen, stop, isRemoved }: Holding): Promise<string | undefined> {
    const { days, allowed, version } = this.#deps;
    const { world } = days.hub;
    const device: HomeDevice = { id: target.id, account, version };
    const refusal = refuseUrl(new URL(url), allowed, mqttSchemes);
    if (refusal !== undefined) return `this takes ${refusal}`;
    const [user = '', password = ''] = JSON.parse(secret);
    const will = presenceMessage(device, false);
    const login = { clientId: `horai-${target.id}`, user, password, will };
    const opened = await MqttConnection.open(openSocket(new URL(url), allowed), login, world);
    if (!opened.ok) return opened.error;
    const { connection } = opened;
    const session = new HomeSession(this.#deps, connection, device);
    const stopped = new Promise<undefined>((resolve) => stop.addEventListener('abort', () => resolve(undefined)));
    if (stop.aborted) {
      connection.cut('closed');
      return undefined;
    }
    session.start();
    await onOpen();
    const why = await Promise.race([connection.ended, stopped]);
    session.end();
    if (why !== undefined) return why;
    const late = world.after(leaveMs, () => connection.cut('closed'));
    await Promise.race([session.leave(isRemoved()), connection.ended]);
    late();
    return undefined;
  }
}

class HomeSession {
  readonly #deps: HomeDeps;
  readonly #connection: MqttConnection;
  readonly #device: HomeDevice;
  /** The newest payload that the broker has, by topic. */
  readonly #published = new Map<string, string>();
  #stops: readonly (() => void)[] = [];
  /** The next timer: for the passing of time, or for a change. */
  #due: 'tick' | 'change' | undefined;
  #cancel: () => void = () => undefined;
  #publishing: Promise<void> = Promise.resolve();

  constructor(deps: HomeDeps, connection: MqttConnection, device: HomeDevice) {
    this.#deps = deps;
    this.#connection = connection;
    this.#device = device;
  }

  start(): void {
    const { days, watchGoals } = this.#deps;
    const prefix = `${this.#device.account}/`;
    this.#stops = [
      days.hub.watch(({ name }) => {
        if (name.startsWith(prefix) && sources.test(name.slice(prefix.length))) this.#plan('change');
      }),
      watchGoals(this.#device.account, () => this.#plan('change')),
    ];
    this.#publishing = this.#publish();
  }

  end(): void {
    for (const stop of this.#stops) stop();
    this.#cancel();
  }

  /** Says that nobody publishes any more; a target that was removed leaves nothing behind. */
  async leave(isRemoved: boolean): Promise<void> {
    await this.#publishing;
    const offline = presenceMessage(this.#device, false);
    await this.#connection.publish(offline);
    if (isRemoved) {
      const topics = [...this.#published.keys(), offline.topic];
      await Promise.all(topics.map((topic) => this.#connection.publish({ topic, payload: '' })));
    }
    await this.#connection.close();
  }

  #plan(what: 'tick' | 'change'): void {
    if (this.#due === 'change' || this.#due === what) return;
    this.#cancel();
    this.#due = what;
    this.#cancel = this.#deps.days.hub.world.after(what === 'tick' ? tickMs : everyMs, () => {
      this.#due = undefined;
      this.#publishing = this.#publishing.then(() => this.#publish());
    });
  }

  async #publish(): Promise<void> {
    const { days, goals } = this.#deps;
    try {
      const states = await readStates(days, this.#device.account, goals);
      const all = [...homeMessages(this.#device, states), presenceMessage(this.#device, true)];
      const changed = all.filter(({ topic, payload }) => this.#published.get(topic) !== payload);
      // A goal that is no more.
      const topics = new Set(all.map(({ topic }) => topic));
      const gone = [...this.#published.keys()]
        .filter((topic) => !topics.has(topic))
        .map((topic) => ({ topic, payload: '' }));
      const published = Promise.all([...gone, ...changed].map((message) => this.#connection.publish(message)));
      await Promise.race([published, this.#connection.ended]);
      for (const { topic, payload } of changed) this.#published.set(topic, payload);
      for (const { topic } of gone) this.#published.delete(topic);
      this.#plan('tick');
    } catch (error) {
      this.#connection.cut(`the states cannot be read: ${errorMessage(error)}`);
    }
  }
}

function openSocket(url: URL, allowed: AllowedHosts): Duplex {
  const host = hostOf(url);
  const isSecure = url.protocol === mqttSchemes[0];
  const port = Number(url.port === '' ? (isSecure ? 8_883 : 1_883) : url.port);
  const lookup = guardedLookup(url, allowed);
  return isSecure
    ? connectTls({ host, port, lookup, servername: isIP(host) === 0 ? host : '' })
    : connectPlain({ host, port, lookup });
}
