// Private leaderboards: a ranking among people who have joined it. WakaTime's API only reads them; making boards, inviting and joining
// are Horai's own. They belong to several accounts, so they lie in a channel of the hub's.

import type { Hub } from '../../../core/hub.ts';
import { json } from '../../../http/types.ts';
import { answered, type Endpoint, failed, param, saidIn, type Told, textIn } from '../endpoint.ts';
import { iso } from '../model/calendar.ts';
import { isObject } from '../model/heartbeat.ts';
import { rewrite } from '../model/update-item.ts';
import { stranger } from '../resources/profile.ts';
import { paged } from '../stats/lists.ts';
import { type Asked, wrong } from '../stats/query.ts';
import { accountMeant, hasJoined, invited, type Member, memberMeant, memberOf, mostMembers } from './membership.ts';
import { ranking } from './public-leaderboard.ts';

const channel = '@hub/leaderboards';
const mostBoards = 100;

interface Board {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly members: readonly Member[];
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly changed: number;
}

async function boards(hub: Hub): Promise<readonly Board[]> {
  const { items } = (await hub.cachedChannel(channel)).view;
  return [...items.values()].map(({ value }): Board => JSON.parse(value));
}

/** @returns undefined also for a board that is not this account's business */
async function find({ hub, person, request }: Told): Promise<Board | undefined> {
  const id = param(request, 'board');
  return (await boards(hub)).find((board) => board.id === id && memberOf(board.members, person.account) !== undefined);
}

const noBoard = wrong('no such leaderboard', 404);

/** @param next undefined drops it */
async function change(told: Told, next: (before: Board) => Asked<Board | undefined>): Promise<Asked<object>> {
  const { hub, person } = told;
  const known = await find(told);
  if (known === undefined) return noBoard;
  const asked = await rewrite<Board | undefined>(hub, channel, known.id, (said) => {
    const after = isBoard(said) ? next(said) : noBoard;
    return after.ok && after.value !== undefined
      ? { ok: true, value: { ...after.value, changed: hub.world.now() } }
      : after;
  });
  if (!asked.ok) return asked;
  return { ok: true, value: { data: asked.value === undefined ? {} : shown(asked.value, person.account) } };
}

/** Written by this file alone. */
function isBoard(said: unknown): said is Board {
  return isObject(said) && Array.isArray(said['members']);
}

function shown({ id, name, owner, members, at, changed }: Board, own: string) {
  const joined = members.filter((member) => member.joined).length;
  return {
    id,
    name,
    can_edit: owner === own,
    can_delete: owner === own,
    has_available_seat: members.length < mostMembers,
    has_joined: hasJoined(members, own),
    members_count: joined,
    members_with_timezones_count: joined,
    time_range: 'last_7_days',
    created_at: iso(at * 1_000),
    modified_at: iso(changed * 1_000),
  };
}

function ownersOnly(board: Board, account: string, next: () => Asked<Board | undefined>): Asked<Board | undefined> {
  return board.owner === account ? next() : wrong('only who made the leaderboard may do that', 403);
}

async function ranked(told: Told) {
  const { admission, request, person } = told;
  const board = await find(told);
  if (board === undefined || !hasJoined(board.members, person.account)) return failed(404, noBoard.error);
  const accounts = board.members.filter(({ joined }) => joined).map(({ account }) => account);
  const { range, ...all } = await ranking(admission, request, accounts, { among: 'circle' });
  return json(200, { ...all, range, id: board.id, name: board.name });
}

const needs = ['leaderboards'];

/** Under both names that tools know. */
export const boardEndpoints: readonly Endpoint[] = ['leaderboards', 'private_leaderboards'].flatMap(
  (base): readonly Endpoint[] => [
    {
      method: 'GET',
      path: base,
      needs,
      async answer({ hub, person, question }) {
        const mine = (await boards(hub)).filter(({ members }) => memberOf(members, person.account) !== undefined);
        return json(
          200,
          paged(
            mine.map((board) => shown(board, person.account)),
            question.query,
          ),
        );
      },
    },
    {
      method: 'POST',
      path: base,
      needs,
      async answer({ hub, person: { account }, request }) {
        const name = textIn(saidIn(request), 'name');
        if (name === '') return failed(400, 'send {"name": "…"}');
        if ((await boards(hub)).filter(({ owner }) => owner === account).length >= mostBoards) {
          return failed(400, `at most ${mostBoards} leaderboards`);
        }
        const [id, at] = [hub.world.secret(), hub.world.now()];
        const board: Board = { id, name, owner: account, members: [{ account, joined: true }], at, changed: at };
        await rewrite(hub, channel, id, () => ({ ok: true, value: board }));
        return json(201, { data: shown(board, account) });
      },
    },
    { method: 'GET', path: `${base}/:board`, needs, answer: ranked },
    { method: 'GET', path: `${base}/:board/leaders`, needs, answer: ranked },
    {
      method: 'PUT',
      path: `${base}/:board`,
      needs,
      async answer(told) {
        const name = textIn(saidIn(told.request), 'name');
        if (name === '') return failed(400, 'send {"name": "…"}');
        const renamed = (board: Board) =>
          ownersOnly(board, told.person.account, () => ({ ok: true, value: { ...board, name } }));
        return answered(await change(told, renamed));
      },
    },
    {
      method: 'DELETE',
      path: `${base}/:board`,
      needs,
      answer: async (told) =>
        answered(
          await change(told, (board) => ownersOnly(board, told.person.account, () => ({ ok: true, value: undefined }))),
        ),
    },
    {
      method: 'GET',
      path: `${base}/:board/members`,
      needs,
      async answer(told) {
        const { admission, person, request, question } = told;
        const board = await find(told);
        if (board === undefined || !hasJoined(board.members, person.account)) return failed(404, noBoard.error);
        const all = await Promise.all(
          board.members.map(async ({ account, joined }) => ({
            ...stranger(await admission.someone(account, request)),
            is_invited: !joined,
          })),
        );
        return json(200, paged(all, question.query));
      },
    },
    {
      method: 'POST',
      path: `${base}/:board/members`,
      needs,
      async answer(told) {
        const { admission, person, request } = told;
        const account = accountMeant(admission, saidIn(request)['user'], person.account);
        if (account === undefined) return failed(404, 'no such user');
        const asked = await change(told, (board) =>
          ownersOnly(board, person.account, () => {
            const members = invited(board.members, { account, joined: false });
            return members.ok ? { ok: true, value: { ...board, members: members.value } } : members;
          }),
        );
        return answered(asked, 201);
      },
    },
    {
      method: 'PUT',
      path: `${base}/:board/members/:member`,
      needs,
      async answer(told) {
        const { admission, person, request } = told;
        if (memberMeant(admission, request, person.account) !== person.account) {
          return failed(403, 'people join by themselves');
        }
        const joined = (members: readonly Member[]) =>
          members.map((member) => (member.account === person.account ? { ...member, joined: true } : member));
        const asked = await change(told, (board) => ({
          ok: true,
          value: { ...board, members: joined(board.members) },
        }));
        return answered(asked);
      },
    },
    {
      method: 'DELETE',
      path: `${base}/:board/members/:member`,
      needs,
      async answer(told) {
        const { admission, person, request } = told;
        const gone = memberMeant(admission, request, person.account);
        const asked = await change(told, (board) => {
          if (gone !== person.account && board.owner !== person.account) return wrong('not yours to remove', 403);
          if (gone === board.owner) return wrong('who made the leaderboard drops it instead', 409);
          return { ok: true, value: { ...board, members: board.members.filter(({ account }) => account !== gone) } };
        });
        return answered(asked);
      },
    },
  ],
);
