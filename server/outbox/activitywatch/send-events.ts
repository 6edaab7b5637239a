// The conversation with an ActivityWatch server (aw-server, aw-server-rust, another hub): a bucket, and its events, each once. What it has is read
// before events are added, because a request without an answer may have arrived; and afterwards, because only the server knows the new ids. A
// change or a delete names the id, so that it may arrive twice.

import { isRecord, parseJson } from '../../../protocol/json.ts';
import type { Hub } from '../../core/hub.ts';
import type { SendTools } from '../delivery.ts';
import { outcomeOfAnswer, pauseBeforeNext, type SentOutcome } from '../outcome.ts';
import type { PostOutcome } from '../post.ts';
import type { RelayedEvent } from './event-batches.ts';
import { type EventLink, LinkedEvents } from './linked-events.ts';
import { type EventStep, findAdded, matchEvents, type RemoteEvent, readRemoteEvents } from './match-events.ts';

/** Bytes of the events of a day that are read back. */
const longestAnswer = 16 * 2 ** 20;
/** Microseconds around a span: a server cuts events at the borders that were asked for. */
const margin = 2_000_000;
const createdOrThere = [200, 201, 304];
const missing = 404;

export interface EventServer {
  readonly hub: Hub;
  readonly account: string;
  readonly target: string;
  readonly bucket: string;
  /** Without `/api/0`. */
  readonly url: string;
  /** An API key, which aw-server-rust may require; '' without one. */
  readonly secret: string;
}

type Stopped = { readonly ok: false; readonly outcome: SentOutcome };

export class EventSender {
  readonly #to: EventServer;
  readonly #tools: SendTools;
  readonly #links: LinkedEvents;

  private constructor(to: EventServer, tools: SendTools, links: LinkedEvents) {
    this.#to = to;
    this.#tools = tools;
    this.#links = links;
  }

  static async open(to: EventServer, tools: SendTools): Promise<EventSender> {
    return new EventSender(to, tools, await LinkedEvents.open(to.hub, to.account, to.target, to.bucket));
  }

  /** @returns what became of each event, up to the first that has to be sent again */
  async put(events: readonly RelayedEvent[]): Promise<readonly SentOutcome[]> {
    const plan = await this.#plan(events);
    if (!plan.ok) return sameForAll(plan.outcome, events);
    const { steps, links } = plan;
    await this.#links.set(intents(events, steps, links));
    const body = events.flatMap((event, index) => eventJson(event, steps[index]));
    const posted = body.length === 0 ? 'accepted' : await this.#post(body);
    if (posted !== 'accepted') {
      if ('again' in posted) return outcomesOf(events, steps, posted);
      // Which of them is refused is found out by sending each alone.
      if (events.length > 1) return this.#putEach(events);
      await this.#links.set(refusedLinks(events, steps));
      return [posted];
    }
    const confirmed = await this.#confirm(events, steps);
    return confirmed === 'accepted' ? outcomesOf(events, steps, 'accepted') : sameForAll(confirmed, events);
  }

  async #putEach(events: readonly RelayedEvent[]): Promise<readonly SentOutcome[]> {
    const outcomes: SentOutcome[] = [];
    for (const event of events) {
      const [outcome = 'accepted'] = await this.put([event]);
      outcomes.push(outcome);
      if (typeof outcome === 'object' && 'again' in outcome) break;
    }
    return outcomes;
  }

  /** @param isKept the event stays there, and only what is known of it goes */
  async remove(key: string, isKept: boolean): Promise<SentOutcome> {
    const link = await this.#links.get(key);
    if (link === undefined) return 'accepted';
    const isBucketHere = (await this.#description()) !== undefined;
    if (!isKept && isBucketHere) {
      const remote = await this.#read(link.time, link.end);
      if (!remote.ok && remote.status !== missing) return remote.outcome;
      const taken = await this.#links.idsBetween(link.time - margin, link.end + margin);
      const asSent = { key, seq: 0, time: link.time, end: link.end, data: 'data' in link ? link.data : {} };
      const [step] = matchEvents([asSent], new Map([[key, link]]), remote.ok ? remote.events : [], taken);
      if (step !== undefined && 'remote' in step) {
        const done = outcomeOfAnswer(await this.#ask('DELETE', `/events/${step.remote.id}`), this.#tools);
        if (done !== 'accepted') return done;
      }
    }
    await this.#links.set(new Map([[key, undefined]]));
    return 'accepted';
  }

  /** Removes there what was sent first of all, may have arrived, and is removed here by now. @returns nothing once it is done */
  async removeGone(): Promise<readonly SentOutcome[]> {
    const { hub, account, bucket } = this.#to;
    const keys = await this.#links.keys();
    const channel = await hub.channel(`${account}/aw/${bucket}`);
    for (const key of keys) {
      if ((await channel.read({ key })).length > 0) continue;
      const outcome = await this.remove(key, false);
      if (typeof outcome === 'object' && 'again' in outcome) return [outcome];
    }
    return [];
  }

  /** Makes the bucket there, or says of one that is there what is said of it here. */
  async makeBucket(isChanged = false): Promise<SentOutcome> {
    const description = await this.#description();
    if (description === undefined) return 'accepted';
    const { type, client, hostname, data } = description;
    const made = await this.#ask('POST', '', { client, type, hostname });
    if (!made.ok || !createdOrThere.includes(made.status)) return outcomeOfAnswer(made, this.#tools);
    if (!isChanged || made.status !== 304) return 'accepted';
    const changed = await this.#ask('PUT', '', { client, type, hostname, data });
    // A server that cannot change a bucket has one nevertheless.
    const outcome = outcomeOfAnswer(changed, this.#tools);
    return changed.ok && [404, 405].includes(changed.status) ? 'accepted' : outcome;
  }

  async #description(): Promise<Readonly<Record<string, unknown>> | undefined> {
    const { hub, account, bucket } = this.#to;
    const channel = await hub.channel(`${account}/aw`);
    const [item] = await channel.read({ key: `bucket/${bucket}` });
    const parsed = item === undefined ? undefined : parseJson(item.value);
    return isRecord(parsed) ? parsed : undefined;
  }

  async #plan(
    events: readonly RelayedEvent[],
  ): Promise<
    | { readonly ok: true; readonly steps: readonly EventStep[]; readonly links: ReadonlyMap<string, EventLink> }
    | Stopped
  > {
    const links = new Map<string, EventLink>();
    for (const { key } of events) {
      const link = await this.#links.get(key);
      if (link !== undefined) links.set(key, link);
    }
    const spans = [...events, ...links.values()];
    const [from, to] = [Math.min(...spans.map(({ time }) => time)), Math.max(...spans.map(({ end }) => end))];
    let remote = await this.#read(from, to);
    if (!remote.ok && remote.status === missing) {
      const made = await this.makeBucket();
      if (made !== 'accepted') return { ok: false, outcome: made };
      remote = await this.#read(from, to);
    }
    if (!remote.ok) return remote;
    const taken = await this.#links.idsBetween(from - margin, to + margin);
    return { ok: true, steps: matchEvents(events, links, remote.events, taken), links };
  }

  /** Stores which events there the sent ones are. */
  async #confirm(events: readonly RelayedEvent[], steps: readonly EventStep[]): Promise<SentOutcome> {
    const added = events.filter((_, index) => steps[index]?.step === 'add');
    const links = new Map<string, EventLink | undefined>();
    for (const [index, event] of events.entries()) {
      const step = steps[index];
      if (step !== undefined && 'remote' in step) links.set(event.key, linkTo(step.remote.id, event));
    }
    if (added.length > 0) {
      const [from, to] = [Math.min(...added.map(({ time }) => time)), Math.max(...added.map(({ end }) => end))];
      const remote = await this.#read(from, to);
      if (!remote.ok) return remote.outcome;
      const taken = await this.#links.idsBetween(from - margin, to + margin);
      const found = findAdded(
        added,
        remote.events.filter(({ id }) => !taken.has(id)),
      );
      for (const event of added) {
        const one = found.get(event.key);
        // A server that keeps nothing of it, by a rule of its own, was sent it nevertheless.
        links.set(event.key, one === undefined ? undefined : linkTo(one.id, event));
      }
    }
    await this.#links.set(links);
    return 'accepted';
  }

  async #post(body: readonly object[]): Promise<SentOutcome> {
    return outcomeOfAnswer(await this.#ask('POST', '/events', body), this.#tools);
  }

  async #read(
    from: number,
    to: number,
  ): Promise<{ readonly ok: true; readonly events: readonly RemoteEvent[] } | (Stopped & { readonly status: number })> {
    const query = new URLSearchParams({ start: iso(from - margin), end: iso(to + margin) });
    const answer = await this.#ask('GET', `/events?${query}`);
    const status = answer.ok ? answer.status : 0;
    const outcome = outcomeOfAnswer(answer, this.#tools);
    if (outcome !== 'accepted' || !answer.ok) return { ok: false, outcome, status };
    const events = readRemoteEvents(answer.text);
    if (events !== undefined) return { ok: true, events };
    const again = `${status}, with an answer that is not a list of events`;
    return { ok: false, outcome: { again, afterMs: pauseBeforeNext(answer, this.#tools) }, status };
  }

  #ask(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<PostOutcome> {
    const { url, secret, bucket } = this.#to;
    return this.#tools.post({
      method,
      url: new URL(
        `${url.replace(/\/+$/, '').replace(/\/api\/0$/, '')}/api/0/buckets/${encodeURIComponent(bucket)}${path}`,
      ),
      headers: {
        'content-type': 'application/json',
        ...(secret === '' ? {} : { authorization: `Bearer ${secret}` }),
      },
      body: body === undefined ? '' : JSON.stringify(body),
      longestAnswer,
    });
  }
}

function isSent(step: EventStep | undefined): boolean {
  return step?.step === 'add' || step?.step === 'change';
}

/** The record that is stored before a request, so that the next try knows what may have arrived. */
function intents(
  events: readonly RelayedEvent[],
  steps: readonly EventStep[],
  links: ReadonlyMap<string, EventLink>,
): ReadonlyMap<string, EventLink> {
  const all = new Map<string, EventLink>();
  for (const [index, { key, time, end, data }] of events.entries()) {
    const step = steps[index];
    if (step?.step === 'add') all.set(key, { data: { ...data }, time, end });
    else if (step?.step === 'change' && (step.remote.time !== time || !isLinked(links.get(key))))
      all.set(key, { id: step.remote.id, was: step.remote.time, time, end });
  }
  return all;
}

function isLinked(link: EventLink | undefined): boolean {
  return link !== undefined && 'id' in link;
}

function refusedLinks(
  events: readonly RelayedEvent[],
  steps: readonly EventStep[],
): ReadonlyMap<string, EventLink | undefined> {
  return new Map(events.filter((_, index) => steps[index]?.step === 'add').map(({ key }) => [key, undefined]));
}

function linkTo(id: number, { time, end }: RelayedEvent): EventLink {
  return { id, time, end };
}

function eventJson({ time, end, data }: RelayedEvent, step: EventStep | undefined): readonly object[] {
  const event = { timestamp: iso(time), duration: (end - time) / 1_000_000, data };
  if (step?.step === 'add') return [event];
  return step?.step === 'change' ? [{ id: step.remote.id, ...event }] : [];
}

const removedThere = { refused: 'it was removed there' } as const;

function outcomesOf(
  events: readonly RelayedEvent[],
  steps: readonly EventStep[],
  sent: SentOutcome,
): readonly SentOutcome[] {
  return events.map((_, index) => {
    if (steps[index]?.step === 'removed') return removedThere;
    return isSent(steps[index]) ? sent : 'accepted';
  });
}

/** The outcome of a whole batch for each of its events; only once if the batch must be sent again. */
function sameForAll(outcome: SentOutcome, events: readonly unknown[]): readonly SentOutcome[] {
  return typeof outcome === 'object' && 'again' in outcome ? [outcome] : events.map(() => outcome);
}

function iso(micros: number): string {
  return new Date(Math.round(micros / 1_000)).toISOString();
}
