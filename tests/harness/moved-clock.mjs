// Loaded into a hub before its own code: the clock is the number in a file, which the test writes. Timers of more than a second follow it; shorter ones wait for the network.

import { openSync, readSync } from 'node:fs';
import { env } from 'node:process';

const file = openSync(env.HORAI_TEST_CLOCK ?? '', 'r');
const bytes = Buffer.alloc(8);
const startTimer = globalThis.setTimeout;

Date.now = () => {
  readSync(file, bytes, 0, 8, 0);
  return bytes.readDoubleLE();
};

globalThis.setTimeout = (act, ms = 0, ...args) => {
  if (ms <= 1_000) return startTimer(act, ms, ...args);
  const due = Date.now() + ms;
  const check = setInterval(() => {
    if (Date.now() < due) return;
    clearInterval(check);
    act(...args);
  }, 20);
  return check;
};
