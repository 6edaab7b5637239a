// The reference as a running hub serves it: the page, and examples that the hub accepts.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { compile } from '../../../../protocol/check.ts';
import { dayItems } from '../../../../protocol/day-channels.ts';
import { openApi } from '../../../../server/adapters/hub/openapi.ts';
import type { RunningHub } from '../../../../server/compose.ts';
import type { Route, RouteDoc } from '../../../../server/http/types.ts';
import { startComposed } from '../../../harness/compose.ts';

const handle: Route['handle'] = async () => ({ status: 200, headers: {}, body: '' });
const doc: RouteDoc = { summary: 'Does it', tag: 'Tests', scope: 'read:x', query: { q: 'A part of the name' } };

describe('openApi', () => {
  test('writes path parameters in braces, and the rest of a path as one more', () => {
    const { paths } = openApi([{ method: 'GET', path: '/a/:b/*', doc, handle }], '1');
    expect(Object.keys(paths)).toEqual(['/a/{b}/{rest}']);
    expect(paths['/a/{b}/{rest}']?.['get']?.parameters?.map(({ name, in: where }) => [name, where])).toEqual([
      ['b', 'path'],
      ['rest', 'path'],
      ['q', 'query'],
    ]);
  });

  test('makes one entry of routes that share a doc, and names the other paths', () => {
    const routes = ['/v1/x', '/x', '/v1/x/', '/v1//x'].map((path): Route => ({ method: 'GET', path, doc, handle }));
    const { paths } = openApi(routes, '1');
    expect(Object.keys(paths)).toEqual(['/v1/x']);
    expect(paths['/v1/x']?.['get']?.['x-also-at']).toEqual(['/x']);
  });

  test('leaves out unlisted routes, and marks a route without documentation', () => {
    const { paths } = openApi(
      [
        { method: '*', path: '/x', doc: 'unlisted', handle },
        { method: 'PUT', path: '/y', handle },
      ],
      '1',
    );
    expect(paths).toEqual({ '/y': { put: expect.objectContaining({ 'x-undocumented': true }) } });
  });

  test('requires a token exactly where the route has a scope', () => {
    const open = { ...doc, scope: 'none' };
    const { paths } = openApi(
      [
        { method: 'GET', path: '/x', doc, handle },
        { method: 'GET', path: '/y', doc: open, handle },
      ],
      '1',
    );
    expect(paths['/x']?.['get']?.security).toEqual([{ token: ['read:x'] }, { basic: ['read:x'] }]);
    expect(paths['/y']?.['get']?.security).toEqual([]);
  });
});

describe('a running hub', () => {
  let hub: RunningHub;
  beforeAll(async () => {
    hub = await startComposed();
  });
  afterAll(() => hub.stop());

  test('shows the reference as a page with every route, every message and every error', async () => {
    const reply = await fetch(`${hub.url}-/reference`);
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toMatch(/^text\/html/);
    expect(reply.headers.get('content-security-policy')).toContain("default-src 'none'");
    const page = await reply.text();
    for (const text of ['/api/v1/users/{user}/summaries', '/-/channels/{channel}/events', 'write-all', 'stale']) {
      expect(page).toContain(text);
    }
  });

  test('describes the items of the channels of the merged day, with examples that fit their schemas', async () => {
    const reply = await fetch(`${hub.url}-/reference/asyncapi.json`);
    const { channels } = JSON.parse(await reply.text());
    expect(channels.day).toMatchObject({ address: 'day/{date}', messages: { 'item.day': {}, 'item.day-final': {} } });
    expect(Object.keys(channels)).toEqual([
      'hub',
      'day',
      'entries',
      'projects',
      'rules',
      'suggestions',
      'day_notes',
      'questions',
      'mob_turns',
      'meetings',
      'settings',
      'submitted_weeks',
      'reached_goals',
      'weekly_reports',
    ]);
    for (const [name, { schema, example }] of Object.entries(dayItems)) {
      expect([name, compile(schema)(example)]).toEqual([name, true]);
    }
    const page = await (await fetch(`${hub.url}-/reference`)).text();
    expect(page).toContain('Items of the merged day');
  });

  test('accepts the example of every body, where the path needs no earlier request', async () => {
    const values: Readonly<Record<string, string>> = {
      user: 'current',
      room: 'my-room',
      id: 'aw-watcher-window_host',
      bucket: 'aw-watcher-window_host',
      key: 'startOfDay',
      project: 'hub',
    };
    const reply = await fetch(`${hub.url}-/reference/openapi.json`);
    const { paths }: ReturnType<typeof openApi> = JSON.parse(await reply.text());
    /** Paths whose requests change data that must exist before. */
    const changesMade = /^\/-\/(?:activitywatch|entries|projects|rules|suggestions|questions)\b/;
    let tried = 0;
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const example = operation.requestBody?.content['application/json']?.example;
        const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
        if (example === undefined || names.some((name) => !(name in values)) || changesMade.test(path)) continue;
        const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
        const query = operation.parameters?.some(({ name }) => name === 'pulsetime') === true ? '?pulsetime=60' : '';
        const { status } = await fetch(`${hub.url}${filled.slice(1)}${query}`, {
          method: method.toUpperCase(),
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(example),
        });
        tried += 1;
        expect([method, path, status < 300 || status === 304]).toEqual([method, path, true]);
      }
    }
    expect(tried).toBeGreaterThan(20);
  });
});
