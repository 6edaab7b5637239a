// The channels of the merged day and what their items are, as one table: the reference is made of it.

import { type TSchema, Type } from '@sinclair/typebox';
import { MeetingItem } from './calendars.ts';
import {
  DayEntryItem,
  DayNoteItem,
  DayProjectItem,
  DayRuleItem,
  DaySettingsItem,
  DeviceNamesItem,
  MobNamesItem,
  RetentionItem,
  SuggestionRefusalItem,
} from './day.ts';
import { MergedDayView } from './day-answer.ts';
import { AnsweredQuestionItem, OpenQuestionsItem, QuestionSettingsItem } from './day-questions.ts';
import { ReportSettingsItem, ReportView } from './day-report.ts';
import { SuggestionsView } from './day-suggestions.ts';
import { SubmittedWeekItem } from './day-weeks.ts';
import { ReachedGoalItem } from './reached-goal.ts';

export interface ItemKind {
  /** The channel, without the account. */
  readonly channel: string;
  /** The key of the item; undefined where keys are free. */
  readonly key?: string;
  readonly schema: TSchema;
  readonly summary: string;
  readonly example: unknown;
}

/** A turn of a mob room that the hub copied into the account of a person who was there. Its span is the item's `time` and `end`. */
export const MobTurnItem = Type.Object({
  room: Type.String(),
  name: Type.String({ description: 'which of the declared names the room showed' }),
  typist: Type.Union([Type.String(), Type.Null()]),
  goal: Type.Optional(Type.String()),
});

const morning = 1_795_852_800_000_000;
const exampleDay = {
  date: '2026-11-28',
  zone: 'Europe/Berlin',
  from: morning - 32_400_000_000,
  to: morning + 54_000_000_000,
  total: 3_600_000_000,
  human: 3_600_000_000,
  not_work: 0,
  agent: 0,
  agent_wall: 0,
  attended: 0,
  unattended: 0,
  first: morning,
  last: morning + 3_600_000_000,
  breaks: [],
  projects: [{ project: 'horai', time: 3_600_000_000, agent: 0, agent_wall: 0, attended: 0, unattended: 0 }],
  tasks: [],
  segments: [
    {
      from: morning,
      to: morning + 3_600_000_000,
      project: 'horai',
      task: null,
      category: null,
      work: true,
      lane: 'editor',
      source: 'laptop/editor',
      rule: null,
      fact: 'editor project',
      bridged: false,
      evidence: [{ lane: 'editor', source: 'laptop/editor', channel: 'wakatime', keys: ['4f2a'] }],
    },
  ],
  lanes: [
    { lane: 'editor', source: 'laptop/editor', time: 3_600_000_000, intervals: [[morning, morning + 3_600_000_000]] },
  ],
  removed: [],
  guesses: [],
  final: false,
  without: [],
};

const exampleSuggestion = {
  key: 't4vk2o-1a2b3c',
  from: morning + 3_600_000_000,
  to: morning + 5_400_000_000,
  time: 1_800_000_000,
  spans: [[morning + 3_600_000_000, morning + 5_400_000_000]],
  project: 'horai',
  task: null,
  tier: 1,
  reasons: [{ kind: 'alias', text: 'horai', channel: 'aw/aw-watcher-window_laptop', keys: ['17', '19', '23'] }],
  rule: { when: { title: { contains: 'horai' } }, project: 'horai', source: 'suggestion' },
};

const exampleQuestion = {
  key: 'idle t1 1795856400',
  kind: 'idle',
  task: 't1',
  desc: 'mend the watering',
  from: morning + 3_600_000_000,
  to: null,
  answers: ['stop', 'keep', 'split'],
};

const exampleTime = {
  time: 3_600_000_000,
  rounded: 3_600_000_000,
  rounding: 'up to 15 min per day',
  amounts: [{ currency: 'EUR', amount: 80 }],
};

export const dayItems: Readonly<Record<string, ItemKind>> = {
  day: {
    channel: 'day/{date}',
    key: 'day',
    schema: MergedDayView,
    summary: 'the merged day of a date, while somebody follows the channel; at most one change a second',
    example: exampleDay,
  },
  'day-final': {
    channel: 'day/{date}',
    key: 'final',
    schema: MergedDayView,
    summary: 'the answer of a day whose evidence has expired; it does not change any more',
    example: { ...exampleDay, final: true },
  },
  suggestions: {
    channel: 'day/{date}',
    key: 'suggestions',
    schema: SuggestionsView,
    summary: 'what the unassigned time of a date may have been about, while somebody follows the channel',
    example: { date: '2026-11-28', suggestions: [exampleSuggestion] },
  },
  'open-questions': {
    channel: 'day/{date}',
    key: 'questions',
    schema: OpenQuestionsItem,
    summary: 'what the idle guard asks today, also while nobody follows the channel',
    example: { questions: [exampleQuestion] },
  },
  entry: {
    channel: 'entries',
    schema: DayEntryItem,
    summary: 'time stated by hand, or taken out; its span is `time` and `end` of the item',
    example: { project: 'paper', text: 'review', tags: ['draft'] },
  },
  project: {
    channel: 'projects',
    schema: DayProjectItem,
    summary: 'a project, under its name as key',
    example: { color: '#3366cc', aliases: ['horai-old'] },
  },
  rule: {
    channel: 'rules',
    schema: DayRuleItem,
    summary: 'a rule that gives time to a project, a task or a category',
    example: { when: { app: { is: 'code' }, title: { contains: 'horai' } }, project: 'horai' },
  },
  'suggestion-refusal': {
    channel: 'suggestions',
    schema: SuggestionRefusalItem,
    summary: 'a suggestion that was refused, under its key; its span is `time` and `end` of the item',
    example: { refused: true, project: 'horai' },
  },
  note: {
    channel: 'day_notes',
    schema: DayNoteItem,
    summary:
      'a note on the time of a project on a day, under the key `<date> <project>`; `<date>` alone for unassigned time',
    example: { text: 'prepared the workshop' },
  },
  'answered-question': {
    channel: 'questions',
    schema: AnsweredQuestionItem,
    summary: 'the answer to a question, under its key; its span is `time` and `end` of the item',
    example: { kind: 'idle', answer: 'stop', task: 't1', started: morning, applied: true },
  },
  'mob-turn': {
    channel: 'mob_turns',
    schema: MobTurnItem,
    summary: 'a turn of a mob room, copied by the hub when it ends',
    example: { room: 'garden', name: 'Ann', typist: 'Ben', goal: 'the merged day' },
  },
  meeting: {
    channel: 'meetings',
    schema: MeetingItem,
    summary: 'an event of a calendar; its span is `time` and `end` of the item. Written by the hub alone',
    example: { calendar: 'work', uid: '8f1c@example.org', title: 'Planning', place: 'Room 1', tags: ['team'] },
  },
  'day-settings': {
    channel: 'settings',
    key: 'day',
    schema: DaySettingsItem,
    summary: 'zone, beginning of the day, idle time and bridges',
    example: { zone: 'Europe/Berlin', day_start: '04:00', idle: 5, bridge: 0 },
  },
  'question-settings': {
    channel: 'settings',
    key: 'questions',
    schema: QuestionSettingsItem,
    summary: 'which kinds of questions are switched off',
    example: { unexplained: false },
  },
  'mob-names': {
    channel: 'settings',
    key: 'mob_names',
    schema: MobNamesItem,
    summary: 'the names by which the person appears in mob rooms',
    example: ['Ann'],
  },
  devices: {
    channel: 'settings',
    key: 'devices',
    schema: DeviceNamesItem,
    summary: 'the registry of devices: other host names by the name that the device has',
    example: { laptop: ['laptop.local', 'DESKTOP-4711'] },
  },
  'report-settings': {
    channel: 'settings',
    key: 'report',
    schema: ReportSettingsItem,
    summary: 'how reports round time, and what an hour costs, unless the project says otherwise',
    example: {
      rate: { amount: 80, currency: 'EUR' },
      rounding: { minutes: 15, to: 'up', per: 'day' },
      weekly: { weekday: 1, at: '08:00' },
    },
  },
  'submitted-week': {
    channel: 'submitted_weeks',
    schema: SubmittedWeekItem,
    summary: 'a week that was submitted or returned, under its name, such as `2026-W48`; written by the hub alone',
    example: { state: 'submitted', by: 'owner', total: 144_000_000_000 },
  },
  'reached-goal': {
    channel: 'reached_goals',
    schema: ReachedGoalItem,
    summary:
      'a goal that was reached, once for each day or week of the goal; written by the hub alone, for accounts with a webhook',
    example: { goal: '7f3c', title: 'Code 4 hours per day', since: '2026-11-28T00:00:00.000Z' },
  },
  'weekly-report': {
    channel: 'weekly_reports',
    schema: ReportView,
    summary: 'the report of the seven days before a date, under the date as key; written by the hub alone',
    example: {
      from: '2026-11-23',
      to: '2026-11-29',
      people: ['owner'],
      by: ['project'],
      rows: [{ project: 'horai', ...exampleTime }],
      total: exampleTime,
      without: [],
    },
  },
  retention: {
    channel: 'settings',
    key: 'retention',
    schema: RetentionItem,
    summary: 'how many days of evidence are kept',
    example: { aw: 365 },
  },
};
