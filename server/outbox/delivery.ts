// The messages for some changes of a channel: one or several, each with the steps that are done once the message is accepted. One function
// for each kind of target.

import { compile } from '../../protocol/check.ts';
import { OpenQuestionsItem, type QuestionView } from '../../protocol/day-questions.ts';
import { matchesPattern } from '../core/access.ts';
import type { Change } from '../core/store.ts';
import { heartbeatBatches, readBulkAnswer } from './heartbeats.ts';
import { outcomeOfAnswer, outcomeOfStatus, pauseBeforeNext, type SentOutcome, type TryContext } from './outcome.ts';
import type { PostOutcome, PostRequest } from './post.ts';
import type { Target } from './targets.ts';
import { changeMessage, questionMessage, signedHeaders, type WebhookMessage } from './webhook.ts';

export interface Delivery {
  /** Of each of its items, in order: the step up to which everything was sent once the item is accepted. */
  readonly through: readonly number[];
  /** @returns what became of each item, up to the first that has to be sent again */
  readonly send: (tools: SendTools) => Promise<readonly SentOutcome[]>;
  /** The key of the question that it tells of. */
  readonly question?: string;
}

/** With what a delivery is sent. */
export interface SendTools extends TryContext {
  readonly post: (request: PostRequest) => Promise<PostOutcome>;
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
  /** The step after which they come; after 0, items that were removed by now are not among them. */
  readonly after: number;
  /** Keys of questions that were told before. */
  readonly told: readonly string[];
}

export function webhookDeliveries(
  { target: { id, channels, events }, url, secret }: Destination,
  { name, epoch, changes, told }: ChangedChannel,
): readonly Delivery[] {
  const isChosen = channels.some((pattern) => matchesPattern(pattern, name));
  const hasQuestions = events.includes('question') && name.startsWith('day/');
  const known = new Set(told);
  const delivery = (through: number, message: WebhookMessage): Delivery => ({
    through: [through],
    send: async (tools) => {
      const headers = signedHeaders(message, secret, tools.now);
      return [outcomeOfAnswer(await tools.post({ url: new URL(url), headers, body: message.body }), tools)];
    },
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

export function heartbeatDeliveries({ url, secret }: Destination, { changes }: ChangedChannel): readonly Delivery[] {
  const address = new URL(`${url.replace(/\/+$/, '')}/users/current/heartbeats.bulk`);
  return heartbeatBatches(changes).map(({ steps, body, userAgent, machine }) => ({
    through: steps,
    send: async (tools) => {
      const answer = await tools.post({
        url: address,
        headers: {
          'content-type': 'application/json',
          authorization: `Basic ${Buffer.from(secret).toString('base64')}`,
          ...(userAgent === '' ? {} : { 'user-agent': userAgent }),
          ...(machine === '' ? {} : { 'x-machine-name': machine }),
        },
        body,
      });
      return heartbeatOutcomes(answer, steps.length, tools);
    },
  }));
}

/** The answer to a batch names a status for each heartbeat. */
function heartbeatOutcomes(answer: PostOutcome, count: number, tools: TryContext): readonly SentOutcome[] {
  const whole = outcomeOfAnswer(answer, tools);
  if (whole !== 'accepted') return 'refused' in whole ? Array.from({ length: count }, () => whole) : [whole];
  const afterMs = pauseBeforeNext(answer, tools);
  const statuses = answer.ok ? readBulkAnswer(answer.text, count) : undefined;
  if (statuses === undefined) {
    const status = answer.ok ? answer.status : 0;
    return [{ again: `${status}, with an answer that is not understood`, afterMs }];
  }
  return statuses.map((status) => outcomeOfStatus(status, '', afterMs));
}
