// Every page of the hub, with what is there once it is drawn: for whoever looks at all of them, a test or a person. A new page that is
// not here is a type error.

import type { Sheet } from '../../server/pages/sheet.ts';

export interface PageView {
  readonly name: string;
  /** On the hub's origin, without a slash before it. */
  readonly path: string;
  /** A selector. */
  readonly ready: string;
}

/** Each page at one or more addresses, in the form in which it has most to show. */
function viewsByPage(
  date: string,
): Readonly<Record<Sheet['name'], readonly (readonly [path: string, ready: string])[]>> {
  return {
    day: [
      [`day/${date}`, '.bars'],
      [`day/${date}#table`, '.twin-table'],
    ],
    week: [
      [`week/${date}`, '.day-bars'],
      [`week/${date}#table`, '.twin-table'],
    ],
    month: [[`month/${date}`, '.day-bars']],
    trends: [['trends', '.stacked']],
    reports: [['reports?by=project,day', '.twin-table']],
    projects: [
      ['projects', '.project-list'],
      ['projects/ledger', '.stacked'],
    ],
    tasks: [['tasks', '.task']],
    goals: [['goals', '.goal-chart']],
    rules: [['rules', 'table.rules']],
    history: [['history', '.changes']],
    leaderboards: [['leaderboards', '.sentence']],
    profile: [['profile/owner', '.sentence']],
    'set-up': [['set-up', '.tool']],
    'sign-in': [['sign-in', 'main h1']],
    devices: [['devices', 'main h2']],
    settings: [['settings', 'main h2']],
    people: [['people', 'main h2']],
    inspector: [['inspector', 'main h2']],
    rooms: [['rooms', '#room']],
    room: [['room/garden', '#history li']],
    help: [['help', '#mob']],
    stats: [['stats', '.figures']],
    reference: [['-/reference', 'main h1']],
    missing: [['no/such/page', 'main h1']],
  };
}

/** @param date a day with data */
export function pageViews(date: string): readonly PageView[] {
  return Object.entries(viewsByPage(date)).flatMap(([name, views]) =>
    views.map(([path, ready], at) => ({ name: at === 0 ? name : `${name}-${at + 1}`, path, ready })),
  );
}

/** The pages that say something else while there is no data. */
export function emptyViews(): readonly PageView[] {
  const views = {
    day: ['day', '.tool'],
    'day-past': ['day/2020-02-29', '.empty'],
    'day-wrong': ['day/2020-02-31', '.problem'],
    week: ['week', 'main .sentence'],
    month: ['month', 'main .sentence'],
    trends: ['trends', 'main .sentence'],
    reports: ['reports', 'main .sentence'],
    projects: ['projects', 'main .sentence'],
    project: ['projects/nothing', 'main .sentence'],
    goals: ['goals', 'main .sentence'],
    rules: ['rules', 'main .sentence'],
    history: ['history', 'main .sentence'],
    tasks: ['tasks', '.next-steps'],
    rooms: ['rooms', '#next-steps'],
    room: ['room/nobody', '#history-container'],
    'profile-unknown': ['profile/nobody', 'main .sentence'],
  } as const;
  return Object.entries(views).map(([name, [path, ready]]) => ({ name: `empty-${name}`, path, ready }));
}
