// Replays the recorded requests of real watchers and clients to an edge and to a hub without an edge: the same answers to writes, and the same
// events in the end.

import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { startComposed } from '../../harness/compose.ts';
import { ask, drained, everything, ownerToken, startEdge } from '../../harness/edge.ts';

interface Recorded {
  readonly n: number;
  readonly method: string;
  readonly path: string;
  readonly content_type: string | null;
  readonly request_body: string | null;
}

const records = readFileSync(new URL('../../fixtures/activitywatch/golden.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line): Recorded => JSON.parse(line));

/** Removes ids and times that differ between servers. */
function plain(text: string): string {
  return text
    .replace(/"id": ?\d+/g, '"id": 0')
    .replace(/"(created|last_updated)": ?"[^"]*"/g, '"$1": ""')
    .replace(/"device_id": ?"[^"]*"/g, '"device_id": ""');
}

test('recorded traffic gets the same answers through the edge, and the hub has the same events', async () => {
  const [hub, control] = [await startComposed({ ownerToken }), await startComposed({ ownerToken })];
  const edge = await startEdge(hub.url, ownerToken);
  let compared = 0;
  for (const { n, method, path, content_type: type, request_body: body } of records) {
    // These requests use ids of the reference server. An edge has other ids.
    const numbered = /\/events\/\d/.test(path) || /"id": ?\d/.test(body ?? '');
    if (numbered || !['GET', 'POST', 'DELETE', 'PUT'].includes(method)) continue;
    const headers: Record<string, string> = type === null || type === '' ? {} : { 'content-type': type };
    const sent = method === 'GET' ? undefined : (body ?? '');
    const here = await ask(edge.url, method, path, sent, headers);
    const there = await ask(control.url, method, path, sent, headers);
    expect({ n, status: here.status, text: plain(here.text) }).toEqual({
      n,
      status: there.status,
      text: plain(there.text),
    });
    compared += 1;
  }
  await drained(edge.url);
  expect(await everything(hub.url)).toEqual(await everything(control.url));
  expect(compared).toBeGreaterThan(100);
  await edge.stop();
  await hub.stop();
  await control.stop();
});
