// Gets merged days from the hub, or computes them from this device's tasks if there is no hub or it cannot be reached. Both answers have the
// same shape.

import type { QuestionView } from '../../../protocol/day-questions.ts';
import type { Connection, SdkFailure } from '../../typescript/api.ts';
import type { CliContext } from '../cli/cli-context.ts';
import type { KronosDatabase } from '../data/database.ts';
import { connectOnce } from '../sync/hub.ts';
import { parseDate } from './dates.ts';
import { dismissOffered } from './hub-questions.ts';
import { localDay, type ShownDay } from './local-day.ts';

export type DayResult =
  | {
      readonly ok: true;
      readonly day: ShownDay;
      /** Why the day has only the tasks of this device; '' if the hub computed it. */
      readonly note: string;
    }
  | { readonly ok: false; readonly why: 'refused' | 'failed' | 'invalid date'; readonly error: string };

export interface DayProvider {
  /** @param date `2026-11-28`, `today` or `yesterday` */
  day(date: string): Promise<DayResult>;
  /**
   * The hub's questions; [] without a hub. Unexplained time of yesterday is offered once: after this it is dismissed.
   */
  questions(): Promise<readonly QuestionView[]>;
  close(): Promise<void>;
}

const localOnly = 'this is only the work on the tasks of this device';

export async function openDayProvider(database: KronosDatabase, cli: CliContext): Promise<DayProvider> {
  const local = (date: string, reason: string): DayResult => {
    const now = Math.floor(cli.now() / 1_000);
    const wanted = parseDate(date, { zone: cli.zone, now });
    if (wanted === undefined) return { ok: false, why: 'invalid date', error: `invalid date ${date}` };
    const day = localDay(database, wanted, { zone: cli.zone, zoneName: cli.zoneName(), now });
    return { ok: true, day, note: `${reason}: ${localOnly}${describeGap(database, day)}` };
  };
  if (!database.enable_sync) {
    return {
      day: (date) => Promise.resolve(local(date, 'no hub')),
      questions: () => Promise.resolve([]),
      close: () => Promise.resolve(),
    };
  }
  const hub = await connectOnce({ ...database, sync_device_id: '' });
  if (hub === undefined) {
    const reason = `${database.sync_host} is not the address of a hub`;
    return {
      day: (date) => Promise.resolve(local(date, reason)),
      questions: () => Promise.resolve([]),
      close: () => Promise.resolve(),
    };
  }
  return {
    day: async (date) => {
      const answer = await requestDay(hub, date);
      if (answer.ok) return answer;
      if (answer.code === 'offline') return local(date, `the hub was not reached (${answer.error})`);
      const isRefused = answer.code === 'forbidden' || answer.code === 'user_not_found' || answer.code === 'revoked';
      const error = answer.hint === undefined ? answer.error : `${answer.error}: ${answer.hint}`;
      return { ok: false, why: isRefused ? 'refused' : 'failed', error };
    },
    questions: async () => {
      const answer = await hub.questions();
      if (!answer.ok) return [];
      await dismissOffered(hub, answer.questions);
      return answer.questions;
    },
    close: () => hub.close(),
  };
}

async function requestDay(hub: Connection, date: string): Promise<Extract<DayResult, { ok: true }> | SdkFailure> {
  const answer = await hub.day(date);
  return answer.ok ? { ok: true, day: answer.day, note: '' } : answer;
}

/** The history is bounded, so work before its first step is not known. @returns a note for people; '' if the day is complete */
function describeGap({ log }: KronosDatabase, { from }: ShownDay): string {
  const [oldest] = log;
  const isCut = oldest !== undefined && oldest.n > 1 && from < oldest.at * 1_000_000;
  return isCut ? ', and its history begins later' : '';
}
