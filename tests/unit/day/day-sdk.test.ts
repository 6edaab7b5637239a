// The merged day by the SDK is the one of the HTTP route, and has the form that the protocol declares.

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { connect } from '../../../clients/typescript/index.ts';
import { compile } from '../../../protocol/check.ts';
import { DayTotalsView, MergedDayView } from '../../../protocol/day-answer.ts';
import { DayHub } from '../../harness/day-hub.ts';

let hub: DayHub;

beforeEach(async () => {
  hub = await DayHub.start();
});

afterEach(async () => {
  await hub.close();
});

test('hub.day(date) returns the answer of GET /-/day/<date>, in the form that the protocol declares', async () => {
  await hub.events('aw-watcher-window_laptop', 'currentwindow', [['09:00', '10:00', { app: 'firefox' }]]);
  await hub.events('aw-watcher-web-firefox', 'web.tab.current', [['09:10', '09:20', { url: 'https://a.example/' }]]);
  await hub.heartbeats('09:30', '10:10', 2, { project: 'horai' });
  const sdk = connect({ url: hub.node.hub.url, webSocket: WebSocket });
  const answer = await sdk.day('2026-11-28');
  const day = await hub.day();
  expect(answer).toEqual({ ok: true, day });
  expect(compile(MergedDayView)(day)).toBe(true);
  expect(compile(DayTotalsView)(await hub.get('/-/days?from=2026-11-27&to=2026-11-28'))).toBe(true);
  expect(await sdk.day('today', { zone: 'Europe/Berlin', bridge: 5 })).toMatchObject({
    ok: true,
    day: { zone: 'Europe/Berlin' },
  });
  expect(await sdk.day('tomorrow')).toMatchObject({
    ok: false,
    error: 'invalid date',
    hint: 'YYYY-MM-DD, today or yesterday',
  });
  await sdk.close();
  const nobody = connect({ url: 'http://127.0.0.1:9', webSocket: WebSocket });
  expect(await nobody.day('2026-11-28')).toMatchObject({ ok: false, code: 'offline' });
  await nobody.close();
});
