// The routes of pages that are the same for everybody, and of the addresses that lead to them.

import type { Reply, Request, Route, RouteDoc } from '../http/types.ts';
import { type PageName, pagePaths, redirects } from './paths.ts';
import { headers } from './sheet.ts';

const shown = { ...headers, 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' };
const responses = { 200: { type: 'text/html' } } as const;
const open = { tag: 'Pages', scope: 'none' } as const;
const date = { date: 'A date such as `2026-11-28`.' } as const;
const params = { project: 'The name of a project.' } as const;

const docs: Readonly<Record<PageName, RouteDoc>> = {
  day: { ...open, summary: 'Shows the merged day of today, or of a date', params: date, responses },
  week: { ...open, summary: 'Shows this week, or the week of a date: projects by days', params: date, responses },
  month: { ...open, summary: 'Shows this month, or the month of a date', params: date, responses },
  trends: { ...open, summary: 'Shows what changes over weeks and months', responses },
  reports: { ...open, summary: 'Shows a report, submits weeks, and makes links for calendars', responses },
  projects: { ...open, summary: 'Shows all projects, or one', params, responses },
  tasks: { ...open, summary: 'Shows the page of tasks', responses },
  goals: { ...open, summary: 'Shows the goals, and changes them', responses },
  rules: { ...open, summary: 'Shows the rules that assign time, with a preview of changes', responses },
  history: { ...open, summary: 'Shows what was changed, and undoes it', responses },
  leaderboards: {
    ...open,
    summary: 'Shows the leaderboard of the hub, or a private one',
    params: { board: 'The id of a private leaderboard.' },
    responses,
  },
  profile: { ...open, summary: 'Shows what a person shares', params: { name: 'The name of the account.' }, responses },
  'set-up': { ...open, summary: 'Shows how to connect each tool, and which are connected', responses },
  devices: {
    ...open,
    summary: 'Shows whether each tool sends something, the browsers and tokens of a person, and pairs a phone',
    responses,
  },
  settings: { ...open, summary: 'Shows the settings of a person, with export and import', responses },
  people: { ...open, summary: 'Shows administrators the accounts, and invites people', responses },
  inspector: { ...open, summary: 'Shows administrators what is on the wire', responses },
  'sign-in': { ...open, summary: 'Signs a browser in, by a one-time link or a token', responses },
};

const redirectDoc: RouteDoc = {
  ...open,
  summary: 'Leads to the page that answers an address of another tool',
  responses: { 302: { description: 'To the page' } },
};

const names = Object.keys(pagePaths).filter((name): name is PageName => Object.hasOwn(docs, name));

/** @param draw makes the HTML of a page */
export function pageRoutes(draw: (name: PageName) => string): readonly Route[] {
  return [
    ...names.flatMap((name) =>
      pagePaths[name].map(
        (path): Route => ({
          method: 'GET',
          path,
          doc: docs[name],
          handle: async () => ({ status: 200, headers: shown, body: draw(name) }),
        }),
      ),
    ),
    ...Object.entries(redirects).map(
      ([path, target]): Route => ({
        method: 'GET',
        path,
        doc: path.includes(':') ? { ...redirectDoc, params } : redirectDoc,
        handle: async (request) => redirectTo(fill(target, request)),
      }),
    ),
  ];
}

/** Puts what the address named into the places of the target. */
function fill(target: string, { params }: Request): string {
  return target.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params.get(name) ?? ''));
}

function redirectTo(location: string): Reply {
  return { status: 302, headers: { location, 'cache-control': 'no-cache' }, body: '' };
}
