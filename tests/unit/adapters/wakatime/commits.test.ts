// Commits as a git hook posts them, and the time of each.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { basic, beat, noon, openTestHub, type TestHub } from '../../../harness/wakatime.ts';

const path = '/api/v1/users/current/projects/hub/commits';
const hash = (digit: string): string => digit.repeat(40);
const at = (seconds: number): string => new Date(seconds * 1_000).toISOString();

let testHub: TestHub;
beforeEach(async () => {
  testHub = await openTestHub();
});
afterEach(() => testHub.close());

const post = (body: unknown, secret = testHub.owner, to = path) =>
  testHub.ask('POST', to, { body, headers: basic(secret) }).then((answer) => answer.status);

const commit = (digit: string, seconds: number, more: object = {}) => ({
  hash: hash(digit),
  message: `change ${digit}`,
  committer_date: at(seconds),
  author_name: 'Ann',
  author_email: 'ann@example.com',
  branch: 'main',
  ...more,
});

describe('commits', () => {
  test('have the time of their project and branch since the previous commit, also when that arrives late', async () => {
    await post([commit('b', noon - 600), commit('a', noon - 1_800)]);
    const work = (from: number, fields: object) => [0, 60, 120].map((more) => beat(from + more, fields));
    const main = { branch: 'main' };
    await testHub.send([
      ...work(noon - 2_000, main),
      ...work(noon - 1_500, main),
      ...work(noon - 1_200, { branch: 'other' }),
      ...work(noon - 500, main),
      ...work(noon - 900, { branch: 'main', project: 'web' }),
    ]);
    const answer = await testHub.get('projects/hub/commits?timeout=3');
    expect(answer).toMatchObject({
      author: null,
      branch: null,
      page: 1,
      next_page: null,
      next_page_url: null,
      prev_page: null,
      prev_page_url: null,
      project: { id: expect.any(String), name: 'hub', privacy: 'private', repository: null },
      status: 'ok',
      total: 2,
      total_pages: 1,
    });
    expect(answer.commits).toMatchObject([
      { hash: hash('b'), total_seconds: 120, human_readable_total: '2 mins' },
      { hash: hash('a'), total_seconds: 120, human_readable_total_with_seconds: '2 mins' },
    ]);
    await testHub.send([beat(noon - 1_260, main), beat(noon - 1_230, main)]);
    expect((await testHub.get('projects/hub/commits?timeout=3')).commits[0].total_seconds).toBe(120 + 120 + 30 + 30);
  });

  test('have every documented field', async () => {
    await post(commit('a', noon - 90, { author_date: at(noon - 120), html_url: 'https://git.example/a' }));
    const { commit: found, branch, status, project } = await testHub.get(`projects/hub/commits/${hash('a')}`);
    expect([branch, status, project.name]).toEqual(['main', 'ok', 'hub']);
    expect(found).toEqual({
      id: expect.any(String),
      hash: hash('a'),
      truncated_hash: 'aaaaaaa',
      message: 'change a',
      ref: 'refs/heads/main',
      branch: 'main',
      url: null,
      html_url: 'https://git.example/a',
      author_avatar_url: null,
      author_date: '2026-01-05T11:58:00Z',
      author_email: 'ann@example.com',
      author_html_url: null,
      author_name: 'Ann',
      author_url: null,
      author_username: null,
      committer_avatar_url: null,
      committer_date: '2026-01-05T11:58:30Z',
      committer_email: null,
      committer_html_url: null,
      committer_name: null,
      committer_url: null,
      committer_username: null,
      created_at: '2026-01-05T12:00:00Z',
      total_seconds: 0,
      human_readable_total: '0 secs',
      human_readable_total_with_seconds: '0 secs',
      human_readable_date: 'Mon Jan 5th 2026',
      human_readable_natural_date: '1 minute ago',
      is_author_found: true,
    });
    expect((await testHub.get('projects/hub/commits/aaaaaaa')).commit.hash).toBe(hash('a'));
    await testHub.get('projects/hub/commits/bbbbbbb', 404);
    await testHub.get('projects/web/commits/aaaaaaa', 404);
  });

  test('are listed by author, branch and page, with their repository', async () => {
    const many = Array.from({ length: 150 }, (_, index) => ({
      ...commit('0', noon - index),
      hash: (index + 1).toString(16).padStart(40, '0'),
    }));
    await post({ commits: many, repository: { name: 'hub', full_name: 'ann/hub', default_branch: 'main', evil: 1 } });
    await post([commit('c', noon, { branch: 'fix', author_name: 'Bob' })]);
    const first = await testHub.get('projects/hub/commits?branch=main');
    expect([first.commits.length, first.total, first.branch]).toEqual([100, 150, 'main']);
    expect(new URL(first.next_page_url).search).toBe('?branch=main&page=2');
    expect((await testHub.get('projects/hub/commits?branch=main&page=2')).commits).toHaveLength(50);
    expect((await testHub.get('projects/hub/commits?author=Bob')).commits).toMatchObject([{ hash: hash('c') }]);
    const { repository } = first.project;
    expect(repository).toMatchObject({
      name: 'hub',
      full_name: 'ann/hub',
      default_branch: 'main',
      star_count: 0,
      is_fork: false,
    });
    expect(repository.evil).toBeUndefined();
  });

  test('of a project without any are an empty list', async () => {
    expect(await testHub.get('projects/hub/commits')).toMatchObject({ commits: [], status: 'no repository', total: 0 });
  });

  test('are replaced when posted again, absent after a delete, and refused when invalid', async () => {
    expect(await post(commit('a', noon))).toBe(201);
    expect(await post(commit('a', noon, { message: 'amended' }))).toBe(201);
    expect((await testHub.get('projects/hub/commits')).commits).toMatchObject([{ message: 'amended' }]);
    for (const wrong of [
      { hash: hash('a') },
      commit('a', noon, { hash: 'zz' }),
      { ...commit('a', noon), committer_date: 'now' },
      7,
    ]) {
      expect(await post(wrong)).toBe(400);
    }
    const gone = await testHub.ask('DELETE', `${path}/${hash('a')}`, { headers: basic(testHub.owner) });
    expect(gone.status).toBe(200);
    expect((await testHub.get('projects/hub/commits')).total).toBe(0);
  });

  test('are visible to their account alone', async () => {
    await post(commit('a', noon));
    const bob = await testHub.accounts.createAccount('bob');
    if (!bob.ok) throw new Error(bob.error);
    const asked = await testHub.ask('GET', path.replace('current', 'owner'), { headers: basic(bob.secret) });
    expect(asked.status).toBe(404);
    expect(await post(commit('b', noon), bob.secret, path.replace('current', 'owner'))).toBe(404);
    expect(JSON.parse((await testHub.ask('GET', path, { headers: basic(bob.secret) })).body).total).toBe(0);
  });
});
