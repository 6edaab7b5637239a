// The addresses of pages, and the addresses that people's tools and fingers know from elsewhere, each with the page that answers it.
// docs/pages.md shows this table; a test compares them. A page takes only GET: a room of the mob timer with the same name is reached by
// PUT, by its streams and by /room/<name>.

/** The pages that are the same for everybody, with their addresses. */
export const pagePaths = {
  day: ['/day', '/day/:date'],
  week: ['/week', '/week/:date'],
  tasks: ['/tasks'],
  'set-up': ['/set-up'],
} as const;
export type PageName = keyof typeof pagePaths;

/** Addresses that lead to a page: WakaTime's, Wakapi's and ActivityWatch's, and what people type. */
export const redirects: Readonly<Record<string, string>> = {
  '/tasks/': '/tasks',
  '/day/': '/day',
  '/week/': '/week',
  '/rooms/': '/rooms',
  '/help/': '/help',
  '/stats/': '/stats',
  '/today': '/day',
  '/dashboard': '/day',
  '/summary': '/day',
  '/timeline': '/day',
  '/login': '/day',
  '/signin': '/day',
  '/projects': '/week',
  '/insights': '/week',
  '/reports': '/week',
  '/setup': '/set-up',
  '/signup': '/set-up',
  '/settings/api-key': '/set-up',
};

/** The first segment of `/day/:date`. */
function firstSegment(path: string): string {
  return path.split('/')[1] ?? '';
}

/** Names of rooms whose page is hidden by one of these: PUT, the streams and the goal still reach the rooms. */
export const roomNamedPages: readonly string[] = [
  ...new Set([...Object.values(pagePaths).flat(), ...Object.keys(redirects), '/rooms'].map(firstSegment)),
];
