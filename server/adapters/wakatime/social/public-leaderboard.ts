// Ranks accounts by the last seven days. The timeout is always fifteen minutes, so that no setting changes a rank. Only heartbeats
// count, external durations such as meetings do not.

import { nextTurn } from '../../../core/next-turn.ts';
import type { Request } from '../../../http/types.ts';
import type { Authorizer } from '../auth/authorize.ts';
import { isDateShared } from '../model/account-settings.ts';
import {
  dateAt,
  dayBounds,
  formatDate,
  formatIso,
  formatIsoEnd,
  listDates,
  readStatsRange,
} from '../model/calendar.ts';
import { formatMinutes, toSeconds } from '../model/format-time.ts';
import { publicProfile } from '../resources/profile.ts';
import { groupTallies } from '../stats/group-by.ts';
import { tallyInTurns } from '../stats/tally-in-turns.ts';

const minute = 60_000_000;
const timeout = 15;
const pageSize = 100;
const zone = 'UTC';

/** Ranks the accounts that share their time with everybody. */
export async function rankPublic(authorizer: Authorizer, request: Request) {
  const shares = await Promise.all(
    authorizer.accounts.map(async (account) => ((await authorizer.settings(account)).shares.time ? [account] : [])),
  );
  return rankAccounts(authorizer, request, shares.flat(), { among: 'all' });
}

/** @param among `all`: the public ranking. Otherwise the members of a group, who also see languages and people without any time */
export async function rankAccounts(
  authorizer: Authorizer,
  request: Request,
  accounts: readonly string[],
  { among }: { readonly among: 'all' | 'circle' },
) {
  const query = new URLSearchParams(request.query);
  const own = authorizer.identify(request)?.account;
  const moment = authorizer.hub.world.now() * 1_000;
  const now = { today: dateAt(moment, zone), weekdayStart: 1 };
  const span = readStatsRange('last_7_days', now, false)?.span ?? { first: now.today, last: now.today };
  const bounds = dayBounds(listDates(span), zone);
  const language = query.get('language') ?? '';
  const country = query.get('country_code') ?? '';
  const hireable = query.get('is_hireable') ?? '';
  const isHireable = /^(?:true|1)$/i.test(hireable);
  const running = [];
  // The hub knows neither an account's country nor whether it is for hire, so these filters match none.
  for (const account of country === '' && !isHireable ? accounts : []) {
    const info = await authorizer.personInfo(account, request);
    // A caller who may not see a list may not filter by it.
    if (language !== '' && among === 'all' && !info.settings.shares.languages) continue;
    if (among === 'all' && !isDateShared(info.settings, span.first, now.today)) continue;
    const beats = await authorizer.beats(account, { from: bounds[0] ?? 0, to: bounds.at(-1) ?? 0 });
    const person = { ...info, beats };
    const fits = ({ language: its }: { language: string }) =>
      language === '' || its.toLowerCase() === language.toLowerCase();
    const rule = { timeout: timeout * minute, writesOnly: false, reach: timeout * minute, rules: person.rules };
    if (running.length > 0) await nextTurn();
    const days = await tallyInTurns(person.beats, rule, { bounds, fits });
    const all = groupTallies(person.beats, days);
    const worked = days.filter(({ contexts }) => contexts.codes.length > 0).length;
    if (all.total > 0 || among === 'circle') running.push({ person, all, worked });
  }
  running.sort((a, b) => b.all.total - a.all.total || (a.person.account < b.person.account ? -1 : 1));
  const ranked = running.map(({ person, all, worked }, index) => {
    const average = worked === 0 ? 0 : Math.round(toSeconds(all.total) / worked);
    return {
      rank: index + 1,
      page: Math.floor(index / pageSize) + 1,
      running_total: {
        total_seconds: toSeconds(all.total),
        human_readable_total: formatMinutes(toSeconds(all.total)),
        daily_average: average,
        human_readable_daily_average: formatMinutes(average),
        languages:
          person.settings.shares.languages || among === 'circle'
            ? all.rows('languages').map(({ name, sum }) => ({ name, total_seconds: toSeconds(sum) }))
            : [],
        modified_at: formatIso(moment),
      },
      user: publicProfile(person),
    };
  });
  const asNumber = Number(query.get('page') ?? 1);
  const page = Number.isInteger(asNumber) && asNumber >= 1 ? asNumber : 1;
  const mine = ranked.find(({ user }) => user.username === own);
  return {
    current_user: { rank: mine?.rank ?? null, page: mine?.page ?? null, user: mine?.user ?? null },
    data: ranked.slice((page - 1) * pageSize, page * pageSize),
    page,
    total_pages: Math.max(1, Math.ceil(ranked.length / pageSize)),
    range: {
      name: 'last_7_days',
      text: 'Last 7 Days',
      start: formatIso(bounds[0] ?? 0),
      start_date: span.first,
      start_text: formatDate(span.first),
      end: formatIsoEnd(bounds.at(-1) ?? 0),
      end_date: span.last,
      end_text: formatDate(span.last),
    },
    language: language === '' ? null : language,
    is_hireable: hireable === '' ? null : isHireable,
    country_code: country === '' ? null : country,
    modified_at: formatIso(moment),
    timeout,
    writes_only: false,
  };
}
