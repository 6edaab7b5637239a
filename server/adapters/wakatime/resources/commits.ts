// Commits of a project with the time that went into each: what was worked in the project, on the commit's branch, since the commit
// before it there. Plugins send none and the hub asks no git host, so whoever has them posts them, a git hook say. They are items
// of `<account>/commits`; times are computed when somebody asks, so heartbeats that come late count.

import { type Static, Type } from '@sinclair/typebox';
import { compile } from '../../../../protocol/check.ts';
import type { Hub } from '../../../core/hub.ts';
import type { Put } from '../../../core/store.ts';
import { json, type Reply } from '../../../http/types.ts';
import { type Endpoint, failed, param, type Told } from '../endpoint.ts';
import type { Context } from '../index/columns.ts';
import { parsedBody } from '../ingest/ingest.ts';
import { dateAt, iso, spoken } from '../model/calendar.ts';
import { coarseText, fineText, secondsOf } from '../model/format-time.ts';
import { isObject, uuidOf } from '../model/heartbeat.ts';
import { tally } from '../stats/durations-algorithm.ts';
import { ago, paged } from '../stats/lists.ts';
import { isSameName, labelsOf } from '../stats/names.ts';
import type { Question } from '../stats/query.ts';

const mostAtOnce = 1_000;
const bodyLimit = 4_194_304;
const text = Type.String({ maxLength: 2_048 });
const isHash = /^[0-9a-f]{7,64}$/;

const optional = Type.Optional(Type.Union([text, Type.Null()]));
const people = {
  author_avatar_url: optional,
  author_date: optional,
  author_email: optional,
  author_html_url: optional,
  author_name: optional,
  author_url: optional,
  author_username: optional,
  committer_avatar_url: optional,
  committer_date: optional,
  committer_email: optional,
  committer_html_url: optional,
  committer_name: optional,
  committer_url: optional,
  committer_username: optional,
};
const nobody = Object.fromEntries(Object.keys(people).map((name) => [name, null]));

const Commit = Type.Object({
  hash: Type.String({ pattern: isHash.source }),
  message: Type.String({ maxLength: 65_536 }),
  branch: optional,
  ref: optional,
  url: optional,
  html_url: optional,
  ...people,
});
type Commit = Static<typeof Commit>;
const Repository = Type.Object({
  name: text,
  full_name: optional,
  description: optional,
  default_branch: optional,
  homepage: optional,
  html_url: optional,
  url: optional,
  provider: optional,
  is_fork: Type.Optional(Type.Boolean()),
  is_private: Type.Optional(Type.Boolean()),
  fork_count: Type.Optional(Type.Number()),
  star_count: Type.Optional(Type.Number()),
  watch_count: Type.Optional(Type.Number()),
});
type Repository = Static<typeof Repository>;
const checkCommit = compile(Commit);
const checkRepository = compile(Repository);
const isCommit = (said: unknown): said is Commit => checkCommit(said);
const isRepository = (said: unknown): said is Repository => checkRepository(said);

interface Kept {
  readonly commit: Commit;
  /** Microseconds since 1970, when it was committed. */
  readonly time: number;
  /** Milliseconds since 1970, when it was posted. */
  readonly at: number;
}

const channelOf = (account: string): string => `${account}/commits`;
const keyOf = (project: string, hash: string): string => uuidOf(['commit', project, hash]);
const repositoryKey = (project: string): string => uuidOf(['repository', project]);

const form =
  'send {"hash", "message", "committer_date" or "author_date" as ISO-8601, "branch", "author_name", …}, a list of those, ' +
  'or {"commits": […], "repository": {"name", …}}';

/** One, a list, or a list and the repository they are of. What is there already takes the new one's words. */
async function post({ hub, person, request, question }: Told): Promise<Reply> {
  const project = param(request, 'project');
  const body = parsedBody(request.body);
  const said = isObject(body) && ('commits' in body || 'repository' in body) ? body : { commits: body };
  const commits: unknown = said['commits'] ?? [];
  const all: readonly unknown[] = Array.isArray(commits) ? commits : [commits];
  if (all.length > mostAtOnce) return failed(400, `at most ${mostAtOnce} at once`);
  const ops: Put[] = [];
  for (const one of all) {
    const time = isCommit(one) ? Date.parse(one.committer_date ?? one.author_date ?? '') * 1_000 : Number.NaN;
    if (!isCommit(one) || !Number.isSafeInteger(time)) return failed(400, form);
    const value = JSON.stringify({ project, commit: fieldsOf(Commit, one) });
    ops.push({ op: 'put', key: keyOf(project, one.hash), value, time });
  }
  const repository = said['repository'];
  if (repository !== undefined) {
    if (!isRepository(repository)) return failed(400, form);
    const value = JSON.stringify({ project, repository: fieldsOf(Repository, repository) });
    ops.push({ op: 'put', key: repositoryKey(project), value });
  }
  const channel = await hub.channel(channelOf(person.account));
  if (ops.length > 0) await channel.write({ ops, origin: 'wakatime', at: Math.floor(question.moment / 1_000) });
  return json(201, { status: 'ok', commits: all.length });
}

/** What is known of a thing, without what nobody asked for. */
function fieldsOf<T extends object>({ properties }: { readonly properties: object }, said: T): object {
  return Object.fromEntries(Object.entries(said).filter(([name]) => name in properties));
}

async function read(hub: Hub, account: string, project: string) {
  const { items } = (await hub.cachedChannel(channelOf(account))).view;
  let repository: Repository | undefined;
  const commits: Kept[] = [];
  for (const { value, time, at } of items.values()) {
    const said: unknown = JSON.parse(value);
    if (!isObject(said) || !isSameName(String(said['project']), project)) continue;
    if (isRepository(said['repository'])) repository = said['repository'];
    else if (isCommit(said['commit']) && time !== null) commits.push({ commit: said['commit'], time, at });
  }
  // Of one second, git's own order is unknown: any order will do that is always the same.
  commits.sort((a, b) => a.time - b.time || (a.commit.hash < b.commit.hash ? -1 : 1));
  return { repository, commits };
}

/** Seconds by hash: each branch by itself, from one commit to the next. */
function times({ person, rule }: Question, project: string, commits: readonly Kept[]): ReadonlyMap<string, number> {
  const { beats } = person;
  const branches = new Map<string, Kept[]>();
  for (const kept of commits) {
    const branch = kept.commit.branch ?? '';
    branches.set(branch, [...(branches.get(branch) ?? []), kept]);
  }
  const seconds = new Map<string, number>();
  for (const [branch, its] of branches) {
    const first = Math.min(beats.first ?? Number.POSITIVE_INFINITY, its[0]?.time ?? 0);
    const bounds = [first, ...its.map(({ time }) => time)];
    const fits = (context: Context): boolean => {
      const { projects, branches: on } = labelsOf(context);
      return isSameName(projects[0] ?? '', project) && (branch === '' || isSameName(on[0] ?? '', branch));
    };
    for (const [index, { contexts }] of tally(beats, rule, { bounds, fits }).entries()) {
      const hash = its[index]?.commit.hash ?? '';
      seconds.set(hash, secondsOf(contexts.amounts.reduce((sum, one) => sum + one, 0)));
    }
  }
  return seconds;
}

function shown({ zone, moment }: Question, project: string, { commit, time, at }: Kept, seconds: number) {
  const date = dateAt(time, zone);
  return {
    ...nobody,
    ...commit,
    id: keyOf(project, commit.hash),
    truncated_hash: commit.hash.slice(0, 7),
    branch: commit.branch ?? null,
    ref: commit.ref ?? (commit.branch ? `refs/heads/${commit.branch}` : null),
    url: commit.url ?? null,
    html_url: commit.html_url ?? null,
    author_date: moments(commit.author_date ?? commit.committer_date),
    committer_date: iso(time),
    created_at: iso(at * 1_000),
    total_seconds: seconds,
    human_readable_total: coarseText(seconds),
    human_readable_total_with_seconds: fineText(seconds),
    human_readable_date: spoken(date),
    human_readable_natural_date: ago(moment - time),
    is_author_found: true,
  };
}

function moments(said: string | null | undefined): string | null {
  const parsed = Date.parse(said ?? '');
  return Number.isNaN(parsed) ? null : iso(parsed * 1_000);
}

function shownProject({ person }: Question, name: string, repository: Repository | undefined, synced: number) {
  const { account } = person;
  return {
    id: uuidOf(['project', account, name]),
    name,
    privacy: 'private',
    repository:
      repository === undefined
        ? null
        : {
            id: repositoryKey(name),
            full_name: null,
            description: null,
            default_branch: null,
            homepage: null,
            html_url: null,
            url: null,
            provider: null,
            fork_count: 0,
            star_count: 0,
            watch_count: 0,
            is_fork: false,
            is_private: true,
            ...repository,
            last_synced_at: iso(synced * 1_000),
          },
  };
}

async function listed({ hub, person, question, request }: Told): Promise<Reply> {
  const project = param(request, 'project');
  const { query, moment } = question;
  const { repository, commits } = await read(hub, person.account, project);
  const [author, branch] = [query.get('author') || null, query.get('branch') || null];
  const seconds = times(question, project, commits);
  const by = (one: Commit) => [one.author_name, one.author_email, one.author_username].includes(author);
  const wanted = commits
    .filter(({ commit }) => (author === null || by(commit)) && (branch === null || commit.branch === branch))
    .reverse();
  const { data, page, next_page, prev_page, total, total_pages } = paged(wanted, query);
  const at = `${person.base ?? ''}/api/v1/users/current/projects/${encodeURIComponent(project)}/commits`;
  const link = (to: number | null): string | null => {
    if (to === null) return null;
    const asked = new URLSearchParams({
      ...(author === null ? {} : { author }),
      ...(branch === null ? {} : { branch }),
    });
    asked.set('page', String(to));
    return `${at}?${asked}`;
  };
  const synced = commits.reduce((last, one) => Math.max(last, one.at), 0);
  return json(200, {
    commits: data.map((kept) => shown(question, project, kept, seconds.get(kept.commit.hash) ?? 0)),
    author,
    branch,
    page,
    next_page,
    next_page_url: link(next_page),
    prev_page,
    prev_page_url: link(prev_page),
    project: shownProject(question, project, repository, synced || moment / 1_000),
    status: commits.length === 0 && repository === undefined ? 'no repository' : 'ok',
    total,
    total_pages,
  });
}

async function one({ hub, person, question, request }: Told): Promise<Reply> {
  const [project, hash] = [param(request, 'project'), param(request, 'hash').toLowerCase()];
  const { repository, commits } = await read(hub, person.account, project);
  const branch = question.query.get('branch') || null;
  const found = commits.filter(
    ({ commit }) => commit.hash.startsWith(hash) && (branch === null || commit.branch === branch),
  );
  const [kept] = found;
  if (!isHash.test(hash) || kept === undefined || found.length > 1) return failed(404, 'no such commit');
  const seconds = times(question, project, commits).get(kept.commit.hash) ?? 0;
  return json(200, {
    commit: shown(question, project, kept, seconds),
    branch: branch ?? kept.commit.branch ?? null,
    project: shownProject(question, project, repository, kept.at),
    status: 'ok',
  });
}

const path = 'projects/:project/commits';

export const commitEndpoints: readonly Endpoint[] = [
  { method: 'GET', path, needs: ['summaries'], answer: listed },
  { method: 'GET', path: `${path}/:hash`, needs: ['summaries'], answer: one },
  { method: 'POST', path, needs: ['heartbeats'], limit: bodyLimit, answer: post },
  {
    method: 'DELETE',
    path: `${path}/:hash`,
    needs: ['heartbeats'],
    async answer({ hub, person, request, question }) {
      const key = keyOf(param(request, 'project'), param(request, 'hash'));
      const channel = await hub.channel(channelOf(person.account));
      const ops = [{ op: 'remove', key } as const];
      await channel.write({ ops, origin: 'wakatime', at: Math.floor(question.moment / 1_000) });
      return json(200, { data: {} });
    },
  },
];
