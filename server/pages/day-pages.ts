// The markup of the pages of the merged day. Their data comes over the hub's own wire, so they are the same for everybody, and a script
// fills them (clients/web/day).

import type { Bundle } from './bundle.ts';
import { html, type Markup } from './markup.ts';
import { type HubFacts, sheet } from './sheet.ts';

/** @param id of the element that the script fills */
function place(id: string, about: HubFacts, heading: string, otherwise: Markup): Markup {
  return html`<div id="${id}" data-aw-web-ui="${about.awWebUiPort ?? ''}" data-kronos-port="${about.kronosPort ?? ''}">
<h1>${heading}</h1>
<noscript><p class="problem">This page needs JavaScript. ${otherwise}</p></noscript>
</div>`;
}

export function dayPage(built: Bundle, about: HubFacts): string {
  return sheet(built, about, {
    title: 'Today · Horai',
    name: 'day',
    script: 'day.tsx',
    members: false,
    content: place(
      'day',
      about,
      'Today',
      html`Without it, <code>kronos day</code> shows the same in a terminal. The <a href="/rooms">rooms</a> need none to be joined.`,
    ),
  });
}

export function weekPage(built: Bundle, about: HubFacts): string {
  return sheet(built, about, {
    title: 'Week · Horai',
    name: 'week',
    script: 'week.tsx',
    members: false,
    content: place('week', about, 'Week', html`Without it, <code>kronos week</code> shows the same in a terminal.`),
  });
}

export function setUpPage(built: Bundle, about: HubFacts): string {
  return sheet(built, about, {
    title: 'Connect a tool · Horai',
    name: 'set-up',
    script: 'set-up.tsx',
    members: false,
    content: place('set-up', about, 'Connect a tool', html`<a href="/help">Help</a> has the lines to paste.`),
  });
}
