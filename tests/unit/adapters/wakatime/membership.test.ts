// Leaderboards and organizations: people who share some of their time with one another. People who were not invited, have not joined, have
// left, or have the wrong token see nothing.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { basic, beat, noon, openTestHub, type TestHub } from '../../../harness/wakatime.ts';

const string = expect.any(String);

let testHub: TestHub;
let bob: string;
let eve: string;

beforeEach(async () => {
  testHub = await openTestHub();
  [bob = '', eve = ''] = await Promise.all(
    ['bob', 'eve'].map(async (name) => {
      const made = await testHub.accounts.createAccount(name);
      if (!made.ok) throw new Error(made.error);
      return made.secret;
    }),
  );
  const day = noon - 86_400;
  await testHub.send([beat(day, { language: 'Go' }), beat(day + 60)]);
  const bobs = { project: 'secret', language: 'Rust', dependencies: ['serde'] };
  await testHub.send([beat(day, bobs), beat(day + 600, bobs), beat(noon - 120, bobs), beat(noon)], basic(bob));
});
afterEach(() => testHub.close());

// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
type Told = { status: number; [field: string]: any };

async function ask(secret: string, method: string, path: string, body?: object): Promise<Told> {
  const answer = await testHub.ask(method, `/api/v1/users/current/${path}`, { body, headers: basic(secret) });
  return { status: answer.status, ...JSON.parse(answer.body) };
}

describe('a private leaderboard', () => {
  let board: string;
  beforeEach(async () => {
    board = `leaderboards/${(await ask(testHub.owner, 'POST', 'leaderboards', { name: 'Team' }))['data'].id}`;
  });

  test('is listed with the rights of the caller', async () => {
    expect(await testHub.get('leaderboards')).toMatchObject({
      data: [
        {
          id: string,
          name: 'Team',
          can_edit: true,
          can_delete: true,
          has_available_seat: true,
          members_count: 1,
          members_with_timezones_count: 1,
          time_range: 'last_7_days',
          created_at: string,
          modified_at: string,
        },
      ],
      total: 1,
      total_pages: 1,
    });
    expect((await ask(testHub.owner, 'PUT', board, { name: 'Crew' }))['data'].name).toBe('Crew');
    expect((await ask(testHub.owner, 'DELETE', board)).status).toBe(200);
    expect((await testHub.get('private_leaderboards')).total).toBe(0);
  });

  test('ranks people once they have joined, whatever they share with others', async () => {
    expect((await ask(testHub.owner, 'POST', `${board}/members`, { user: 'bob' })).status).toBe(201);
    const ranks = async () =>
      (await testHub.get(board)).data.map((one: { user: { username: string } }) => one.user.username);
    expect(await ranks()).toEqual(['owner']);
    expect((await ask(bob, 'GET', board)).status).toBe(404);
    expect((await ask(bob, 'GET', 'leaderboards'))['data']).toMatchObject([
      { name: 'Team', has_joined: false, can_edit: false },
    ]);
    expect((await ask(bob, 'PUT', `${board}/members/current`)).status).toBe(200);
    const leaders = await ask(bob, 'GET', `private_${board}/leaders`);
    expect(leaders).toMatchObject({
      current_user: { rank: 1, user: { username: 'bob' } },
      data: [
        {
          rank: 1,
          running_total: { total_seconds: 600, languages: [{ name: 'Rust' }] },
          user: { username: 'bob', email: null },
        },
        { rank: 2, running_total: { total_seconds: 60 }, user: { username: 'owner' } },
      ],
      range: { name: 'last_7_days' },
      timeout: 15,
    });
    expect((await ask(bob, 'DELETE', `${board}/members/current`)).status).toBe(200);
    expect(await ranks()).toEqual(['owner']);
    expect((await ask(bob, 'GET', board)).status).toBe(404);
  });

  test('cannot be read, joined or changed by others', async () => {
    await ask(testHub.owner, 'POST', `${board}/members`, { user: 'bob' });
    await ask(bob, 'PUT', `${board}/members/current`);
    for (const [method, path] of [
      ['GET', board],
      ['PUT', `${board}/members/current`],
      ['GET', `${board}/members`],
      ['PUT', board],
      ['DELETE', board],
    ] as const) {
      expect([method, path, (await ask(eve, method, path, { name: 'x' })).status]).toEqual([method, path, 404]);
    }
    expect((await ask(bob, 'DELETE', board)).status).toBe(403);
    expect((await ask(bob, 'POST', `${board}/members`, { user: 'eve' })).status).toBe(403);
    expect((await ask(bob, 'DELETE', `${board}/members/owner`)).status).toBe(403);
    expect((await ask(testHub.owner, 'PUT', `${board}/members/eve`)).status).toBe(403);
    expect((await testHub.ask('GET', `/api/v1/users/owner/${board}`, { headers: basic(bob) })).status).toBe(404);
    expect((await testHub.ask('GET', `/api/v1/users/owner/${board}`)).status).toBe(401);
  });
});

describe('an organisation', () => {
  let org: string;
  let dashboard: string;
  beforeEach(async () => {
    const made = await ask(testHub.owner, 'POST', 'orgs', { name: 'House', timezone: 'Europe/Berlin', timeout: 5 });
    expect(made.status).toBe(201);
    org = `orgs/${made['data'].id}`;
    const { data } = await ask(testHub.owner, 'POST', `${org}/dashboards`, { full_name: 'Everybody' });
    dashboard = `${org}/dashboards/${data.id}`;
  });

  async function join(secret: string, user: string): Promise<void> {
    await ask(testHub.owner, 'POST', `${org}/members`, { user });
    expect((await ask(secret, 'PUT', `${org}/members/current`)).status).toBe(200);
    expect((await ask(testHub.owner, 'POST', `${dashboard}/members`, { user })).status).toBe(201);
  }

  test('has every documented field, and so has a dashboard', async () => {
    await ask(testHub.owner, 'POST', `${org}/members`, { user: 'bob' });
    const flags = [
      'list_dashboards',
      'create_dashboards',
      'edit_and_delete_dashboards',
      'display_coding_on_dashboards',
      'view_all_dashboards',
      'add_people_to_dashboards',
      'remove_people_from_dashboards',
      'add_people_to_org',
      'remove_people_from_org',
      'manage_groups',
      'view_audit_log',
      'edit_org',
      'manage_billing',
      'delete_org',
    ];
    const [its] = (await testHub.get('orgs')).data;
    expect(its).toMatchObject({
      id: string,
      name: 'House',
      default_project_privacy: 'visible',
      invited_people_count: 1,
      invited_people_count_human_readable: '1 person',
      is_duration_visible: true,
      people_count: 1,
      people_count_human_readable: '1 person',
      timeout: 5,
      timezone: 'Europe/Berlin',
      writes_only: false,
      is_anonymous: false,
      needs_payment_method: false,
      created_at: string,
      modified_at: string,
    });
    for (const flag of flags) expect(its[`can_current_user_${flag}`]).toEqual(expect.any(Boolean));
    const [board] = (await testHub.get(`${org}/dashboards`)).data;
    expect(board).toMatchObject({
      id: string,
      full_name: 'Everybody',
      created_by: string,
      timezone: 'Europe/Berlin',
      has_changed_timezone: false,
      members_count: 0,
      members_count_human_readable: '0 people',
      is_current_user_member: false,
      is_viewing_restricted: false,
      is_manual_time_hidden: false,
      can_current_user_view: true,
      can_current_user_request_to_view: false,
      can_current_user_request_to_join: false,
      can_current_user_add_members: true,
      can_current_user_remove_members: true,
      can_current_user_delete: true,
      created_at: string,
      modified_at: string,
    });
  });

  test('shows its members’ time by its own rules, without private lists', async () => {
    await join(bob, 'bob');
    await ask(testHub.owner, 'POST', `${dashboard}/members`, { user: 'current' });
    expect((await testHub.get(`${dashboard}/members`)).data).toMatchObject([
      { username: 'bob', email: null, id: string, photo: string, is_view_only: false },
      { username: 'owner' },
    ]);
    const { data } = await testHub.get(`${dashboard}/durations?date=2026-01-05`);
    expect(data).toMatchObject([
      {
        member: { username: 'bob', default_personal_privacy: 'visible' },
        durations: [{ project: 'secret', duration: 120 }, { project: 'hub' }],
        timezone: 'Europe/Berlin',
        start: '2026-01-04T23:00:00Z',
      },
      { member: { username: 'owner' }, durations: [] },
    ]);
    const day = await testHub.get(`${dashboard}/summaries?date=2026-01-05`);
    expect(day.cumulative_total).toMatchObject({ seconds: 120, text: '2 mins', digital: '0:02' });
    expect(day.data[0]).toMatchObject({
      grand_total: { total_seconds: 120 },
      languages: [{ name: 'Rust' }],
      machines: [],
      dependencies: [],
    });
    expect(day.data[0].entities).toBeUndefined();
    const range = 'start=2026-01-04&end=2026-01-05&project=secret&slice_by=machine&timeout=60';
    for (const name of ['members', 'member']) {
      const one = await testHub.get(`${dashboard}/${name}/bob/summaries?${range}`);
      // Ten minutes exceed this organization's timeout, which the query cannot change.
      expect(one).toMatchObject({ cumulative_total: { seconds: 120 }, default_personal_privacy: 'visible' });
      expect(one.data[1].entities).toBeUndefined();
    }
    const slices = await testHub.get(`${dashboard}/members/bob/durations?date=2026-01-05&slice_by=entity`);
    expect(JSON.stringify(slices)).not.toContain('main.ts');
  });

  test('shows no person who has not joined, has left, hides their time or only views', async () => {
    await ask(testHub.owner, 'POST', `${org}/members`, { user: 'bob' });
    expect((await ask(testHub.owner, 'POST', `${dashboard}/members`, { user: 'bob' })).status).toBe(409);
    await join(bob, 'bob');
    const seconds = async () =>
      (await testHub.get(`${dashboard}/summaries?date=2026-01-05`)).data.map(
        ({ grand_total }: { grand_total: { total_seconds: number } }) => grand_total.total_seconds,
      );
    expect(await seconds()).toEqual([120]);
    await ask(bob, 'PUT', `${org}/members/current`, { default_personal_privacy: 'hidden' });
    expect(await seconds()).toEqual([0]);
    expect((await testHub.get(`${dashboard}/members/bob/durations?date=2026-01-05`)).data).toEqual([]);
    expect((await ask(bob, 'GET', `${dashboard}/members/bob/durations?date=2026-01-05`))['data']).toHaveLength(2);
    await ask(bob, 'PUT', `${org}/members/current`, { default_personal_privacy: 'visible' });
    await ask(testHub.owner, 'POST', `${dashboard}/members`, { user: 'bob', is_view_only: true });
    expect(await seconds()).toEqual([]);
    await ask(testHub.owner, 'POST', `${dashboard}/members`, { user: 'bob' });
    expect((await ask(bob, 'DELETE', `${org}/members/current`)).status).toBe(200);
    expect(await seconds()).toEqual([]);
    expect((await ask(testHub.owner, 'GET', `${dashboard}/members/bob/summaries?range=today`)).status).toBe(404);
  });

  test('can hide names of projects, and has its own rules', async () => {
    await join(bob, 'bob');
    const rules = [
      {
        name: 'one testHub',
        if_match: [{ field: 'language', operator: 'equals', value: 'rust' }],
        then_set: [{ field: 'project', value: 'ours' }],
      },
    ];
    expect((await ask(testHub.owner, 'PUT', `${org}/custom_rules`, rules)).status).toBe(200);
    expect((await ask(bob, 'GET', `${org}/custom_rules`))['data']).toMatchObject([{ name: 'one testHub', id: string }]);
    expect((await ask(bob, 'PUT', `${org}/custom_rules`, rules)).status).toBe(403);
    expect((await ask(bob, 'GET', org))['data']).toMatchObject({ can_current_user_edit_org: false });
    expect((await ask(bob, 'GET', `${org}/custom_rules_progress`))['data']).toMatchObject({ percent_complete: 100 });
    await ask(testHub.owner, 'PUT', org, { default_project_privacy: 'hidden' });
    const [day] = (await testHub.get(`${dashboard}/summaries?date=2026-01-05`)).data;
    expect([day.projects, day.grand_total.total_seconds]).toEqual([[], 120]);
    const { data } = await testHub.get(`${dashboard}/members/bob/durations?date=2026-01-05`);
    expect(data[0].project).toBeNull();
    const { id } = (await testHub.get(`${org}/custom_rules`)).data[0];
    expect((await ask(bob, 'DELETE', `${org}/custom_rules/${id}`)).status).toBe(403);
    expect((await ask(testHub.owner, 'DELETE', `${org}/custom_rules/${id}`))['data']).toEqual([]);
    expect((await ask(testHub.owner, 'DELETE', `${org}/custom_rules/${id}`)).status).toBe(404);
  });

  test('is closed to others, and a dashboard may be closed to members without a seat', async () => {
    await join(bob, 'bob');
    for (const path of [
      `${org}/members`,
      `${org}/custom_rules`,
      `${org}/custom_rules_progress`,
      org,
      `${org}/dashboards`,
      `${dashboard}/members`,
      `${dashboard}/durations?date=today`,
      `${dashboard}/summaries?date=today`,
      `${dashboard}/members/bob/durations?date=today`,
      `${dashboard}/members/bob/summaries?range=today`,
    ]) {
      expect([path, (await ask(eve, 'GET', path)).status]).toEqual([path, 404]);
      expect((await testHub.ask('GET', `/api/v1/users/bob/${path}`, { headers: basic(eve) })).status).toBe(404);
    }
    expect((await ask(eve, 'PUT', `${org}/members/current`)).status).toBe(404);
    expect((await ask(eve, 'GET', 'orgs'))['data']).toEqual([]);
    for (const [method, path] of [
      ['PUT', org],
      ['DELETE', org],
      ['POST', `${org}/members`],
      ['DELETE', `${org}/members/owner`],
      ['POST', `${org}/dashboards`],
      ['DELETE', dashboard],
      ['POST', `${dashboard}/members`],
    ] as const) {
      const { status } = await ask(bob, method, path, { name: 'x', user: 'bob' });
      expect([method, path, status]).toEqual([method, path, 403]);
    }
    const { data } = await ask(testHub.owner, 'POST', `${org}/dashboards`, {
      full_name: 'Few',
      is_viewing_restricted: true,
    });
    const few = `${org}/dashboards/${data.id}`;
    expect((await ask(bob, 'GET', `${few}/members`)).status).toBe(404);
    expect((await ask(bob, 'GET', `${org}/dashboards`))['total']).toBe(1);
    await ask(testHub.owner, 'POST', `${few}/members`, { user: 'bob' });
    expect((await ask(bob, 'GET', `${few}/members`)).status).toBe(200);
    expect((await ask(bob, 'DELETE', `${few}/members/current`)).status).toBe(200);
    expect((await ask(testHub.owner, 'DELETE', org)).status).toBe(200);
    expect((await ask(bob, 'GET', 'orgs'))['data']).toEqual([]);
  });
});
