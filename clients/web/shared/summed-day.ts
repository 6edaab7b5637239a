// One day of `GET /-/days`.

import type { DayTotalsView } from '../../../protocol/day-answer.ts';

/** The sums of one day, as the hub answers them. */
export type SummedDay = DayTotalsView['days'][number];
