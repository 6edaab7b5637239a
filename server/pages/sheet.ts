// The frame of every page: head, navigation, footer. What is in a page is decided elsewhere.

import type { Bundle, BundleEntry } from './bundle.ts';
import { html, type Markup, nothing } from './markup.ts';
import type { PageName } from './paths.ts';

/** Facts of the hub that pages show beside their content. */
export interface HubFacts {
  readonly version: string;
  /** The path below which a proxy serves the hub: `/horai`; '' for the whole origin. Links begin with it. */
  readonly base: string;
  /** The port of Kronos clients; null if there is none. */
  readonly kronosPort: number | null;
  /** The port of ActivityWatch's own web UI; null if the hub serves none. */
  readonly awWebUiPort?: number | null;
}

/** The headers of every page. The policy allows files of this origin, and nothing in line. */
export const headers = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "media-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; '),
} as const;

/** Pages with a style of their own besides `style.css`. */
const ownStyles = {
  tasks: 'tasks.css',
  reference: 'reference.css',
  day: 'day.css',
  week: 'day.css',
  month: 'day.css',
  trends: 'day.css',
  reports: 'day.css',
  projects: 'day.css',
  goals: 'day.css',
  rules: 'day.css',
  history: 'day.css',
  leaderboards: 'day.css',
  profile: 'day.css',
  'set-up': 'day.css',
  'sign-in': 'day.css',
  devices: 'manage.css',
  settings: 'manage.css',
  people: 'manage.css',
  inspector: 'manage.css',
} as const;

export interface Sheet {
  readonly title: string;
  readonly name: 'rooms' | 'room' | 'help' | 'stats' | 'reference' | 'missing' | PageName;
  readonly script: BundleEntry | undefined;
  /** Rooms and statistics are for members here. A browser that follows a link cannot send a token, so the page explains it. */
  readonly members: boolean;
  readonly content: Markup;
}

/** In the head of each page; the texts are those of clients/web/languages/en.ts. */
const navigation = [
  { name: 'day', href: '/day', text: 'Today' },
  { name: 'week', href: '/week', text: 'Week' },
  { name: 'trends', href: '/trends', text: 'Trends' },
  { name: 'projects', href: '/projects', text: 'Projects' },
  { name: 'tasks', href: '/tasks', text: 'Tasks' },
  { name: 'rooms', href: '/rooms', text: 'Rooms' },
] as const;

/** Behind "More". */
const furtherNavigation = [
  { name: 'month', href: '/month', text: 'Month' },
  { name: 'reports', href: '/reports', text: 'Reports' },
  { name: 'goals', href: '/goals', text: 'Goals' },
  { name: 'rules', href: '/rules', text: 'Rules' },
  { name: 'history', href: '/history', text: 'History' },
  { name: 'leaderboards', href: '/leaderboards', text: 'Leaderboards' },
  { name: 'set-up', href: '/set-up', text: 'Connect a tool' },
  { name: 'help', href: '/help', text: 'Help' },
] as const;

interface NavigationLink {
  readonly name: string;
  readonly href: string;
  readonly text: string;
}

function link({ href: path, text, name }: NavigationLink, here: string, base: string): Markup {
  const href = base + path;
  // A script puts the text of the browser's language in the place of these (shared/frame.ts).
  return name === here
    ? html`<a href="${href}" data-nav="${name}" aria-current="page">${text}</a>`
    : html`<a href="${href}" data-nav="${name}">${text}</a>`;
}

function style(built: Bundle, name: Sheet['name']): Markup {
  const own = Object.entries(ownStyles).find(([page]) => page === name)?.[1];
  return own === undefined ? nothing : html`<link rel="stylesheet" href="${built.path(own)}">`;
}

function scripts(built: Bundle, script: BundleEntry | undefined): Markup {
  if (script === undefined) return nothing;
  const preloads = built.imports(script).map((path) => html`<link rel="modulepreload" href="${path}">`);
  return html`${preloads}<script type="module" src="${built.path(script)}"></script>`;
}

export function sheet(built: Bundle, about: HubFacts, { title, name, script, members, content }: Sheet): string {
  return `${html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" media="(prefers-color-scheme: light)" content="#faf9f6">
<meta name="theme-color" media="(prefers-color-scheme: dark)" content="#131619">
<title>${title}</title>
<link rel="icon" href="${built.path('icon.svg')}" type="image/svg+xml">
<link rel="apple-touch-icon" href="${built.path('icon-192.png')}">
<link rel="manifest" href="${about.base}/manifest.webmanifest">
<link rel="stylesheet" href="${built.path('style.css')}">
${style(built, name)}
${scripts(built, script)}
</head>
<body class="${name}">
<a class="skip" href="#content">To the content</a>
<header class="top">
<a class="brand" href="${about.base}/"><img src="${built.path('icon.svg')}" alt="" width="26" height="26"> Horai</a>
<nav aria-label="Pages">
${navigation.map((page) => link(page, name, about.base))}
<details class="more"><summary data-nav="more">More</summary>
<div class="more-pages">${furtherNavigation.map((page) => link(page, name, about.base))}</div></details>
</nav>
<details class="account" hidden><summary></summary><ul></ul></details>
</header>
<main id="content" tabindex="-1">
${content}
</main>
<footer class="bottom">
<p>Horai ${about.version}: every hour you have, in one place you own.</p>
<p><a href="${about.base}/set-up" data-nav="set-up">Connect a tool</a> <a href="${about.base}/help" data-nav="help">Help</a> <a href="${about.base}/-/reference">Reference</a> ${members ? nothing : html`<a href="${about.base}/stats">Stats</a>`} <a href="https://mob.sh/" rel="noreferrer">mob.sh</a></p>
</footer>
</body>
</html>
`}`;
}
