// The HTTP of reports: `GET /-/report` as JSON, `/-/report.csv` and `/-/report.pdf`, with the same parameters. People other than oneself are for
// administrators.

import { type ReportDimension, type ReportRounding, ReportView, reportDimensions } from '../../protocol/day-report.ts';
import { type Refusal, refuse } from '../../protocol/errors.ts';
import { type Identity, isAdmin, isAllowed } from '../core/access.ts';
import { datesBetween } from '../day/engine/day-calendar.ts';
import { admitReader, answers, type DayRouteDeps, dateIn, mayReadDays } from '../day/routes.ts';
import { refusalReply } from '../http/error-boundary.ts';
import { json, type Reply, type Request, type Route, type RouteDoc } from '../http/types.ts';
import { PdfMaker } from './pdf/make-pdf.ts';
import type { AccountReader } from './read-parts.ts';
import { type ReportQuestion, readTimeReport } from './read-report.ts';
import { reportToCsv } from './report-csv.ts';

/** Of all people together: ten years. */
const mostDays = 3_660;
const mostMinutes = 1_440;
const noStore = { 'cache-control': 'no-store' };

const query = {
  from: 'The first date: `2026-11-28`, `today` or `yesterday`.',
  to: 'The last date, included.',
  by: 'Groups, the outermost first, with commas: `person`, `day`, `project`, `task`, `tag`. `project` unless given.',
  project: 'Only this project, with those below it: `home` includes `home.garden`.',
  task: 'Only the task of this id or key.',
  tag: 'Only time with this tag.',
  round: '`up`, `down`, `nearest` or `none`, instead of what the account and its projects say.',
  minutes: 'With `round`: the unit. 15 unless given.',
  per: 'With `round`: `entry` rounds each stretch, `day` the time of a project on a day. `day` unless given.',
  people: 'Names of accounts with commas, or `*` for all. For administrators; otherwise the account of the token.',
} as const;

const shared = {
  tag: 'Reports',
  scope: 'read',
  query,
  description:
    'Made of the merged days: the sum of `time` over the rows is the total of the days, to the microsecond, whatever the groups. Time is rounded ' +
    'before it is grouped, so the rounded total does not depend on the groups either. A project says how it is rounded and paid in the channel ' +
    '`projects`, the account in the item `report` of `settings`.',
} as const;

const docs = {
  json: {
    ...shared,
    summary: 'Sums the time of a span by project, task, tag, day or person, rounded and with its price',
    responses: { 200: { description: 'The report.', schema: ReportView }, ...answers },
  },
  csv: {
    ...shared,
    summary: 'Answers the same report as a table for a spreadsheet',
    responses: {
      200: {
        type: 'text/csv',
        description:
          'RFC 4180, UTF-8. Texts that begin like a formula begin with an apostrophe. Hours and amounts are of rounded time.',
      },
      ...answers,
    },
  },
  pdf: {
    ...shared,
    summary: 'Answers the same report as a PDF, with totals and text that programs can read',
    responses: {
      200: {
        type: 'application/pdf',
        description:
          'Drawn with the fonts of the hub’s machine (`HORAI_FONTS`); the PDF names scripts for which there are none.',
      },
      ...answers,
    },
  },
} as const satisfies Record<string, RouteDoc>;

export interface ReportRouteDeps extends DayRouteDeps {
  /** A folder with fonts, for PDFs. */
  readonly fonts: string;
}

export function reportRoutes(deps: ReportRouteDeps): readonly Route[] {
  const pdf = new PdfMaker(deps.days.hub.world, deps.fonts);
  const route = (path: string, doc: RouteDoc, make: (report: ReportView) => Reply | Promise<Reply>): Route => ({
    method: 'GET',
    path,
    doc,
    async handle(request) {
      const outcome = await answerReport(deps, request);
      return outcome.ok ? make(outcome.report) : refusalReply(outcome);
    },
  });
  return [
    route('/-/report', docs.json, (report) => json(200, report, noStore)),
    route('/-/report.csv', docs.csv, (report) => ({
      status: 200,
      headers: {
        ...noStore,
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': `attachment; filename="${fileName(report)}.csv"`,
      },
      body: reportToCsv(report),
    })),
    route('/-/report.pdf', docs.pdf, async (report) => {
      const drawn = await pdf.make(report);
      if (!drawn.ok) return refusalReply(refuse('property', 'report', drawn.hint));
      const headers = {
        ...noStore,
        'content-type': 'application/pdf',
        'content-disposition': `attachment; filename="${fileName(report)}.pdf"`,
      };
      return { status: 200, headers, body: drawn.pdf };
    }),
  ];
}

export function fileName({ from, to }: ReportView): string {
  return from === to ? `report-${from}` : `report-${from}-${to}`;
}

export async function answerReport(
  deps: DayRouteDeps,
  request: Request,
): Promise<{ readonly ok: true; readonly report: ReportView } | Refusal> {
  const admitted = admitReader(deps, request);
  if (!admitted.ok) return admitted;
  const { identity } = admitted;
  const parameters = new URLSearchParams(request.query);
  const from = await dateIn(deps, identity, parameters.get('from') ?? '', undefined);
  const to = await dateIn(deps, identity, parameters.get('to') ?? '', undefined);
  if (from === undefined) return refuse('property', 'from', 'YYYY-MM-DD, today or yesterday');
  if (to === undefined || to < from)
    return refuse('property', 'to', 'YYYY-MM-DD, today or yesterday; not before `from`');
  const people = peopleIn(deps, identity, parameters.get('people'));
  if (!people.ok) return people;
  const dates = datesBetween(from, to);
  if (dates.length * people.accounts.length > mostDays)
    return refuse('property', 'to', 'at most ten years at once, of all people together');
  const parsed = readQuestion(parameters, dates);
  if (!parsed.ok) return parsed;
  const readers = people.accounts.map((account): AccountReader => {
    const mayRead = (channel: string): boolean => isAllowed(identity, 'read', `${account}/${channel}`);
    return { account, mayRead, mayReadDays: account === identity.account ? mayReadDays(admitted) : mayRead };
  });
  const made = await readTimeReport(deps.days, readers, parsed.question, () => request.aborted());
  return made.ok ? made : refuse('property', 'to', made.hint);
}

function peopleIn(
  { accounts }: DayRouteDeps,
  identity: Identity,
  text: string | null,
): { readonly ok: true; readonly accounts: readonly string[] } | Refusal {
  if (text === null || text === identity.account) return { ok: true, accounts: [identity.account] };
  if (!isAdmin(identity)) return refuse('forbidden', '', 'people other than yourself need the scope admin');
  if (text === '*') return { ok: true, accounts: accounts.list().map(({ name }) => name) };
  const names = [...new Set(text.split(','))];
  const unknown = names.find((name) => !accounts.isAccount(name));
  return unknown === undefined
    ? { ok: true, accounts: names }
    : refuse('not_found', 'account', 'list them: GET /-/people');
}

function readQuestion(
  parameters: URLSearchParams,
  dates: readonly string[],
): { readonly ok: true; readonly question: ReportQuestion } | Refusal {
  const by = dimensionsIn(parameters.get('by') ?? 'project');
  if (by === undefined) return refuse('property', 'by', `some of ${reportDimensions.join(', ')}, each once`);
  const rounding = roundingIn(parameters);
  if (rounding === 'wrong')
    return refuse('property', 'round', 'round=up, down, nearest or none; minutes=15; per=entry or day');
  const textIn = (name: string): string | undefined => parameters.get(name) ?? undefined;
  const filters = { project: textIn('project'), task: textIn('task'), tag: textIn('tag') };
  return { ok: true, question: { dates, by, filters, rounding } };
}

function dimensionsIn(text: string): readonly ReportDimension[] | undefined {
  const names = text === '' ? [] : text.split(',');
  const found = names.flatMap((name) => reportDimensions.find((one) => one === name) ?? []);
  return found.length === names.length && new Set(found).size === names.length ? found : undefined;
}

/** undefined without the parameter, null for `none`. */
function roundingIn(parameters: URLSearchParams): ReportRounding | null | undefined | 'wrong' {
  const [round, minutes, per] = [
    parameters.get('round'),
    Number(parameters.get('minutes') ?? 15),
    parameters.get('per') ?? 'day',
  ];
  if (round === null) return parameters.has('minutes') || parameters.has('per') ? 'wrong' : undefined;
  if (round === 'none') return null;
  if (round !== 'up' && round !== 'down' && round !== 'nearest') return 'wrong';
  if (!(minutes > 0 && minutes <= mostMinutes) || (per !== 'entry' && per !== 'day')) return 'wrong';
  return { minutes, to: round, per };
}
