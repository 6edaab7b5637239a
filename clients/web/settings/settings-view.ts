// The settings of an account as fields of a form, and back as items of the channel `settings`. Pure. An item keeps the fields that no
// form has.

export type SettingItem = Readonly<Record<string, unknown>> | readonly string[];
export type SettingItems = ReadonlyMap<string, SettingItem>;

/** A field of a form: the item that has it, and its name there. */
export interface SettingField {
  readonly item: 'day' | 'wakatime' | 'questions' | 'retention';
  readonly field: string;
}

export const settingFields = {
  zone: { item: 'day', field: 'zone' },
  dayStart: { item: 'day', field: 'day_start' },
  idle: { item: 'day', field: 'idle' },
  bridge: { item: 'day', field: 'bridge' },
  timeout: { item: 'wakatime', field: 'timeout' },
  weekStart: { item: 'wakatime', field: 'weekday_start' },
  wakatimeDays: { item: 'retention', field: 'wakatime' },
  watcherDays: { item: 'retention', field: 'aw' },
  shareDays: { item: 'wakatime', field: 'share_days' },
} as const satisfies Record<string, SettingField>;

/** The settings that are on or off: what strangers may see, and which questions the hub asks. */
export const switchFields = {
  time: { item: 'wakatime', field: 'logged_time_public', usual: false },
  projects: { item: 'wakatime', field: 'projects_used_public', usual: false },
  languages: { item: 'wakatime', field: 'languages_used_public', usual: false },
  editors: { item: 'wakatime', field: 'editors_used_public', usual: false },
  categories: { item: 'wakatime', field: 'categories_used_public', usual: false },
  systems: { item: 'wakatime', field: 'os_used_public', usual: false },
  askIdle: { item: 'questions', field: 'idle', usual: true },
  askRunning: { item: 'questions', field: 'left_running', usual: true },
  askUnexplained: { item: 'questions', field: 'unexplained', usual: true },
} as const satisfies Record<string, SettingField & { readonly usual: boolean }>;

function fieldsOf(items: SettingItems, name: string): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(items.get(name) ?? {}));
}

/** The value of a field as a form shows it; '' if it is not set. */
export function textOfField(items: SettingItems, { item, field }: SettingField): string {
  const value = fieldsOf(items, item)[field];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

export function isSwitchedOn(items: SettingItems, { item, field, usual }: SettingField & { usual: boolean }): boolean {
  const value = fieldsOf(items, item)[field];
  return typeof value === 'boolean' ? value : usual;
}

/** The item after a change of one field. @param value undefined says nothing any more */
export function withField(
  items: SettingItems,
  { item, field }: SettingField,
  value: string | number | boolean | undefined,
): SettingItem {
  const { [field]: _, ...others }: Readonly<Record<string, unknown>> = fieldsOf(items, item);
  return value === undefined ? others : { ...others, [field]: value };
}

/** The names by which the person appears in mob rooms, as a form has them: `Ann, Annie`. */
export function mobNamesText(items: SettingItems): string {
  const names: unknown = items.get('mob_names');
  return Array.isArray(names) ? names.join(', ') : '';
}

export function mobNamesIn(text: string): readonly string[] {
  return [...new Set(text.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()])))];
}

/** A number as a form has it. @returns undefined for an empty text, null for one that is no number within the limits */
export function numberIn(text: string, least: number, most: number): number | undefined | null {
  if (text.trim() === '') return undefined;
  const value = Number(text);
  return Number.isInteger(value) && value >= least && value <= most ? value : null;
}

/** A privacy rule as the hub stores it (`privacy_filters`). */
export interface PrivacyRow {
  readonly field: string;
  readonly pattern?: string | null;
  readonly action: 'drop' | 'redact' | 'hash' | 'remove';
}

/** Parts of a list that are sent one after the other. */
export function piecesOf<T>(list: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, at) => list.slice(at * size, (at + 1) * size));
}

export type ImportKind = 'activitywatch' | 'wakatime';

/** The kind of a file, by its content: an export of ActivityWatch or a dump of WakaTime. @returns undefined for anything else */
export function importKind(value: unknown): ImportKind | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if ('buckets' in value) return 'activitywatch';
  return 'days' in value && Array.isArray(value.days) ? 'wakatime' : undefined;
}

/** The heartbeats of a dump in the form that plugins send: WakaTime writes ids where plugins send names. */
export function heartbeatsOf(dump: unknown): readonly object[] {
  if (importKind(dump) !== 'wakatime' || typeof dump !== 'object' || dump === null || !('days' in dump)) return [];
  const days: readonly unknown[] = Array.isArray(dump.days) ? dump.days : [];
  return days.flatMap((day) =>
    typeof day === 'object' && day !== null && 'heartbeats' in day && Array.isArray(day.heartbeats)
      ? day.heartbeats.filter((one) => typeof one === 'object' && one !== null)
      : [],
  );
}
