// Commits of a project with the time spent on each: the time in the project, on the commit's branch, since the commit before it.
// Plugins do not send commits and the hub does not query git hosts, so a git hook or another client posts them. They are items of
// `<account>/commits`. Times are computed at each request, so late heartbeats count.

import { type Static, Type } from '@sinclair/typebox';
import { compile } from '../../../../protocol/check.ts';
import type { Hub } from '../../../core/hub.ts';
import { nextTurn } from '../../../core/next-turn.ts';
import type { Put } from '../../../core/store.ts';
import { json, type Reply } from '../../../http/types.ts';
import { type Endpoint, type EndpointCall, errorReply } from '../endpoint.ts';
import type { HeartbeatContext } from '../index/columns.ts';
import { parseBody } from '../ingest/parse-body.ts';
import { dateAt, formatDate, formatIso } from '../model/calendar.ts';
import { formatMinutes, formatSeconds, toSeconds } from '../model/format-time.ts';
import { derivedUuid, isObject } from '../model/heartbeat.ts';
import { pathParam } from '../request-fields.ts';
import { formatAge, paginate } from '../stats/lists.ts';
import { isSameName, labelsOf } from '../stats/names.ts';
import type { TimeQuery } from '../stats/query.ts';
import { tallyInTurns } from '../stats/tally-in-turns.ts';

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
const unknownPeople = Object.fromEntries(Object.keys(people).map((name) => [name, null]));

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
const isCommit = (input: unknown): input is Commit => checkCommit(input);
const isRepository = (input: unknown): input is Repository => checkRepository(input);

interface Stored {
  readonly commit: Commit;
  /** When it was committed, in microseconds since 1970. */
  readonly time: number;
  /** When it was posted, in milliseconds since 1970. */
  readonly at: number;
}

const channelOf = (account: string): string => `${account}/commits`;
const keyOf = (project: string, hash: string): string => derivedUuid(['commit', project, hash]);
const repositoryKey = (project: string): string => derivedUuid(['repository', project]);

const form =
  'send {"hash", "message", "committer_date" or "author_date" as ISO-8601, "branch", "author_name", …}, a list of those, ' +
  'or {"commits": […], "repository": {"name", …}}';

/** Stores one commit, a list, or a list and the repository. A known commit is replaced. */
async function postCommits({ hub, person, request, question }: EndpointCall): Promise<Reply> {
  const project = pathParam(request, 'project');
  const body = parseBody(request.body);
  const input = isObject(body) && ('commits' in body || 'repository' in body) ? body : { commits: body };
  const commits: unknown = input['commits'] ?? [];
  const all: readonly unknown[] = Array.isArray(commits) ? commits : [commits];
  if (all.length > mostAtOnce) return errorReply(400, `at most ${mostAtOnce} at once`);
  const ops: Put[] = [];
  for (const one of all) {
    const time = isCommit(one) ? Date.parse(one.committer_date ?? one.author_date ?? '') * 1_000 : Number.NaN;
    if (!isCommit(one) || !Number.isSafeInteger(time)) return errorReply(400, form);
    const value = JSON.stringify({ project, commit: fieldsOf(Commit, one) });
    ops.push({ op: 'put', key: keyOf(project, one.hash), value, time });
  }
  const repository = input['repository'];
  if (repository !== undefined) {
    if (!isRepository(repository)) return errorReply(400, form);
    const value = JSON.stringify({ project, repository: fieldsOf(Repository, repository) });
    ops.push({ op: 'put', key: repositoryKey(project), value });
  }
  const channel = await hub.channel(channelOf(person.account));
  if (ops.length > 0) await channel.write({ ops, origin: 'wakatime', at: Math.floor(question.moment / 1_000) });
  return json(201, { status: 'ok', commits: all.length });
}

/** The fields of a schema, without others. */
function fieldsOf<T extends object>({ properties }: { readonly properties: object }, input: T): object {
  return Object.fromEntries(Object.entries(input).filter(([name]) => name in properties));
}

async function read(hub: Hub, account: string, project: string) {
  const { items } = (await hub.cachedChannel(channelOf(account))).view;
  let repository: Repository | undefined;
  const commits: Stored[] = [];
  for (const { value, time, at } of items.values()) {
    const input: unknown = JSON.parse(value);
    if (!isObject(input) || !isSameName(String(input['project']), project)) continue;
    if (isRepository(input['repository'])) repository = input['repository'];
    else if (isCommit(input['commit']) && time !== null) commits.push({ commit: input['commit'], time, at });
  }
  // Git's own order within a second is unknown: any stable order will do.
  commits.sort((a, b) => a.time - b.time || (a.commit.hash < b.commit.hash ? -1 : 1));
  return { repository, commits };
}

/** The seconds of each commit by hash. Each branch counts by itself, from one commit to the next. */
async function computeTimes(
  { person, rule }: TimeQuery,
  project: string,
  commits: readonly Stored[],
): Promise<ReadonlyMap<string, number>> {
  const { beats } = person;
  const branches = new Map<string, Stored[]>();
  for (const stored of commits) {
    const branch = stored.commit.branch ?? '';
    branches.set(branch, [...(branches.get(branch) ?? []), stored]);
  }
  const seconds = new Map<string, number>();
  for (const [branch, its] of branches) {
    if (seconds.size > 0) await nextTurn();
    const first = Math.min(beats.first ?? Number.POSITIVE_INFINITY, its[0]?.time ?? 0);
    const bounds = [first, ...its.map(({ time }) => time)];
    const fits = (context: HeartbeatContext): boolean => {
      const { projects, branches: on } = labelsOf(context);
      return isSameName(projects[0] ?? '', project) && (branch === '' || isSameName(on[0] ?? '', branch));
    };
    const tallies = await tallyInTurns(beats, rule, { bounds, fits });
    for (const [index, { contexts }] of tallies.entries()) {
      const hash = its[index]?.commit.hash ?? '';
      seconds.set(hash, toSeconds(contexts.amounts.reduce((sum, one) => sum + one, 0)));
    }
  }
  return seconds;
}

function describeCommit({ zone, moment }: TimeQuery, project: string, { commit, time, at }: Stored, seconds: number) {
  const date = dateAt(time, zone);
  return {
    ...unknownPeople,
    ...commit,
    id: keyOf(project, commit.hash),
    truncated_hash: commit.hash.slice(0, 7),
    branch: commit.branch ?? null,
    ref: commit.ref ?? (commit.branch ? `refs/heads/${commit.branch}` : null),
    url: commit.url ?? null,
    html_url: commit.html_url ?? null,
    author_date: normalizeDate(commit.author_date ?? commit.committer_date),
    committer_date: formatIso(time),
    created_at: formatIso(at * 1_000),
    total_seconds: seconds,
    human_readable_total: formatMinutes(seconds),
    human_readable_total_with_seconds: formatSeconds(seconds),
    human_readable_date: formatDate(date),
    human_readable_natural_date: formatAge(moment - time),
    is_author_found: true,
  };
}

function normalizeDate(input: string | null | undefined): string | null {
  const parsed = Date.parse(input ?? '');
  return Number.isNaN(parsed) ? null : formatIso(parsed * 1_000);
}

function describeProject({ person }: TimeQuery, name: string, repository: Repository | undefined, synced: number) {
  const { account } = person;
  return {
    id: derivedUuid(['project', account, name]),
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
            last_synced_at: formatIso(synced * 1_000),
          },
  };
}

async function listCommits({ hub, person, question, request }: EndpointCall): Promise<Reply> {
  const project = pathParam(request, 'project');
  const { query, moment } = question;
  const { repository, commits } = await read(hub, person.account, project);
  const [author, branch] = [query.get('author') || null, query.get('branch') || null];
  const seconds = await computeTimes(question, project, commits);
  const by = (one: Commit) => [one.author_name, one.author_email, one.author_username].includes(author);
  const wanted = commits
    .filter(({ commit }) => (author === null || by(commit)) && (branch === null || commit.branch === branch))
    .reverse();
  const { data, page, next_page, prev_page, total, total_pages } = paginate(wanted, query);
  const at = `${person.base ?? ''}/api/v1/users/current/projects/${encodeURIComponent(project)}/commits`;
  const link = (to: number | null): string | null => {
    if (to === null) return null;
    const search = new URLSearchParams({
      ...(author === null ? {} : { author }),
      ...(branch === null ? {} : { branch }),
    });
    search.set('page', String(to));
    return `${at}?${search}`;
  };
  const synced = commits.reduce((last, one) => Math.max(last, one.at), 0);
  return json(200, {
    commits: data.map((stored) => describeCommit(question, project, stored, seconds.get(stored.commit.hash) ?? 0)),
    author,
    branch,
    page,
    next_page,
    next_page_url: link(next_page),
    prev_page,
    prev_page_url: link(prev_page),
    project: describeProject(question, project, repository, synced || moment / 1_000),
    status: commits.length === 0 && repository === undefined ? 'no repository' : 'ok',
    total,
    total_pages,
  });
}

async function readCommit({ hub, person, question, request }: EndpointCall): Promise<Reply> {
  const [project, hash] = [pathParam(request, 'project'), pathParam(request, 'hash').toLowerCase()];
  const { repository, commits } = await read(hub, person.account, project);
  const branch = question.query.get('branch') || null;
  const found = commits.filter(
    ({ commit }) => commit.hash.startsWith(hash) && (branch === null || commit.branch === branch),
  );
  const [stored] = found;
  if (!isHash.test(hash) || stored === undefined || found.length > 1) return errorReply(404, 'no such commit');
  const seconds = (await computeTimes(question, project, commits)).get(stored.commit.hash) ?? 0;
  return json(200, {
    commit: describeCommit(question, project, stored, seconds),
    branch: branch ?? stored.commit.branch ?? null,
    project: describeProject(question, project, repository, stored.at),
    status: 'ok',
  });
}

const path = 'projects/:project/commits';

export const commitEndpoints: readonly Endpoint[] = [
  { method: 'GET', path, scopes: ['summaries'], answer: listCommits },
  { method: 'GET', path: `${path}/:hash`, scopes: ['summaries'], answer: readCommit },
  { method: 'POST', path, needs: ['write'], scopes: ['heartbeats'], limit: bodyLimit, answer: postCommits },
  {
    method: 'DELETE',
    path: `${path}/:hash`,
    needs: ['write'],
    scopes: ['heartbeats'],
    async answer({ hub, person, request, question }) {
      const key = keyOf(pathParam(request, 'project'), pathParam(request, 'hash'));
      const channel = await hub.channel(channelOf(person.account));
      const ops = [{ op: 'remove', key } as const];
      await channel.write({ ops, origin: 'wakatime', at: Math.floor(question.moment / 1_000) });
      return json(200, { data: {} });
    },
  },
];
