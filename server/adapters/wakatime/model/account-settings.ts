// The account's settings: the item `wakatime` of its channel `settings`, in WakaTime's own field names. Any client that may write
// that channel changes them; a field with a wrong value counts as absent.

import type { Hub } from '../../../core/hub.ts';
import { addDays, isZone } from './calendar.ts';
import { isObject } from './heartbeat.ts';

export interface AccountSettings {
  readonly timezone: string;
  /** Minutes. A gap of this length or longer does not count as work. */
  readonly timeout: number;
  readonly writesOnly: boolean;
  /** 0 Sunday, 1 Monday. */
  readonly weekdayStart: number;
  readonly fullName: string;
  readonly email: string;
  /** Labels: names for several projects each. */
  readonly labels: ReadonlyMap<string, readonly string[]>;
  /** Prices of AI models, by model in lower case. */
  readonly prices: Prices;
  /** Strangers may look back this many days before today; undefined: without limit. */
  readonly shareDays: number | undefined;
  /** The data that strangers may see. */
  readonly shares: {
    readonly time: boolean;
    readonly languages: boolean;
    readonly editors: boolean;
    readonly categories: boolean;
    readonly systems: boolean;
    readonly projects: boolean;
  };
}

/** US dollars for a million tokens. */
export interface ModelPrice {
  readonly input: number;
  readonly cachedInput: number;
  readonly output: number;
}

export type Prices = ReadonlyMap<string, ModelPrice>;

/** True if strangers may see all of these lists. */
export function areListsShared({ shares }: AccountSettings, parts: readonly string[]): boolean {
  const shared: Readonly<Record<string, boolean>> = {
    categories: shares.categories,
    projects: shares.projects,
    languages: shares.languages,
    editors: shares.editors,
    operating_systems: shares.systems,
  };
  return parts.every((part) => shared[part] === true);
}

/** True if strangers may see what was done on a date. */
export function isDateShared({ shareDays }: AccountSettings, date: string, today: string): boolean {
  return shareDays === undefined || date >= addDays(today, -shareDays);
}

const name = 'wakatime';
const mostMinutes = 1_440;

export async function readSettings(hub: Hub, account: string): Promise<AccountSettings> {
  const document = await hub.cachedChannel(`${account}/settings`);
  const value = document.view.items.get(name)?.value;
  const input: unknown = value === undefined ? {} : JSON.parse(value);
  const field = (key: string): unknown => (isObject(input) ? input[key] : undefined);
  const text = (key: string): string => {
    const given = field(key);
    return typeof given === 'string' ? given : '';
  };
  const minutes = field('timeout');
  const days = field('share_days');
  return {
    timezone: isZone(text('timezone')) ? text('timezone') : 'UTC',
    timeout: typeof minutes === 'number' && minutes > 0 && minutes <= mostMinutes ? minutes : 15,
    writesOnly: field('writes_only') === true,
    weekdayStart: field('weekday_start') === 0 ? 0 : 1,
    fullName: text('full_name'),
    email: text('email'),
    labels: labelsIn(field('project_labels')),
    prices: pricesIn(field('ai_prices')),
    shareDays: typeof days === 'number' && days >= 0 ? Math.floor(days) : undefined,
    shares: {
      time: field('logged_time_public') === true,
      languages: field('languages_used_public') === true,
      editors: field('editors_used_public') === true,
      categories: field('categories_used_public') === true,
      systems: field('os_used_public') === true,
      projects: field('projects_used_public') === true,
    },
  };
}

/** `{"work": ["shop", "hub"]}` */
function labelsIn(input: unknown): ReadonlyMap<string, readonly string[]> {
  return new Map(
    Object.entries(isObject(input) ? input : {}).flatMap(([label, projects]) =>
      Array.isArray(projects) ? [[label, projects.filter((project) => typeof project === 'string')] as const] : [],
    ),
  );
}

/**
 * `{"opus": {"input": 15, "cached_input": 1.5, "output": 75}}`: US dollars for a million tokens. `cached_input` defaults to `input`.
 * An entry without `input` or `output` is ignored.
 */
export function pricesIn(input: unknown): Prices {
  const prices = new Map<string, ModelPrice>();
  for (const [model, price] of Object.entries(isObject(input) ? input : {})) {
    if (!isObject(price)) continue;
    const { input, output, cached_input: cachedInput = input } = price;
    if (isPrice(input) && isPrice(output) && isPrice(cachedInput)) {
      prices.set(model.toLowerCase(), { input, cachedInput, output });
    }
  }
  return prices;
}

function isPrice(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/** Takes the time zone of the first machine that sends one, if the account has no settings yet. */
export async function proposeZone(hub: Hub, account: string, timezone: string): Promise<void> {
  if (!isZone(timezone)) return;
  const document = await hub.cachedChannel(`${account}/settings`);
  if (document.view.items.has(name)) return;
  const op = { op: 'add', key: name, value: JSON.stringify({ timezone }) } as const;
  await document.write(() => ({ ok: true, write: { ops: [op], origin: 'wakatime', at: hub.world.now() } }));
}
