// The thread that runs queries: it holds replicas of buckets and answers one question after the other. A query may be slow here, because
// no request waits for this thread.

import { parentPort } from 'node:worker_threads';
import { errorMessage } from '../../../../protocol/error-message.ts';
import { setBounded } from '../../../core/bounded.ts';
import { evaluate, parseProgram } from './evaluate.ts';
import type { Source } from './functions.ts';
import type { Stretch } from './period-union.ts';
import { Replica } from './replica.ts';
import type { FromThread, Question, ToThread } from './thread.ts';
import { type Moment, ResultWriter, showValue } from './values.ts';

/** Ends an evaluation that lacks events: it is done again once they are fed. */
class Lacking extends Error {
  readonly channel: string;
  readonly of: Stretch;

  constructor(channel: string, of: Stretch) {
    super(`${channel} has not been fed`);
    this.channel = channel;
    this.of = of;
  }
}

const replicas = new Map<string, Replica>();

/** Parsed queries are cached: the web UI sends the same text for one period after the other. */
const mostTexts = 50;
const texts = new Map<string, ReturnType<typeof parseProgram>>();

function statementsOf(text: string): ReturnType<typeof parseProgram> {
  const known = texts.get(text);
  if (known !== undefined) return known;
  const read = parseProgram(text);
  setBounded(texts, text, read, mostTexts);
  return read;
}

function say(message: FromThread): void {
  // The bytes of an answer are transferred instead of copied.
  parentPort?.postMessage(
    message,
    'results' in message && message.results.buffer instanceof ArrayBuffer ? [message.results.buffer] : [],
  );
}

function onMessage(message: ToThread): void {
  if ('feed' in message) {
    const known = message.anew ? undefined : replicas.get(message.feed);
    const replica = known ?? new Replica();
    replicas.set(message.feed, replica);
    replica.feed(message.changes);
    if (message.covers !== undefined) replica.cover.add(message.covers);
  } else if ('forget' in message) {
    replicas.delete(message.forget);
  } else {
    try {
      answer(message.question);
    } catch (error) {
      if (error instanceof Lacking) say({ lacks: error.channel, of: error.of });
      else say({ type: 'QueryFunctionException', message: errorMessage(error) });
    }
  }
}

function answer({ buckets, text, name, periods }: Question): void {
  const channels = new Map(buckets.map(({ id, channel }) => [id, channel]));
  const eventsOf = (id: string, from: number, to: number): readonly Moment[] => {
    if (from > to) return [];
    const channel = channels.get(id) ?? '';
    const replica = replicas.get(channel);
    if (replica?.cover.has({ from, to }) !== true) throw new Lacking(channel, { from, to });
    return replica.events(from, to);
  };
  const source: Source = { buckets, events: eventsOf, count: (...asked) => eventsOf(...asked).length };
  const read = statementsOf(text);
  if (!read.ok) {
    say({ type: read.type, message: read.message });
    return;
  }
  const writer = new ResultWriter();
  const results: Buffer[] = [];
  for (const period of periods) {
    const evaluated = evaluate(read.statements, {
      source,
      period,
      name,
      print: (values) => say({ printed: values.map(showValue).join(' ') }),
    });
    if (!evaluated.ok) {
      say({ type: evaluated.type, message: evaluated.message });
      return;
    }
    results.push(Buffer.from(`${results.length === 0 ? '[' : ','}${writer.text(evaluated.value)}`));
  }
  results.push(Buffer.from(periods.length === 0 ? '[]\n' : ']\n'));
  say({ results: new Uint8Array(Buffer.concat(results)) });
}

parentPort?.on('message', onMessage);
