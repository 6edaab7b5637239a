// Suggestions of a whole hub: asked for over HTTP, by the SDK, by a follower and by `kronos suggest`, and answered once.

import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { DatabaseFile } from '../../../clients/kronos/data/file.ts';
import { connect } from '../../../clients/typescript/index.ts';
import { compile } from '../../../protocol/check.ts';
import { SuggestionsView, type SuggestionView } from '../../../protocol/day-suggestions.ts';
import { TestCli } from '../../harness/cli-context.ts';
import { DayHub } from '../../harness/day-hub.ts';
import { Leftovers } from '../../harness/process.ts';

const minute = 60_000_000;
const leftovers = new Leftovers();
let hub: DayHub;

beforeEach(async () => {
  hub = await DayHub.start();
  await hub.write({ type: 'create', channel: 'projects', key: 'garden', item: { aliases: ['greenhouse'] } });
  await hub.events(
    'aw-watcher-window_laptop',
    'currentwindow',
    ['09:00', '09:05', '09:10', '09:15'].map(
      (from, index) =>
        [from, ['09:05', '09:10', '09:15', '09:20'][index] ?? from, { app: 'kitty', title: 'greenhouse' }] as const,
    ),
  );
  hub.moveTo('12:00');
});

afterEach(async () => {
  await hub.close();
  await leftovers.clear();
});

const date = '2026-11-28';
const list = async (): Promise<readonly SuggestionView[]> => (await hub.get(`/-/suggestions?date=${date}`)).suggestions;
const only = async (): Promise<SuggestionView> => {
  const [suggestion, ...more] = await list();
  if (suggestion === undefined || more.length > 0) throw new Error('there is one suggestion');
  return suggestion;
};
const projects = async () =>
  Object.fromEntries((await hub.day()).projects.map(({ project, time }) => [String(project), time / minute]));

describe('over HTTP', () => {
  test('a suggestion has a stable key, reasons with their items, and nothing is written by asking', async () => {
    const before = await hub.day();
    const answer = await hub.get(`/-/suggestions?date=${date}`);
    expect(compile(SuggestionsView)(answer)).toBe(true);
    expect(await only()).toMatchObject({
      from: hub.us('09:00'),
      to: hub.us('09:20'),
      time: 20 * minute,
      project: 'garden',
      tier: 1,
      reasons: [{ kind: 'alias', text: 'greenhouse', channel: 'aw/aw-watcher-window_laptop' }],
    });
    expect((await only()).reasons[0]?.keys).toHaveLength(4);
    expect(await hub.day()).toEqual(before);
    expect((await only()).key).toBe((await only()).key);
  });

  test('accepting is one write that a revert undoes; then it is suggested again', async () => {
    const { key } = await only();
    const answer = await hub.post('/-/suggestions', { do: 'accept', date, key });
    expect(answer).toMatchObject({ undo: 0, keys: [`suggestion ${key} 0`] });
    expect(await projects()).toEqual({ garden: 20 });
    expect(await list()).toEqual([]);
    await hub.post('/-/suggestions', { do: 'accept', date, key }, {}, 404);
    await hub.write({ type: 'revert', channel: 'entries', to: 0 });
    expect(await projects()).toEqual({ null: 20 });
    expect((await only()).key).toBe(key);
  });

  test('of two devices that accept at once one writes, and the time counts once', async () => {
    const { key } = await only();
    const both = await Promise.allSettled(
      [0, 1].map(() => hub.post('/-/suggestions', { do: 'accept', date, key }, {}, 200)),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await projects()).toEqual({ garden: 20 });
  });

  test('a refusal is stored, and is not suggested again when late evidence moves the stretch a little', async () => {
    const { key } = await only();
    await hub.post('/-/suggestions', { do: 'refuse', date, key });
    expect(await list()).toEqual([]);
    expect(await projects()).toEqual({ null: 20 });
    await hub.events('aw-watcher-window_laptop', 'currentwindow', [
      ['08:58', '09:00', { app: 'kitty', title: 'greenhouse' }],
    ]);
    expect(await list()).toEqual([]);
    await hub.write({ type: 'revert', channel: 'suggestions', to: 0 });
    expect(await list()).toHaveLength(1);
  });

  test('"always" saves the rule that the preview shows, and the past follows', async () => {
    const { key, rule } = await only();
    expect(rule).toMatchObject({ when: { title: { contains: 'greenhouse' } }, project: 'garden' });
    const preview = await hub.post('/-/rules/preview', { put: { r: rule }, from: date, to: date });
    expect(preview).toMatchObject({ minutes: 20 });
    expect(await projects()).toEqual({ null: 20 });
    await hub.post('/-/suggestions', { do: 'always', date, key });
    expect(await projects()).toEqual({ garden: 20 });
    expect(await list()).toEqual([]);
  });

  test('what is no answer, no date or no suggestion is refused', async () => {
    await hub.post('/-/suggestions', { do: 'accept', date }, {}, 400);
    await hub.post('/-/suggestions', { do: 'accept', date: 'tomorrow', key: 'k' }, {}, 400);
    await hub.post('/-/suggestions', { do: 'accept', date, key: 'k' }, {}, 404);
    await hub.get('/-/suggestions?date=tomorrow', 400);
    expect(
      await hub.refusal({ type: 'create', channel: 'suggestions', key: 'k', item: { refused: true } }),
    ).toMatchObject({
      success: false,
    });
  });
});

test('a follower of the day hears of suggestions, and that they are answered', async () => {
  const follower = await hub.follow(`day/${date}`);
  const nextSuggestions = async () => {
    for (;;) {
      const { key, item } = await follower.next();
      if (key === 'suggestions') return item.suggestions;
    }
  };
  expect(await nextSuggestions()).toEqual(await list());
  await hub.post('/-/suggestions', { do: 'accept', date, key: (await only()).key });
  hub.world.pass(10_000);
  expect(await nextSuggestions()).toEqual([]);
  await follower.close();
});

test('the SDK lists and answers', async () => {
  const sdk = connect({ url: hub.node.hub.url, webSocket: WebSocket });
  expect(await sdk.suggestions(date)).toEqual({ ok: true, date, suggestions: await list() });
  const { key } = await only();
  expect(await sdk.answerSuggestion({ do: 'accept', date, key })).toMatchObject({ ok: true, undo: 0 });
  expect(await sdk.answerSuggestion({ do: 'accept', date, key })).toMatchObject({ ok: false, code: 'not_found' });
  await sdk.close();
});

describe('kronos suggest', () => {
  let cli: TestCli;
  beforeEach(async () => {
    const folder = leftovers.folder();
    cli = new TestCli(new DatabaseFile(join(folder, 'kronos.json')));
    cli.folder = folder;
    cli.env = { KRONOS_TOKEN: hub.node.hub.ownerSecret ?? '' };
    cli.now = hub.ms('12:00');
  });

  test('needs a hub', async () => {
    expect(await cli.run('suggest')).toMatchObject({ code: 1, err: expect.stringContaining('kronos login') });
    expect(await cli.run('suggest accept')).toMatchObject({ code: 2 });
    expect(await cli.run('suggest tomorrow')).toMatchObject({ code: 2 });
  });

  test('lists with keys, and accepts by number without a terminal', async () => {
    await cli.run(`login ${new URL(hub.node.hub.url).host}`);
    const { key } = await only();
    const { out } = await cli.run(`suggest ${date}`);
    expect(out).toContain(key);
    expect(out).toContain('@garden');
    expect(out).toContain('"greenhouse" names the project');
    expect(JSON.parse((await cli.run(`suggest ${date} --json`)).out)).toEqual({ date, suggestions: await list() });
    expect(await cli.run(`suggest accept 2 ${date}`)).toMatchObject({ code: 3 });
    expect(await cli.run(`suggest accept 1 ${date}`)).toEqual({
      code: 0,
      out: '20min for @garden added; "kronos track undo 0" takes it back\n',
      err: '',
    });
    expect(await projects()).toEqual({ garden: 20 });
    expect((await cli.run(`suggest ${date}`)).out).toBe(`no suggestions for ${date}\n`);
    await cli.run('track undo 0');
    expect(JSON.parse((await cli.run(`suggest refuse ${key} ${date} --json`)).out)).toEqual({ keys: [key], undo: 0 });
  });
});
