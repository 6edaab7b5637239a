// Schemas of the items with which people describe their day, in the channels `entries`, `projects`, `rules` and `settings`, for the hub that
// checks them and the clients that write them. server/day computes the merged day from them.

import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { type Check, compile } from './check.ts';
import { AnsweredQuestionItem, QuestionSettingsItem } from './day-questions.ts';
import { ReportRate, ReportRounding, ReportSettingsItem } from './day-report.ts';
import { type DayRuleText, dayRuleTexts } from './day-rule-texts.ts';

const Label = Type.String({ minLength: 1, maxLength: 128 });
const Words = Type.String({ maxLength: 2_000 });
/** Minutes of a day. */
const Minutes = Type.Number({ minimum: 0, maximum: 1_440 });

/** Time that a person states by hand. The span is the item's `time` and `end`, in microseconds since 1970. */
export const DayEntryItem = Type.Object(
  {
    project: Type.Optional(Label),
    task: Type.Optional(Type.String({ minLength: 1, maxLength: 256, description: 'the key of an item of `tasks`' })),
    text: Type.Optional(Words),
    tags: Type.Optional(Type.Array(Label, { maxItems: 32 })),
    category: Type.Optional(Label),
    removes: Type.Optional(Type.Boolean({ description: 'true: "I was not here"; the span is removed from the day' })),
  },
  { additionalProperties: false },
);
export type DayEntryItem = Static<typeof DayEntryItem>;

/** The key of the item is the name of the project. */
export const DayProjectItem = Type.Object(
  {
    color: Type.Optional(Type.String({ pattern: '^#[0-9a-fA-F]{6}$' })),
    parent: Type.Optional(Label),
    aliases: Type.Optional(Type.Array(Label, { maxItems: 256, description: 'other names that mean this project' })),
    archived: Type.Optional(Type.Boolean()),
    rate: Type.Optional(ReportRate),
    rounding: Type.Optional(ReportRounding),
  },
  { additionalProperties: false },
);
export type DayProjectItem = Static<typeof DayProjectItem>;

const Pattern = Type.String({ minLength: 1, maxLength: 256 });
/** One condition on a text. All of them ignore letter case. */
export const DayTextCondition = Type.Union([
  Type.Object({ is: Pattern }, { additionalProperties: false }),
  Type.Object({ begins: Pattern }, { additionalProperties: false }),
  Type.Object({ contains: Pattern }, { additionalProperties: false }),
  Type.Object({ matches: Pattern }, { additionalProperties: false, description: 'RE2 syntax, found anywhere' }),
]);
export type DayTextCondition = Static<typeof DayTextCondition>;

const lanes = ['manual', 'task', 'mob', 'meeting', 'editor', 'web', 'window', 'other', 'afk', 'agent'] as const;

/** All conditions of a rule must hold. */
export const DayRuleItem = Type.Object(
  {
    when: Type.Object(
      {
        lane: Type.Optional(Type.Array(Type.Union(lanes.map((lane) => Type.Literal(lane))), { minItems: 1 })),
        ...Object.fromEntries(dayRuleTexts.map((name) => [name, Type.Optional(DayTextCondition)])),
        weekday: Type.Optional(
          Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), { minItems: 1, description: '1 Monday to 7 Sunday' }),
        ),
        hour: Type.Optional(
          Type.Object(
            {
              from: Type.Integer({ minimum: 0, maximum: 23 }),
              to: Type.Integer({ minimum: 1, maximum: 24, description: 'excluded; below `from` it is over midnight' }),
            },
            { additionalProperties: false },
          ),
        ),
      },
      { additionalProperties: false, minProperties: 1 },
    ),
    project: Type.Optional(Label),
    task: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    category: Type.Optional(Label),
    not_work: Type.Optional(Type.Literal(true)),
    order: Type.Optional(Type.Number({ description: 'of equally specific rules the smaller one decides' })),
    enabled: Type.Optional(Type.Boolean()),
    source: Type.Optional(Type.String({ maxLength: 256, description: 'where an imported rule comes from' })),
  },
  { additionalProperties: false },
);

export interface DayRuleConditions extends Partial<Readonly<Record<DayRuleText, DayTextCondition>>> {
  readonly lane?: readonly (typeof lanes)[number][];
  readonly weekday?: readonly number[];
  readonly hour?: { readonly from: number; readonly to: number };
}

export interface DayRuleItem {
  readonly when: DayRuleConditions;
  readonly project?: string;
  readonly task?: string;
  readonly category?: string;
  readonly not_work?: true;
  readonly order?: number;
  readonly enabled?: boolean;
  readonly source?: string;
}

/** The item `day` of the channel `settings`. */
export const DaySettingsItem = Type.Object(
  {
    zone: Type.Optional(Type.String({ maxLength: 64 })),
    /** From each moment on, for a person who travels. */
    zones: Type.Optional(
      Type.Array(
        Type.Object({
          from: Type.Integer({ description: 'microseconds since 1970' }),
          zone: Type.String({ maxLength: 64 }),
        }),
        { maxItems: 1_000 },
      ),
    ),
    day_start: Type.Optional(Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d$' })),
    idle: Type.Optional(Minutes),
    bridge: Type.Optional(Minutes),
  },
  { additionalProperties: false },
);
export type DaySettingsItem = Static<typeof DaySettingsItem>;

/** The item `mob_names` of the channel `settings`: the names by which the person appears in rooms of the mob timer. */
export const MobNamesItem = Type.Array(Label, { maxItems: 32 });
export type MobNamesItem = Static<typeof MobNamesItem>;

/** The item `devices` of the channel `settings`: other host names of a device, by the name to show for it. */
export const DeviceNamesItem = Type.Record(Label, Type.Array(Label, { maxItems: 64 }), { maxProperties: 256 });
export type DeviceNamesItem = Static<typeof DeviceNamesItem>;

/** The item `retention` of the channel `settings`: how many days evidence is stored. A source without a number is stored for ever. */
export const RetentionItem = Type.Object(
  {
    wakatime: Type.Optional(Type.Integer({ minimum: 7, maximum: 36_500, description: 'days' })),
    aw: Type.Optional(Type.Integer({ minimum: 7, maximum: 36_500, description: 'days, of all buckets' })),
  },
  { additionalProperties: false },
);
export type RetentionItem = Static<typeof RetentionItem>;

/** A suggestion that the person refused, in the channel `suggestions` under its key. The span is the item's `time` and `end`. */
export const SuggestionRefusalItem = Type.Object(
  { refused: Type.Literal(true), project: Label, task: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })) },
  { additionalProperties: false },
);
export type SuggestionRefusalItem = Static<typeof SuggestionRefusalItem>;

/** A person's note on the time of a project on a day. The key of the item is `<date> <project>`; `<date>` alone for unassigned time. */
export const DayNoteItem = Type.Object(
  { text: Type.String({ minLength: 1, maxLength: 2_000 }) },
  { additionalProperties: false },
);
export type DayNoteItem = Static<typeof DayNoteItem>;
const noteKeyForm = /^\d{4}-\d\d-\d\d(?: .{1,128})?$/s;

/** Limits on the rules of an account. */
export const ruleLimits = { rules: 1_000, patterns: 200 } as const;

interface ItemCheck {
  readonly check: Check;
  readonly wanted: string;
}

const row = (schema: TSchema, wanted: string): ItemCheck => ({ check: compile(schema), wanted });
const entry = row(
  DayEntryItem,
  'an entry: {"project"?, "task"?, "text"?, "tags"?, "category"?, "removes"?} with `time` and `end`',
);
const project = row(DayProjectItem, 'a project: {"color"?, "parent"?, "aliases"?, "archived"?, "rate"?, "rounding"?}');
const refusal = row(
  SuggestionRefusalItem,
  'a refusal: {"refused": true, "project": "…", "task"?} with `time` and `end`',
);
const note = row(DayNoteItem, 'a note: {"text": "…"} with the key `2026-11-28 <project>`');
const answered = row(
  AnsweredQuestionItem,
  'an answer: {"kind", "answer", "task"?, "started"?, "applied"?} with `time` and `end`',
);
const rule = row(
  DayRuleItem,
  'a rule: {"when": {"app": {"is": "…"}}, "project": "…"}; a text condition has one of is, begins, contains, matches',
);
const settings: Readonly<Record<string, ItemCheck | undefined>> = {
  day: row(DaySettingsItem, '{"zone"?, "zones"?, "day_start"?: "04:00", "idle"?: minutes, "bridge"?: minutes}'),
  mob_names: row(MobNamesItem, 'a list of names'),
  questions: row(QuestionSettingsItem, '{"idle"?: false, "left_running"?: false, "unexplained"?: false}'),
  retention: row(RetentionItem, '{"wakatime"?: days, "aw"?: days}, at least 7 days'),
  devices: row(DeviceNamesItem, 'lists of host names by the name of the device'),
  report: row(
    ReportSettingsItem,
    '{"rate"?: {"amount", "currency"}, "rounding"?: {"minutes", "to", "per"?}, "weekly"?: {"weekday", "at", "by"?}}',
  ),
};

/** An item as a request has it. */
export interface RequestedItem {
  readonly key: string;
  readonly item?: unknown;
  readonly time?: number;
  readonly end?: number;
}

/**
 * Checks an item of one of the channels of this file.
 * @param channel without the account
 * @returns what it should be if it is invalid; undefined if it is valid, or the channel is not one of these
 */
export function wrongDayItem(channel: string, { key, item, time, end }: RequestedItem): string | undefined {
  const known = Object.hasOwn(settings, key) ? settings[key] : undefined;
  // Clients choose channel names, and a plain object has inherited properties such as `constructor`.
  const wanted = new Map([
    ['entries', entry],
    ['projects', project],
    ['rules', rule],
    ['suggestions', refusal],
    ['questions', answered],
    ['day_notes', note],
    ['settings', known],
  ]).get(channel);
  if (wanted === undefined) return undefined;
  if (!wanted.check(item) || (wanted === note && !noteKeyForm.test(key))) return wanted.wanted;
  if (channel !== 'entries' && channel !== 'suggestions' && channel !== 'questions') return undefined;
  if (time !== undefined && end !== undefined && end > time) return undefined;
  return `${channel === 'entries' ? 'an entry' : 'an answer'} with \`time\` before \`end\``;
}

export const isEntryItem = (value: unknown): value is DayEntryItem => entry.check(value);
export const isProjectItem = (value: unknown): value is DayProjectItem => project.check(value);
export const isSuggestionRefusal = (value: unknown): value is SuggestionRefusalItem => refusal.check(value);
export const isNoteItem = (value: unknown): value is DayNoteItem => note.check(value);
export const isRuleItem = (value: unknown): value is DayRuleItem => rule.check(value);
export const isDaySettings = (value: unknown): value is DaySettingsItem => settings['day']?.check(value) === true;
export const areMobNames = (value: unknown): value is MobNamesItem => settings['mob_names']?.check(value) === true;
export const isRetention = (value: unknown): value is RetentionItem => settings['retention']?.check(value) === true;
export const areReportSettings = (value: unknown): value is ReportSettingsItem =>
  settings['report']?.check(value) === true;
export const areDeviceNames = (value: unknown): value is DeviceNamesItem => settings['devices']?.check(value) === true;
