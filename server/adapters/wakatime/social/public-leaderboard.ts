// The accounts of this hub that share their coding time, by the last seven days. Always computed with a timeout of fifteen minutes, so
// that nobody climbs by a setting, and of heartbeats alone, so that nobody climbs by meetings.

import type { Request } from '../../../http/types.ts';
import type { Admission } from '../auth/authorize.ts';
import { isDateShared } from '../model/account-settings.ts';
import { boundsOf, dateAt, datesOf, iso, isoEnd, readStatsRange, spoken } from '../model/calendar.ts';
import { coarseText, secondsOf } from '../model/format-time.ts';
import { stranger } from '../resources/profile.ts';
import { tally } from '../stats/durations-algorithm.ts';
import { groupTallies } from '../stats/group-by.ts';

const minute = 60_000_000;
const timeout = 15;
const pageSize = 100;
const zone = 'UTC';

/** Those who share their coding time with everybody. */
export async function leaders(admission: Admission, request: Request) {
  const shares = await Promise.all(
    admission.accounts.map(async (account) => ((await admission.settings(account)).shares.time ? [account] : [])),
  );
  return ranking(admission, request, shares.flat(), { among: 'all' });
}

/**
 * @param among a circle sees of its members what they share with it: languages, and those who did nothing
 */
export async function ranking(
  admission: Admission,
  request: Request,
  accounts: readonly string[],
  { among }: { readonly among: 'all' | 'circle' },
) {
  const query = new URLSearchParams(request.query);
  const own = admission.identify(request)?.account;
  const moment = admission.hub.world.now() * 1_000;
  const now = { today: dateAt(moment, zone), weekdayStart: 1 };
  const span = readStatsRange('last_7_days', now, false)?.span ?? { first: now.today, last: now.today };
  const bounds = boundsOf(datesOf(span), zone);
  const language = query.get('language') ?? '';
  const country = query.get('country_code') ?? '';
  const hireable = query.get('is_hireable') ?? '';
  const isHireable = /^(?:true|1)$/i.test(hireable);
  const running = [];
  // Nobody here says where they live, or that they look for work.
  for (const account of country === '' && !isHireable ? accounts : []) {
    const someone = await admission.someone(account, request);
    // Who may not see a list may not ask for one thing of it either.
    if (language !== '' && among === 'all' && !someone.settings.shares.languages) continue;
    if (among === 'all' && !isDateShared(someone.settings, span.first, now.today)) continue;
    const beats = await admission.beats(account, { from: bounds[0] ?? 0, to: bounds.at(-1) ?? 0 });
    const person = { ...someone, beats };
    const fits = ({ language: its }: { language: string }) =>
      language === '' || its.toLowerCase() === language.toLowerCase();
    const rule = { timeout: timeout * minute, writesOnly: false, reach: timeout * minute, rules: person.rules };
    const days = tally(person.beats, rule, { bounds, fits });
    const all = groupTallies(person.beats, days);
    const worked = days.filter(({ contexts }) => contexts.codes.length > 0).length;
    if (all.total > 0 || among === 'circle') running.push({ person, all, worked });
  }
  running.sort((a, b) => b.all.total - a.all.total || (a.person.account < b.person.account ? -1 : 1));
  const ranked = running.map(({ person, all, worked }, index) => {
    const average = worked === 0 ? 0 : Math.round(secondsOf(all.total) / worked);
    return {
      rank: index + 1,
      page: Math.floor(index / pageSize) + 1,
      running_total: {
        total_seconds: secondsOf(all.total),
        human_readable_total: coarseText(secondsOf(all.total)),
        daily_average: average,
        human_readable_daily_average: coarseText(average),
        languages:
          person.settings.shares.languages || among === 'circle'
            ? all.rows('languages').map(({ name, sum }) => ({ name, total_seconds: secondsOf(sum) }))
            : [],
        modified_at: iso(moment),
      },
      user: stranger(person),
    };
  });
  const asked = Number(query.get('page') ?? 1);
  const page = Number.isInteger(asked) && asked >= 1 ? asked : 1;
  const mine = ranked.find(({ user }) => user.username === own);
  return {
    current_user: { rank: mine?.rank ?? null, page: mine?.page ?? null, user: mine?.user ?? null },
    data: ranked.slice((page - 1) * pageSize, page * pageSize),
    page,
    total_pages: Math.max(1, Math.ceil(ranked.length / pageSize)),
    range: {
      name: 'last_7_days',
      text: 'Last 7 Days',
      start: iso(bounds[0] ?? 0),
      start_date: span.first,
      start_text: spoken(span.first),
      end: isoEnd(bounds.at(-1) ?? 0),
      end_date: span.last,
      end_text: spoken(span.last),
    },
    language: language === '' ? null : language,
    is_hireable: hireable === '' ? null : isHireable,
    country_code: country === '' ? null : country,
    modified_at: iso(moment),
    timeout,
    writes_only: false,
  };
}
