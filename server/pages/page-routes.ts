// The routes of pages that are the same for everybody, and of the addresses that lead to them.

import type { Reply, Route, RouteDoc } from '../http/types.ts';
import { type PageName, pagePaths, redirects } from './paths.ts';
import { headers } from './sheet.ts';

const shown = { ...headers, 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' };
const responses = { 200: { type: 'text/html' } } as const;
const open = { tag: 'Pages', scope: 'none' } as const;
const date = { date: 'A date such as `2026-11-28`.' } as const;

const docs: Readonly<Record<PageName, RouteDoc>> = {
  day: { ...open, summary: 'Shows the merged day of today, or of a date', params: date, responses },
  week: { ...open, summary: 'Shows this week, or the week of a date: projects by days', params: date, responses },
  tasks: { ...open, summary: 'Shows the page of tasks', responses },
  'set-up': { ...open, summary: 'Shows how to connect each tool, and which are connected', responses },
};

const redirectDoc: RouteDoc = {
  ...open,
  summary: 'Leads to the page that answers an address of another tool',
  responses: { 302: { description: 'To the page' } },
};

const pageNames: readonly PageName[] = ['day', 'week', 'tasks', 'set-up'];

export function pageRoutes(pages: Readonly<Record<PageName, () => string>>): readonly Route[] {
  return [
    ...pageNames.flatMap((name) =>
      pagePaths[name].map(
        (path): Route => ({
          method: 'GET',
          path,
          doc: docs[name],
          handle: async () => ({ status: 200, headers: shown, body: pages[name]() }),
        }),
      ),
    ),
    ...Object.entries(redirects).map(
      ([path, target]): Route => ({ method: 'GET', path, doc: redirectDoc, handle: async () => redirectTo(target) }),
    ),
  ];
}

function redirectTo(location: string): Reply {
  return { status: 302, headers: { location, 'cache-control': 'no-cache' }, body: '' };
}
