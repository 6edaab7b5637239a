// Goals as WakaTime's API answers them, and as a form sends them. Pure.

import { isObject } from '../shared/hub-values.ts';

export interface GoalPoint {
  readonly actual_seconds: number;
  readonly goal_seconds: number;
  readonly range_status: string;
  readonly range_status_reason: string;
  /** `date` of a day; a week has none. */
  readonly range: { readonly text: string; readonly date?: string };
}

export interface GoalView {
  readonly id: string;
  readonly title: string;
  readonly custom_title: string | null;
  readonly delta: 'day' | 'week';
  readonly seconds: number;
  readonly projects: readonly string[];
  readonly languages: readonly string[];
  readonly is_inverse: boolean;
  readonly is_enabled: boolean;
  readonly status: string;
  readonly chart_data: readonly GoalPoint[];
}

/** The hub is trusted in the details. */
export function isGoalView(value: unknown): value is GoalView {
  return isObject(value) && typeof value['id'] === 'string' && Array.isArray(value['chart_data']);
}

export interface GoalFields {
  readonly title: string;
  readonly hours: string;
  readonly delta: 'day' | 'week';
  /** Names, comma separated. */
  readonly projects: string;
  readonly languages: string;
  readonly isInverse: boolean;
}

export function fieldsOf(goal: GoalView | undefined): GoalFields {
  return {
    title: goal?.custom_title ?? '',
    hours: goal === undefined ? '2' : String(Math.round((goal.seconds / 3_600) * 100) / 100),
    delta: goal?.delta ?? 'day',
    projects: goal?.projects.join(', ') ?? '',
    languages: goal?.languages.join(', ') ?? '',
    isInverse: goal?.is_inverse ?? false,
  };
}

const namesIn = (text: string): readonly string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** @returns the body of the request; undefined if the hours are no amount of time */
export function goalBody({ title, hours, delta, projects, languages, isInverse }: GoalFields): object | undefined {
  const amount = Number(hours.replace(',', '.'));
  const most = delta === 'day' ? 24 : 168;
  if (!(amount > 0) || amount > most) return undefined;
  return {
    title: title.trim(),
    delta,
    seconds: Math.round(amount * 3_600),
    projects: namesIn(projects),
    languages: namesIn(languages),
    is_inverse: isInverse,
  };
}
