// The script of the page of rooms. It keeps the counters live; everything else there works without a script.

import { pagePath, pathTo } from '../shared/address.ts';
import { addCopyButtons } from '../shared/copy.ts';
import { translateFrame } from '../shared/frame.ts';
import { askSession } from '../shared/session.ts';
import { Stream } from '../shared/stream.ts';
import { webUiAddress } from './web-ui.ts';

const counters: Readonly<Record<string, readonly [id: string, one: string, many: string]>> = {
  ACTIVE_USERS_UPDATE: ['active-users', 'person', 'people'],
  ACTIVE_TIMERS_UPDATE: ['active-timers', 'timer', 'timers'],
};

addCopyButtons();

const place = document.getElementById('counters');

function openWebUi(): void {
  const address = webUiAddress(location, place?.dataset['awWebUi'] ?? '');
  if (address !== undefined) location.replace(address);
}
openWebUi();
void translateFrame();
const isMember = (await askSession())?.account != null;
// At the address of the hub itself, a browser that has signed in is at home: rooms stay at /rooms. The hub knows it there, except for a
// browser that followed a link of another site: it sends no cookie with the first request.
if (isMember && pagePath() === '/' && document.getElementById('refused') === null) location.replace(pathTo('/day'));
addEventListener('hashchange', openWebUi);

// If rooms are for members, the counters are too. A stranger's page keeps the numbers that it was served with.
if (isMember || place?.dataset['members'] === 'no') {
  new Stream({
    path: '/events',
    heard: (event, data) => {
      const counter = counters[event];
      if (counter === undefined || !/^\d+$/.test(data)) return;
      const [id, one, many] = counter;
      const number = document.getElementById(id);
      if (number !== null) number.textContent = `${data} ${data === '1' ? one : many}`;
      if (data !== '0') document.getElementById('next-steps')?.setAttribute('hidden', '');
    },
    changed: (link) => {
      place?.classList.toggle('stale', link.state !== 'live');
    },
  });
}
