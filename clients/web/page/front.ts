// The script of the front page: it keeps the counters live. Everything else there works without it.

import { addCopyButtons } from './copy.ts';
import { remembered } from './settings.ts';
import { Stream } from './stream.ts';

const counters: Readonly<Record<string, readonly [id: string, one: string, many: string]>> = {
  ACTIVE_USERS_UPDATE: ['active-users', 'person', 'people'],
  ACTIVE_TIMERS_UPDATE: ['active-timers', 'timer', 'timers'],
};

addCopyButtons();

new Stream({
  path: '/events',
  token: () => remembered().token,
  heard: (event, data) => {
    const counter = counters[event];
    if (counter === undefined || !/^\d+$/.test(data)) return;
    const [id, one, many] = counter;
    const place = document.getElementById(id);
    if (place !== null) place.textContent = `${data} ${data === '1' ? one : many}`;
    if (data !== '0') document.getElementById('next-steps')?.setAttribute('hidden', '');
  },
  changed: (link) => {
    document.getElementById('counters')?.classList.toggle('stale', link.state !== 'live');
  },
});
