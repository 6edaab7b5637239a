// The schemas of questions about running tasks and unexplained time: `GET /-/questions` and the item `questions` of the channel `day/<date>`
// have them. Moments are whole microseconds since 1970.

import { type Static, Type } from '@sinclair/typebox';
import { compile } from './check.ts';
import { Key } from './messages.ts';

const Moment = Type.Integer({ description: 'microseconds since 1970' });
export const questionKinds = ['idle', 'left_running', 'unexplained'] as const;
const Kind = Type.Union(questionKinds.map((kind) => Type.Literal(kind)));
const Answer = Type.Union((['stop', 'keep', 'split', 'dismiss'] as const).map((answer) => Type.Literal(answer)));

export const QuestionView = Type.Object({
  key: Type.String(),
  kind: Type.Union(
    questionKinds.map((kind) => Type.Literal(kind)),
    {
      description:
        '`idle`: a task ran while nobody was there; `left_running`: past the end of its day; `unexplained`: the longest ' +
        'unassigned stretch of yesterday',
    },
  ),
  task: Type.Union([Type.String({ description: 'the key of a task' }), Type.Null()]),
  desc: Type.String({ description: 'of the task' }),
  from: Moment,
  to: Type.Union([Moment, Type.Null()], { description: 'null while it goes on' }),
  answers: Type.Array(Answer, {
    description:
      '`stop`: the task ends at `from`; `split`: it pauses from `from` to `to`; `keep` and `dismiss` change nothing',
  }),
});
export type QuestionView = Static<typeof QuestionView>;
export type QuestionAnswer = QuestionView['answers'][number];

export const QuestionsView = Type.Object({
  questions: Type.Array(QuestionView),
  watches: Type.Boolean({ description: 'whether the idle guard can ask: a device reports absence, and it is not off' }),
  why: Type.String({ description: 'why the guard is silent; empty if it is not' }),
});
export type QuestionsView = Static<typeof QuestionsView>;

/** The item `questions` of the channel `day/<date>`. */
export const OpenQuestionsItem = Type.Object({ questions: Type.Array(QuestionView) });

/** The body of `POST /-/questions`. */
export const QuestionReply = Type.Object({ key: Key, answer: Answer }, { additionalProperties: false });
export type QuestionReply = Static<typeof QuestionReply>;

/** An answer in the channel `questions`, under the key of the question; its span is the item's `time` and `end`. */
export const AnsweredQuestionItem = Type.Object(
  {
    kind: Kind,
    answer: Answer,
    task: Type.Optional(Type.String({ maxLength: 256 })),
    started: Type.Optional(Type.Integer({ description: 'when the run of the task began, microseconds since 1970' })),
    applied: Type.Optional(Type.Boolean({ description: 'false until the task has been changed' })),
  },
  { additionalProperties: false },
);
export type AnsweredQuestionItem = Static<typeof AnsweredQuestionItem>;

/** The item `questions` of the channel `settings`: false switches a kind off. */
export const QuestionSettingsItem = Type.Object(
  Object.fromEntries(questionKinds.map((kind) => [kind, Type.Optional(Type.Boolean())])),
  { additionalProperties: false },
);

const [checkReply, checkAnswered, checkSettings] = [
  compile(QuestionReply),
  compile(AnsweredQuestionItem),
  compile(QuestionSettingsItem),
];
export const isQuestionReply = (value: unknown): value is QuestionReply => checkReply(value);
export const isAnsweredQuestion = (value: unknown): value is AnsweredQuestionItem => checkAnswered(value);
export const areQuestionSettings = (
  value: unknown,
): value is Partial<Readonly<Record<QuestionView['kind'], boolean>>> => checkSettings(value);
