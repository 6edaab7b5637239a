// The endpoints that answer with time: the user, the status bar, summaries, stats, insights, durations, and experts of a file.

import { piecesReply } from '../../../http/pieces-reply.ts';
import { type ChunkedReply, json, type Reply } from '../../../http/types.ts';
import {
  type Endpoint,
  type EndpointCall,
  errorReply,
  jsonHeaders,
  outcomeReply,
  type PendingCall,
} from '../endpoint.ts';
import type { TimeRange } from '../index/account-index.ts';
import { parseBody } from '../ingest/parse-body.ts';
import { type AccountSettings, areListsShared, isDateShared } from '../model/account-settings.ts';
import { readDate, readStatsRange, type StatsRange } from '../model/calendar.ts';
import { formatGrandTotal, toSeconds } from '../model/format-time.ts';
import { isObject } from '../model/heartbeat.ts';
import { listParts, pruneHidden } from '../model/scopes.ts';
import { pathParam } from '../request-fields.ts';
import { describeProfile, publicProfile } from '../resources/profile.ts';
import { listDurations } from './durations.ts';
import { computeInsight } from './insights.ts';
import { filteredLists, type Person, type PersonInfo, parseSpan, type TimeQuery, timeRangeOf } from './query.ts';
import { allTimeSinceToday, allTimeSpan, computeSpan, computeStats, sharedStats } from './stats.ts';
import { buildStatusBar, type SummaryForm, summaryPieces } from './summaries.ts';
import { tallyInTurns } from './tally-in-turns.ts';

export const timeEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '',
    scopes: ['profile'],
    isPublic: true,
    timeRange: ({ question }) => timeRangeOf(question, undefined),
    answer: replyUser,
  },
  ...['statusbar/today', 'status_bar/today'].map(
    (path): Endpoint => ({
      method: 'GET',
      path,
      scopes: listParts('summaries'),
      timeRange: ({ question }) => timeRangeOf(question, { first: question.now.today, last: question.now.today }),
      answer: replyStatusBar,
    }),
  ),
  {
    method: 'GET',
    path: 'summaries',
    scopes: listParts('summaries'),
    timeRange: rangeOfSpan,
    answer: replySummaries,
  },
  ...['stats', 'stats/:range'].map(
    (path): Endpoint => ({
      method: 'GET',
      path,
      scopes: listParts('stats'),
      isPublic: true,
      timeRange: rangeOfStats,
      answer: replyStats,
    }),
  ),
  {
    method: 'GET',
    path: 'all_time_since_today',
    scopes: ['stats', 'summaries'],
    answer: async ({ question, reply }) => reply({ data: await allTimeSinceToday(question) }),
  },
  {
    method: 'GET',
    path: 'insights/:type/:range',
    scopes: ['stats', 'summaries'],
    timeRange: rangeOfStats,
    answer: replyInsight,
  },
  {
    method: 'GET',
    path: 'durations',
    scopes: ['summaries'],
    timeRange: rangeOfDate,
    answer: ({ question }) => outcomeReply(listDurations(question)),
  },
  { method: 'POST', path: 'file_experts', needs: ['read'], answer: replyFileExperts },
];

function replyUser({ person, maySee, isStranger }: EndpointCall): Reply {
  if (!isStranger) return json(200, { data: describeProfile(person, maySee('email')) });
  return sharesNothing(person) ? errorReply(404, 'no such user') : json(200, { data: publicProfile(person) });
}

function replyStatusBar({ question, reply, maySee }: EndpointCall): Reply {
  const bar = buildStatusBar(question);
  return reply({ ...bar, data: pruneHidden(bar.data, 'summaries', maySee) });
}

async function replySummaries(call: EndpointCall): Promise<Reply | ChunkedReply> {
  const { question, maySee, dialect, formatted } = call;
  const span = parseSpan(question);
  if (!span.ok) return errorReply(400, span.error);
  if (!mayFilter(call, 'summaries')) return filterHidden;
  const isPlain = dialect === 'wakatime' && maySee('summaries');
  const form: SummaryForm = { day: (day) => formatted(pruneHidden(day, 'summaries', maySee)), rest: formatted };
  const pieces = summaryPieces(question, span.value, isPlain ? undefined : form);
  // Years of days are sent while they are written.
  return piecesReply(jsonHeaders, pieces);
}

async function replyStats(call: EndpointCall): Promise<Reply> {
  const { question, person, isStranger, maySee, reply } = call;
  if (isStranger && sharesNothing(person)) return errorReply(403, 'this account shares nothing');
  if (!mayFilter(call, 'stats')) return filterHidden;
  const range = rangeOf(call);
  if (range === undefined) return noRange;
  if (isStranger && !isRangeShared(range, question)) return beyondShared(person.settings);
  const computed = await computeSpan(question, range.span ?? allTimeSpan(question));
  const all = computeStats(question, range, computed);
  return reply({ data: isStranger ? sharedStats(all, question) : pruneHidden(all, 'stats', maySee) });
}

async function replyInsight(call: EndpointCall): Promise<Reply> {
  const range = rangeOf(call);
  if (range === undefined) return noRange;
  return outcomeReply(await computeInsight(call.question, pathParam(call.request, 'type'), range));
}

/** The only expert is the account itself, because files are never shared between accounts. */
async function replyFileExperts({ person, question: { rule, moment }, request }: EndpointCall): Promise<Reply> {
  const { beats } = person;
  const body = parseBody(request.body);
  const entity = isObject(body) && typeof body['entity'] === 'string' ? body['entity'] : '';
  const bounds = [beats.first ?? moment, moment + rule.timeout];
  const [all] = await tallyInTurns(beats, rule, { bounds, entities: true });
  const at = all?.entities.codes.findIndex((code) => beats.entities[code] === entity) ?? -1;
  const { decimal, digital, text, total_seconds } = formatGrandTotal(toSeconds(all?.entities.amounts[at] ?? 0));
  const { id, username, display_name } = publicProfile(person);
  const user = { id, is_current_user: true, long_name: display_name, name: username };
  return json(200, { data: [{ user, total: { decimal, digital, text, total_seconds } }] });
}

function sharesNothing({ settings }: Person): boolean {
  return !Object.values(settings.shares).includes(true);
}

const filterHidden = errorReply(403, 'this filter uses data you may not see: leave it out');
const noRange = errorReply(404, 'no such range');

/** True if the caller may see every list that the query filters by. */
function mayFilter({ question, isStranger, maySee }: EndpointCall, whole: 'stats' | 'summaries'): boolean {
  const parts = filteredLists(question.query);
  if (isStranger) return areListsShared(question.person.settings, parts);
  return maySee(whole) || parts.every((part) => maySee(`${whole}.${part}`));
}

/** True if a stranger may look back as far as the range does. */
function isRangeShared({ span }: StatsRange, { person: { settings }, now }: TimeQuery): boolean {
  return settings.shareDays === undefined || (span !== undefined && isDateShared(settings, span.first, now.today));
}

function beyondShared({ shareDays = 0 }: AccountSettings): Reply {
  return errorReply(403, `this account shares the last ${shareDays} days: ask for a shorter range`);
}

/** The default range of stats: a week, or less if strangers may not look back so far. */
function usualRange({ settings: { shareDays = 7 } }: PersonInfo): string {
  if (shareDays >= 7) return 'last_7_days';
  return shareDays >= 1 ? 'last_24_hours' : 'today';
}

function rangeOf({ request, question, dialect, isStranger }: PendingCall): StatsRange | undefined {
  const includes = question.query.get('is_including_today');
  const includesToday = includes === null ? dialect === 'wakapi' : /^(?:true|1)$/i.test(includes);
  const range = request.params.get('range') ?? (isStranger ? usualRange(question.person) : 'last_7_days');
  return readStatsRange(range, question.now, includesToday);
}

function rangeOfStats(call: PendingCall): TimeRange | undefined {
  const range = rangeOf(call);
  return range?.span === undefined ? undefined : timeRangeOf(call.question, range.span);
}

function rangeOfSpan({ question }: PendingCall): TimeRange {
  const span = parseSpan(question);
  return timeRangeOf(question, span.ok ? span.value : undefined);
}

/** The moments of the day that `date` names. */
export function rangeOfDate({ question }: PendingCall): TimeRange {
  const date = readDate(question.query.get('date') ?? '', question.now, question.zone);
  return timeRangeOf(question, date === undefined ? undefined : { first: date, last: date });
}
