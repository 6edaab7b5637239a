// Pages that anyone with a link may open: shares as JSON, JSONP and SVG, badges, avatars.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { basic, beat, noon, openTestHub, type TestHub } from '../../../harness/wakatime.ts';

let testHub: TestHub;
beforeEach(async () => {
  testHub = await openTestHub();
  const work = (from: number, language: string) =>
    [0, 60, 120, 180].map((more) => beat(noon - 1_000 + from + more, { language, branch: '<b>' }));
  await testHub.send([...work(0, 'Go'), ...work(180, 'Rust')]);
});
afterEach(() => testHub.close());

// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
async function share(body: object): Promise<any> {
  const headers = { ...basic(testHub.owner), host: `127.0.0.1:${testHub.port}` };
  const made = await testHub.ask('POST', '/api/v1/users/current/shares', { body, headers });
  if (made.status !== 201) throw new Error(made.body);
  const { data } = JSON.parse(made.body);
  return { ...data, svg: new URL(data.url).pathname, json: data.json_url && new URL(data.json_url).pathname };
}

describe('a share', () => {
  test('of a list is JSON with percentages and colours', async () => {
    const { json, type, range } = await share({ type: 'languages', range: 'today' });
    expect([type, range]).toEqual(['languages', 'today']);
    expect(json).toMatch(/^\/share\/@owner\/[0-9a-f-]{36}\.json$/);
    const answer = await testHub.ask('GET', json);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect(JSON.parse(answer.body)).toEqual({
      data: [
        { name: 'Go', percent: 50, color: '#00add8' },
        { name: 'Rust', percent: 50, color: '#dea584' },
      ],
    });
  });

  test('of activity is JSON with each day', async () => {
    const { json } = await share({ type: 'activity' });
    const { data } = JSON.parse((await testHub.ask('GET', json)).body);
    expect(data).toHaveLength(7);
    expect(data[6]).toMatchObject({
      grand_total: { total_seconds: 360, text: '6 mins' },
      range: { date: '2026-01-05' },
    });
  });

  test('is a script for a callback that is a valid name', async () => {
    const { json } = await share({ type: 'editors', range: 'today' });
    const answer = await testHub.ask('GET', `${json}?callback=app.show`);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/javascript; charset=utf-8',
      'x-content-type-options': 'nosniff',
    });
    expect(answer.body).toMatch(/^\/\*\*\/app\.show\(\{"data":\[\{"name":"VS Code".*\);$/);
    for (const wrong of ['alert(1)', '<script>', 'a;b', '']) {
      expect((await testHub.ask('GET', `${json}?callback=${encodeURIComponent(wrong)}`)).status).toBe(400);
    }
  });

  test('is a picture without scripts; PNG is 501', async () => {
    const { svg } = await share({ type: 'branches', range: 'today', title: '"><script>' });
    const answer = await testHub.ask('GET', svg);
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'image/svg+xml; charset=utf-8']);
    expect(answer.body).toContain('&#60;b&#62;');
    expect(answer.body).not.toMatch(/<script|<b>/);
    expect((await testHub.ask('GET', svg.replace('.svg', '.png'))).status).toBe(501);
    const year = await share({ type: 'activity', range: 'last_30_days' });
    expect((await testHub.ask('GET', year.svg)).body.match(/<rect /g)).toHaveLength(30);
  });

  test('is listed for its account alone, opens nothing else, and is closed once deleted', async () => {
    const { id, json } = await share({ type: 'languages', range: 'today', project: 'web' });
    expect(JSON.parse((await testHub.ask('GET', json)).body).data).toEqual([]);
    expect((await testHub.get('shares')).data).toMatchObject([{ id, project: 'web' }]);
    const bob = await testHub.accounts.createAccount('bob');
    if (!bob.ok) throw new Error(bob.error);
    const list = await testHub.ask('GET', '/api/v1/users/current/shares', { headers: basic(bob.secret) });
    expect(JSON.parse(list.body).data).toEqual([]);
    expect((await testHub.ask('GET', json.replace('@owner', '@bob'))).status).toBe(404);
    expect((await testHub.ask('GET', json.replace(id, testHub.owner))).status).toBe(404);
    const drop = (secret: string) =>
      testHub.ask('DELETE', `/api/v1/users/current/shares/${id}`, { headers: basic(secret) });
    await drop(bob.secret);
    expect((await testHub.ask('GET', json)).status).toBe(200);
    await drop(testHub.owner);
    expect((await testHub.ask('GET', json)).status).toBe(404);
  });

  test('of an unknown type is refused', async () => {
    for (const body of [{}, { type: 'heartbeats' }, { type: 'languages', range: 'whenever' }]) {
      const answer = await testHub.ask('POST', '/api/v1/users/current/shares', { body, headers: basic(testHub.owner) });
      expect(answer.status).toBe(400);
    }
  });
});

describe('a badge', () => {
  test('of a project needs the account to share its projects', async () => {
    const [project] = (await testHub.get('projects')).data;
    const { data: user } = await testHub.get('');
    const path = `/badge/user/${user.id}/project/${project.id}.svg`;
    expect((await testHub.ask('GET', path)).status).toBe(404);
    await testHub.settle({ logged_time_public: true });
    expect((await testHub.ask('GET', path)).status).toBe(404);
    await testHub.settle({ logged_time_public: true, projects_used_public: true });
    const badge = await testHub.ask('GET', `${path}?label=hub`);
    expect(badge.body).toContain('hub: 6 mins');
    expect(badge.headers['cache-control']).toBe('max-age=3600');
    expect((await testHub.ask('GET', `${path}?style=flat-square`)).body).toContain('rx="0"');
    expect((await testHub.ask('GET', `${path}?style=for-the-badge`)).body).toContain('HORAI');
    expect((await testHub.ask('GET', path.replace(project.id, 'nothing'))).status).toBe(404);
  });

  test('by a link needs no sharing, as at hakatime', async () => {
    const asked = () => testHub.ask('GET', '/badge/link/hub', { headers: basic(testHub.owner) });
    const { badgeUrl } = JSON.parse((await asked()).body);
    expect(JSON.parse((await asked()).body).badgeUrl).toBe(badgeUrl);
    const { pathname } = new URL(badgeUrl);
    expect((await testHub.ask('GET', `${pathname}?days=30`)).body).toContain('6 mins');
    expect((await testHub.ask('GET', `${pathname}?days=1`)).body).toContain('6 mins');
    for (const days of ['forever', '0', '1.5', '4000']) {
      expect((await testHub.ask('GET', `${pathname}?days=${days}`)).status).toBe(400);
    }
    // By the name only, like hakatime's own links.
    const [, id = ''] = /([^/]+)\.svg$/.exec(pathname) ?? [];
    for (const name of [id, `${id}.svg`]) {
      expect((await testHub.ask('GET', `/badge/svg/${name}?days=12`)).body).toContain('6 mins');
    }
    expect((await testHub.ask('GET', `/badge/svg/${testHub.owner}`)).status).toBe(404);
    expect((await testHub.ask('GET', '/badge/link/hub')).status).toBe(401);
    const personal = await openTestHub({ personal: true });
    expect((await personal.ask('GET', '/badge/link/hub')).status).toBe(401);
    await personal.close();
  });
});

describe('a badge that was made as a link', () => {
  test('has the range of the link, unless its address has days', async () => {
    const body = { type: 'badge', range: 'yesterday', project: 'hub' };
    const made = await testHub.ask('POST', '/api/v1/users/current/shares', { body, headers: basic(testHub.owner) });
    const { pathname } = new URL(JSON.parse(made.body).data.url);
    expect((await testHub.ask('GET', pathname)).body).toContain('0 secs');
    expect((await testHub.ask('GET', `${pathname}?days=7`)).body).toContain('6 mins');
  });
});

describe('an avatar', () => {
  test('depends on the name alone, and is the user’s photo', async () => {
    const { data } = await testHub.get('');
    const [photo, avatar] = await Promise.all(
      [new URL(data.photo).pathname, '/api/avatar/somebody.svg'].map((path) => testHub.ask('GET', path)),
    );
    for (const answer of [photo, avatar]) {
      expect([answer?.status, answer?.headers['content-type']]).toEqual([200, 'image/svg+xml; charset=utf-8']);
    }
    expect(photo?.body).not.toBe(avatar?.body);
    expect((await testHub.ask('GET', '/api/avatar/somebody')).body).toBe(avatar?.body);
  });
});

describe('lists of', () => {
  test('languages and editors have everything that the hub has names for', async () => {
    const asked = async (path: string) => JSON.parse((await testHub.ask('GET', `/api/v1/${path}`)).body);
    const languages = await asked('program_languages');
    expect(languages.data).toContainEqual({
      id: expect.any(String),
      name: 'TypeScript',
      color: '#3178c6',
      is_verified: true,
      created_at: expect.stringMatching(/Z$/),
      modified_at: expect.stringMatching(/Z$/),
    });
    expect([languages.total, languages.total_pages]).toEqual([languages.data.length, 1]);
    expect(await asked('languages')).toEqual(languages);
    expect((await asked('editors')).data).toContainEqual({
      id: expect.any(String),
      name: 'VS Code',
      color: expect.stringMatching(/^#[0-9a-f]{6}$/),
      website: null,
      repository: null,
      version: null,
      version_url: null,
      history_url: null,
      released: true,
      hidden: false,
    });
  });
});
