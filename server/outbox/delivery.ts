// What is posted for some changes of a channel: one request or several, each with the steps that are done once it is accepted. One function
// for each kind of target; pure.

import { compile } from '../../protocol/check.ts';
import { OpenQuestionsItem, type QuestionView } from '../../protocol/day-questions.ts';
import { matchesPattern } from '../core/access.ts';
import type { Change } from '../core/store.ts';
import { heartbeatBatches, readBulkAnswer } from './heartbeats.ts';
import type { PostRequest } from './post.ts';
import type { Target } from './targets.ts';
import { changeMessage, questionMessage, signedHeaders, type WebhookMessage } from './webhook.ts';

export interface Delivery {
  /** Of each of its items, in order: the step up to which everything was sent once the item is accepted. */
  readonly through: readonly number[];
  /** @param now milliseconds since 1970: of this try */
  readonly request: (now: number) => PostRequest;
  /** The status of each item in an answer of 2xx; undefined if the answer is not understood. Absent where an answer is about the whole. */
  readonly statuses?: (text: string) => readonly number[] | undefined;
  /** The key of the question that it tells of. */
  readonly question?: string;
}

export interface Destination {
  readonly target: Target;
  readonly url: string;
  readonly secret: string;
}

export interface ChangedChannel {
  /** Without the account. */
  readonly name: string;
  readonly epoch: string;
  readonly changes: readonly Change[];
  /** Keys of questions that were told before. */
  readonly told: readonly string[];
}

export function deliveriesOf(to: Destination, channel: ChangedChannel): readonly Delivery[] {
  return to.target.kind === 'wakatime' ? heartbeatDeliveries(to, channel) : webhookDeliveries(to, channel);
}

function webhookDeliveries(
  { target: { id, channels, events }, url, secret }: Destination,
  { name, epoch, changes, told }: ChangedChannel,
): readonly Delivery[] {
  const isChosen = channels.some((pattern) => matchesPattern(pattern, name));
  const hasQuestions = events.includes('question') && name.startsWith('day/');
  const known = new Set(told);
  const delivery = (through: number, message: WebhookMessage): Delivery => ({
    through: [through],
    request: (now) => ({ url: new URL(url), headers: signedHeaders(message, secret, now), body: message.body }),
  });
  return changes.flatMap((change) => {
    const asked = (hasQuestions ? questionsIn(change) : []).filter(({ key }) => !known.has(key));
    for (const { key } of asked) known.add(key);
    const { seq, at } = change;
    // A step with several messages is done with its last one.
    const throughOf = (index: number) => (index === asked.length - 1 ? seq : seq - 1);
    return [
      ...(isChosen ? [delivery(throughOf(-1), changeMessage(id, epoch, name, change))] : []),
      ...asked.map((question, index) => ({
        ...delivery(throughOf(index), questionMessage(id, question, at)),
        question: question.key,
      })),
    ];
  });
}

const checkQuestions = compile(OpenQuestionsItem);
const areQuestions = (value: unknown): value is { readonly questions: readonly QuestionView[] } =>
  checkQuestions(value);

function questionsIn({ key, value }: Change): readonly QuestionView[] {
  const item: unknown = key === 'questions' && value !== null ? JSON.parse(value) : undefined;
  return areQuestions(item) ? item.questions : [];
}

function heartbeatDeliveries({ url, secret }: Destination, { changes }: ChangedChannel): readonly Delivery[] {
  const address = new URL(`${url.replace(/\/+$/, '')}/users/current/heartbeats.bulk`);
  return heartbeatBatches(changes).map(({ steps, body, userAgent, machine }) => ({
    through: steps,
    statuses: (text) => readBulkAnswer(text, steps.length),
    request: () => ({
      url: address,
      headers: {
        'content-type': 'application/json',
        authorization: `Basic ${Buffer.from(secret).toString('base64')}`,
        ...(userAgent === '' ? {} : { 'user-agent': userAgent }),
        ...(machine === '' ? {} : { 'x-machine-name': machine }),
      },
      body,
    }),
  }));
}
