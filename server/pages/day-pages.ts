// The markup of the pages of the merged day. Their data comes over the hub's own wire, so they are the same for everybody, and a script
// fills them (clients/web).

import type { Bundle, BundleEntry } from './bundle.ts';
import { html, type Markup } from './markup.ts';
import type { PageName } from './paths.ts';
import { type HubFacts, sheet } from './sheet.ts';

interface DayPageFacts {
  readonly heading: string;
  readonly script: BundleEntry;
  /** The content without JavaScript. */
  readonly otherwise: (base: string) => Markup;
}

const curl = (path: string): Markup => html`Without it, <code>GET ${path}</code> answers the same as JSON.`;

/** Links begin with the base path. */
const requests = (base: string): Markup =>
  html`<a href="${base}/-/reference">The reference</a> has the requests that it makes.`;

const dayPages: Readonly<Record<Exclude<PageName, 'tasks'>, DayPageFacts>> = {
  day: {
    heading: 'Today',
    script: 'day.tsx',
    otherwise: (base) =>
      html`Without it, <code>kronos day</code> shows the same in a terminal. The <a href="${base}/rooms">rooms</a> need none to be joined.`,
  },
  week: {
    heading: 'Week',
    script: 'week.tsx',
    otherwise: () => html`Without it, <code>kronos week</code> shows the same in a terminal.`,
  },
  month: { heading: 'Month', script: 'week.tsx', otherwise: () => curl('/-/days?from=…&to=…') },
  trends: { heading: 'Trends', script: 'ranges.tsx', otherwise: () => curl('/-/days?from=…&to=…') },
  reports: { heading: 'Reports', script: 'reports.tsx', otherwise: () => curl('/-/report?from=…&to=…') },
  projects: { heading: 'Projects', script: 'ranges.tsx', otherwise: () => curl('/-/days?from=…&to=…') },
  goals: { heading: 'Goals', script: 'lists.tsx', otherwise: () => curl('/api/v1/users/current/goals') },
  rules: {
    heading: 'Rules',
    script: 'rules.tsx',
    otherwise: () => html`Without it, a rule is written to the channel <code>rules</code>.`,
  },
  history: {
    heading: 'History',
    script: 'lists.tsx',
    otherwise: () => html`Without it, the request <code>history</code> of the wire answers the same.`,
  },
  leaderboards: { heading: 'Leaderboards', script: 'lists.tsx', otherwise: () => curl('/api/v1/leaders') },
  profile: { heading: 'Profile', script: 'lists.tsx', otherwise: () => curl('/api/v1/users/…') },
  'sign-in': {
    heading: 'Sign in',
    script: 'sign-in.tsx',
    otherwise: (base) => html`A mob <a href="${base}/rooms">room</a> that is open needs no sign-in.`,
  },
  devices: { heading: 'Devices and tokens', script: 'manage.tsx', otherwise: requests },
  settings: { heading: 'Settings', script: 'settings.tsx', otherwise: requests },
  people: { heading: 'People', script: 'manage.tsx', otherwise: requests },
  inspector: { heading: 'Inspector', script: 'manage.tsx', otherwise: requests },
  'set-up': {
    heading: 'Connect a tool',
    script: 'set-up.tsx',
    otherwise: (base) => html`<a href="${base}/help">Help</a> has the lines to paste.`,
  },
};

/** The page, with a place that its script fills. */
export function dayPage(built: Bundle, about: HubFacts, name: Exclude<PageName, 'tasks'>): string {
  const { heading, script, otherwise } = dayPages[name];
  return sheet(built, about, {
    title: `${heading} · Horai`,
    name,
    script,
    members: false,
    content: html`<div id="${name}" data-aw-web-ui="${about.awWebUiPort ?? ''}" data-kronos-port="${about.kronosPort ?? ''}">
<h1>${heading}</h1>
<noscript><p class="problem">This page needs JavaScript. ${otherwise(about.base)}</p></noscript>
</div>`,
  });
}
