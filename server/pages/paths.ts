// The addresses of pages, and the addresses that people's tools and fingers know from elsewhere, each with the page that answers it.
// docs/pages.md shows this table; a test compares them. A page takes only GET: a room of the mob timer with the same name is reached by
// PUT, by its streams and by /room/<name>.

/** The pages that are the same for everybody, with their addresses. */
export const pagePaths = {
  day: ['/day', '/day/:date'],
  week: ['/week', '/week/:date'],
  month: ['/month', '/month/:date'],
  trends: ['/trends'],
  reports: ['/reports'],
  projects: ['/projects', '/projects/:project'],
  tasks: ['/tasks'],
  goals: ['/goals'],
  rules: ['/rules'],
  history: ['/history'],
  leaderboards: ['/leaderboards', '/leaderboards/:board'],
  profile: ['/profile/:name'],
  'set-up': ['/set-up'],
  'sign-in': ['/sign-in'],
  devices: ['/devices'],
  settings: ['/settings'],
  people: ['/people'],
  inspector: ['/inspector'],
} as const;
export type PageName = keyof typeof pagePaths;

/** Addresses that lead to a page: WakaTime's, Wakapi's and ActivityWatch's, and what people type. `:name` is filled in. */
export const redirects: Readonly<Record<string, string>> = {
  '/tasks/': '/tasks',
  '/day/': '/day',
  '/week/': '/week',
  '/month/': '/month',
  '/trends/': '/trends',
  '/reports/': '/reports',
  '/projects/': '/projects',
  '/goals/': '/goals',
  '/rules/': '/rules',
  '/history/': '/history',
  '/rooms/': '/rooms',
  '/help/': '/help',
  '/stats/': '/stats',
  '/today': '/day',
  '/dashboard': '/day',
  '/summary': '/day',
  '/timeline': '/day',
  '/login': '/sign-in',
  '/signin': '/sign-in',
  '/project/:project': '/projects/:project',
  '/insights': '/trends',
  '/leaderboard': '/leaderboards',
  '/leaders': '/leaderboards',
  '/setup': '/set-up',
  '/signup': '/set-up',
  '/settings/api-key': '/devices',
};

/** The first segment of `/day/:date`. */
function firstSegment(path: string): string {
  return path.split('/')[1] ?? '';
}

/** Names of rooms whose page is hidden by one of these: PUT, the streams and the goal still reach the rooms. */
export const roomNamedPages: readonly string[] = [
  ...new Set([...Object.values(pagePaths).flat(), ...Object.keys(redirects), '/rooms', '/mcp'].map(firstSegment)),
];
