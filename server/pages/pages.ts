// The pages that the hub serves, as functions of facts: the front page, a room, help and statistics. clients/web runs in the browser; the
// mob timer's adapter has the routes, form answers and event streams.

import type { ReferenceDocuments } from '../adapters/hub/reference.ts';
import type { Asset, Counts, FrontFacts, HelpFacts, Pages, RoomFacts, StatsFacts } from '../adapters/mobtimer/pages.ts';
import type { Route } from '../http/types.ts';
import { type Bundle, type BundleEntry, bundle } from './bundle.ts';
import { dayPage } from './day-pages.ts';
import { html, type Markup, nothing } from './markup.ts';
import { pageRoutes } from './page-routes.ts';
import { roomNamedPages } from './paths.ts';
import { referenceContent } from './reference.ts';
import { type HubFacts, headers, sheet } from './sheet.ts';

export interface AllPages extends Pages {
  /** Pages that are the same for everybody: their data comes over the hub's own wire. */
  readonly routes: readonly Route[];
  reference(documents: ReferenceDocuments): string;
}

export async function openPages(about: HubFacts): Promise<AllPages> {
  const built = await bundle(about.base);
  return {
    routes: pageRoutes((name) => (name === 'tasks' ? tasks(built, about) : dayPage(built, about, name))),
    names: roomNamedPages,
    headers,
    assets: [...built.assets, favicon(built, about), serviceWorker(built, about), manifest(built, about)],
    home: () => dayPage(built, about, 'day'),
    front: (facts) => front(built, about, facts),
    room: (facts) => room(built, about, facts),
    help: (facts) => help(built, about, facts),
    stats: (facts) => stats(built, about, facts),
    missing: (path) => missing(built, about, path),
    reference: (documents) =>
      sheet(built, about, {
        title: 'Reference · Horai',
        name: 'reference',
        script: undefined,
        members: false,
        content: referenceContent(documents, about.base),
      }),
  };
}

/** Browsers ask for the icon also on answers that are not our pages. */
function favicon(built: Bundle, { base }: HubFacts): Asset {
  const icon = built.assets.find(({ path }) => base + path === built.path('icon.svg'));
  if (icon === undefined) throw new Error('the icon is not among the assets');
  return { ...icon, path: '/favicon.ico', headers: { 'cache-control': 'public, max-age=86400' } };
}

/** Its address is the same for every version, and at the top, so that it is in charge of every page. */
function serviceWorker(built: Bundle, { base }: HubFacts): Asset {
  const script = built.assets.find(({ path }) => base + path === built.path('service-worker.ts'));
  if (script === undefined) throw new Error('the service worker is not among the assets');
  const own = { 'content-security-policy': headers['content-security-policy'], 'cache-control': 'no-cache' };
  return { ...script, path: '/service-worker.js', headers: { ...own, 'x-content-type-options': 'nosniff' } };
}

/** The manifest with which a browser installs the pages as an app. */
function manifest(built: Bundle, { base }: HubFacts): Asset {
  const icon = (entry: BundleEntry, sizes: string, type: string, purpose: string) => ({
    src: built.path(entry),
    sizes,
    type,
    purpose,
  });
  const body = {
    name: 'Horai',
    short_name: 'Horai',
    description: 'Every hour you have, in one place you own',
    id: `${base}/`,
    start_url: `${base}/`,
    scope: `${base}/`,
    display: 'standalone',
    background_color: '#faf9f6',
    theme_color: '#0d6e64',
    icons: [
      icon('icon.svg', 'any', 'image/svg+xml', 'any'),
      icon('icon-192.png', '192x192', 'image/png', 'any maskable'),
      icon('icon-512.png', '512x512', 'image/png', 'any maskable'),
    ],
    shortcuts: [
      { name: 'Today', url: `${base}/day` },
      { name: 'Tasks', url: `${base}/tasks` },
      { name: 'Rooms', url: `${base}/rooms` },
    ],
  };
  return {
    path: '/manifest.webmanifest',
    type: 'application/manifest+json',
    body: JSON.stringify(body),
    headers: { 'cache-control': 'no-cache' },
  };
}

/** `http://localhost:5600/` → `localhost:5600/`: an address as people read it. */
function shortAddress(url: string): string {
  return url.replace(/^https?:\/\//, '');
}

function plural(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Lines to copy. The button needs the script; without it the lines can be selected by hand. */
function paste(lines: readonly string[]): Markup {
  return html`<div class="paste"><pre tabindex="0"><code>${lines.join('\n')}</code></pre></div>`;
}

/** How each kind of client finds this hub. */
function clientAddresses(url: string, about: HubFacts): Markup {
  const { hostname } = new URL(url);
  const kronos =
    about.kronosPort === null
      ? html`<p>Tasks in Vim and in the terminal, the same on every device. This hub's own port for them is closed;
        browsers and WebSocket clients use the address of this page.</p>`
      : html`<p>Tasks in Vim and in the terminal, the same on every device.</p><p><code>${hostname}:${about.kronosPort}</code></p>`;
  return html`<dl class="doors">
<div><dt>Mob timer</dt><dd><p>Rooms with a shared timer, for this page and the <code>mob</code> command.</p><p><code>MOB_TIMER_URL=${url}</code></p></dd></div>
<div><dt>Kronos</dt><dd>${kronos}</dd></div>
<div><dt>WakaTime</dt><dd><p>What your editors worked on, from every WakaTime plugin.</p><p><code>api_url = ${url}api/v1</code></p></dd></div>
<div><dt>ActivityWatch</dt><dd><p>What was in front of you, from every ActivityWatch watcher.</p><p><code>${shortAddress(url).replace(/\/$/, '')}</code></p></dd></div>
</dl>`;
}

function front(built: Bundle, about: HubFacts, facts: FrontFacts): string {
  const quiet = facts.users === 0 && facts.timers === 0;
  const refusal = html`<p class="problem" id="refused" role="alert">“${facts.refused}” cannot be a room's name: letters, digits, <code>-</code> and <code>_</code> only.</p>`;
  const first = html`<section class="card next-steps" id="next-steps">
<h2>Nobody is here yet. What now?</h2>
<ol>
<li><p>Join the room above; any name does. The page is the timer.</p></li>
<li><p>Send its address to the others, or show them the QR code on it.</p></li>
<li><p>Whoever lives in a terminal pastes this instead:</p>
${paste([`export MOB_TIMER_URL=${facts.url}`, `export MOB_TIMER_ROOM=${facts.suggested}`, 'mob timer 10'])}</li>
</ol>
</section>`;
  return sheet(built, about, {
    title: 'Rooms · Horai',
    name: 'rooms',
    script: 'front.ts',
    members: facts.members,
    content: html`<section class="hero">
<h1>One timer for everybody in the room</h1>
<p class="lead">Take turns at the keyboard: start a turn, and everyone with the room open sees the same clock, who types and who is next.</p>
</section>
<section class="card join">
<form method="post" action="${about.base}/">
<label for="room">Room</label>
<div class="join-row">
<span class="address"><span class="prefix" id="prefix">${shortAddress(facts.url)}</span><input id="room" name="room" value="${facts.refused === '' ? facts.suggested : facts.refused}" required autofocus maxlength="200" pattern="[A-Za-z0-9_\\-]+" title="Letters, digits, - and _" autocapitalize="none" autocomplete="off" spellcheck="false" aria-describedby="prefix room-hint${facts.refused === '' ? '' : ' refused'}"></span>
<button class="primary" type="submit">Join</button>
</div>
${facts.refused === '' ? nothing : refusal}
<p class="hint" id="room-hint">${facts.members ? 'Rooms here are for members: you will be asked for your token.' : 'Whoever knows a room’s name can join it: make it harder to guess if that matters.'}</p>
</form>
<p class="counters" id="counters" data-members="${facts.members ? 'yes' : 'no'}" data-aw-web-ui="${about.awWebUiPort ?? ''}"><span id="active-users">${plural(facts.users, 'person', 'people')}</span> in rooms, <span id="active-timers">${plural(facts.timers, 'timer', 'timers')}</span> running</p>
</section>
${quiet ? first : nothing}
<section class="about">
<h2>What this hub is</h2>
<p>Horai is a small server for a person's or a team's time. What comes in by any of these doors is kept here, on this
machine, and is the same on every device. <a href="${about.base}/help">Help</a> has the lines to paste.</p>
${clientAddresses(facts.url, about)}
</section>`,
  });
}

function room(built: Bundle, about: HubFacts, facts: RoomFacts): string {
  return sheet(built, about, {
    title: `#${facts.room}`,
    name: 'room',
    script: 'room.tsx',
    members: facts.members,
    content: html`<div id="room" data-room="${facts.room}" data-url="${facts.url}" data-members="${facts.members ? 'yes' : 'no'}">
<h1>#${facts.room}</h1>
<noscript><p class="problem">This page needs JavaScript for its clock. Without it, start a turn from a terminal:</p>
${paste([`curl -X PUT -H 'Content-Type: application/json' -d '{"timer":10,"user":"me"}' ${facts.url}${facts.room}`])}</noscript>
</div>`,
  });
}

function tasks(built: Bundle, about: HubFacts): string {
  return sheet(built, about, {
    title: 'Tasks · Horai',
    name: 'tasks',
    script: 'tasks.tsx',
    members: false,
    content: html`<div id="tasks">
<h1>Tasks</h1>
<noscript><p class="problem">This page needs JavaScript. Without it, use <code>kronos</code> in a terminal, or Vim.</p></noscript>
</div>`,
  });
}

function help(built: Bundle, about: HubFacts, { url, members }: HelpFacts): string {
  const { hostname } = new URL(url);
  const bare = url.replace(/\/$/, '');
  const auth = members ? ["-H 'Authorization: Bearer <your token>'"] : [];
  const curl = (method: string, body: string, path: string) =>
    ['curl', '-X', method, ...auth, "-H 'Content-Type: application/json'", `-d '${body}'`, `${url}${path}`].join(' ');
  return sheet(built, about, {
    title: 'Help · Horai',
    name: 'help',
    script: 'help.ts',
    members,
    content: html`<h1>Help</h1>
<p class="lead">Lines to paste, with this hub's own address in them.</p>
<nav class="contents" aria-label="On this page"><ul>
<li><a href="#page">The room page</a></li><li><a href="#mob">The mob command</a></li><li><a href="#curl">curl</a></li>
<li><a href="#mac">macOS menu bar</a></li><li><a href="#deck">Stream Deck</a></li><li><a href="#other">Other tools</a></li><li><a href="#time">Tasks, editors, windows</a></li>
</ul></nav>

<section id="page"><h2>The room page</h2>
<p>Open <code>${url}my-room</code>, or join from the page of <a href="${about.base}/rooms">rooms</a>. A room begins when somebody opens it; its
timers are remembered for a day, its goal until it is deleted, both also when the hub restarts.</p>
<p>Type your name once: the page works out who is next from who followed you the last time. Sound is off until you
switch it on; browsers let a page make sound only after you clicked in it, and <em>Test</em> tells whether it works.</p>
<dl class="keys">
<div><dt><kbd>space</kbd></dt><dd>start your turn, or stop what is running</dd></div>
<div><dt><kbd>n</kbd></dt><dd>next: start your turn now</dd></div>
<div><dt><kbd>b</kbd></dt><dd>break</dd></div>
<div><dt><kbd>?</kbd></dt><dd>these keys, in the room</dd></div>
</dl>
<p>${members ? 'Rooms on this hub are for members: the page asks for a token once.' : 'Whoever knows a room’s name can use it. A name that nobody guesses is its only lock.'}</p>
</section>

<section id="mob"><h2>The mob command</h2>
${
  members
    ? html`<p class="problem">The <code>mob</code> command cannot send a token, and rooms on this hub are for members: it will be
refused. Use the page or curl, or have the hub run with <code>HORAI_ROOMS=open</code>.</p>`
    : nothing
}
<p>Put these into your shell's profile. <strong>The address ends with a slash</strong>: without it <code>mob</code> glues the room's name to the port.</p>
${paste([`export MOB_TIMER_URL=${url}`, 'export MOB_TIMER_ROOM=my-room'])}
<p>Or into <code>~/.mob</code>, which beats the environment; texts in double quotes:</p>
${paste([`MOB_TIMER_URL="${url}"`, 'MOB_TIMER_ROOM="my-room"'])}
<p>Then:</p>
${paste(['mob start 10      # fetch, and ten minutes for you', 'mob timer 10      # ten minutes only', 'mob break 15', 'mob goal "ship it"', 'mob goal --delete', 'mob timer open    # this room in the browser'])}
<p>Without a number nothing is sent, unless <code>MOB_TIMER</code> holds your usual one. Your name comes from
<code>MOB_TIMER_USER</code>, or from git.</p>
</section>

<section id="curl"><h2>curl</h2>
${paste([
  curl('PUT', '{"timer":10,"user":"alice"}', 'my-room'),
  curl('PUT', '{"breaktimer":15,"user":"alice"}', 'my-room'),
  curl('PUT', '{"timer":0,"user":"alice"}', 'my-room'),
  curl('PUT', '{"goal":"ship it","user":"alice"}', 'my-room/goal'),
  ['curl', '-N', ...auth, `${url}my-room/events`].join(' '),
])}
<p>A turn, a break, stop, a goal, and the room's live stream. Minutes go from 0 to 1440; every accepted change answers 202
without a body.</p>
</section>

<section id="mac"><h2>macOS menu bar</h2>
<p>In the settings of the mob timer app, the server is <code>${bare}</code>; a room is its name alone. The app itself cannot
show timers of more than 127 minutes.</p>
</section>

<section id="deck"><h2>Stream Deck</h2>
<p>In the mob.sh plugin's settings the host is <code>${bare}</code>, here <strong>without</strong> a slash at the end.</p>
</section>

<section id="other"><h2>Other tools</h2>
<p>Whatever was made for timer.mob.sh works: set its address to <code>${url}</code>, or to <code>${bare}</code> where it adds
the slash itself. <code>zt</code>, editor extensions that call <code>mob</code>, and scripts need nothing else.</p>
</section>

<section id="time"><h2>Tasks, editors, windows</h2>
<p>The same hub keeps more than timers. These need a token, unless it listens on this machine alone; <code>horai token
create</code> makes one.</p>
<h3>WakaTime plugins: <code>~/.wakatime.cfg</code></h3>
${paste(['[settings]', `api_url = ${url}api/v1`, 'api_key = <your token>'])}
<h3>ActivityWatch watchers</h3>
<p>They look for <code>localhost:5600</code> by themselves. Host <code>${hostname}</code>, port <code>${new URL(url).port || (url.startsWith('https') ? '443' : '80')}</code> otherwise.</p>
<h3>Kronos</h3>
<p>${about.kronosPort === null ? 'Its own port is closed on this hub.' : html`Vim and terminal clients connect to <code>${hostname}:${about.kronosPort}</code>.`}</p>
</section>`,
  });
}

/** The answer at an address at which nothing is: the pages, and a room where the address could be its name. */
function missing(built: Bundle, about: HubFacts, path: string): string {
  return sheet(built, about, {
    title: 'Not found · Horai',
    name: 'missing',
    script: undefined,
    members: false,
    content: html`<h1>Nothing is at this address</h1>
<p class="lead"><code>${about.base}${path}</code> is no page of this hub. It may be mistyped, or belong to another version.</p>
<p class="buttons"><a class="button" href="${about.base}/day">Today</a> <a class="button" href="${about.base}/rooms">Rooms</a> <a class="button" href="${about.base}/help">Help</a></p>
<p class="hint">A mob room is called by letters, digits, <code>-</code> and <code>_</code>. Programs find all addresses in the
<a href="${about.base}/-/reference">reference</a>.</p>`,
  });
}

function countTable(caption: string, counts: Counts): Markup {
  if (counts.length === 0)
    return html`<section class="card"><h2>${caption}</h2><p class="soft">None yet.</p></section>`;
  const most = Math.max(...counts.map(({ count }) => count));
  return html`<section class="card"><h2>${caption}</h2>
<table><thead><tr><th scope="col">Minutes</th><th scope="col">Started</th><td></td></tr></thead>
<tbody>${counts.map(
    ({ minutes, count }) =>
      html`<tr><th scope="row">${minutes}</th><td>${count}</td><td><svg class="meter" aria-hidden="true"><rect width="${(100 * count) / most}%" height="100%" rx="3"/></svg></td></tr>`,
  )}</tbody></table></section>`;
}

function stats(built: Bundle, about: HubFacts, facts: StatsFacts): string {
  const since = new Date(facts.since).toISOString();
  const total = (counts: Counts) => counts.reduce((sum, { count }) => sum + count, 0);
  const figure = (value: number, one: string, many: string) =>
    html`<div><dt>${value === 1 ? one : many}</dt><dd>${value}</dd></div>`;
  return sheet(built, about, {
    title: 'Stats · Horai',
    name: 'stats',
    script: undefined,
    members: false,
    content: html`<h1>Stats</h1>
<p class="lead">Counted since <time datetime="${since}">${since.slice(0, 16).replace('T', ' ')} UTC</time>.</p>
<dl class="figures">
${figure(facts.users, 'person in a room now', 'people in rooms now')}
${figure(facts.activeTimers, 'timer running now', 'timers running now')}
${figure(total(facts.timers), 'turn started', 'turns started')}
${figure(total(facts.breaks), 'break started', 'breaks started')}
${figure(facts.goals, 'goal set', 'goals set')}
</dl>
<div class="pair">
${countTable('Turns by length', facts.timers)}
${countTable('Breaks by length', facts.breaks)}
</div>`,
  });
}
