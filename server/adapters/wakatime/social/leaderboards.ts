// Private leaderboards: rankings among people who have joined them. WakaTime's API only reads them; the endpoints to create, invite and
// join are Horai's own. A leaderboard belongs to several accounts, so it is an item of a channel of the hub.

import type { Hub } from '../../../core/hub.ts';
import { json, type Reply } from '../../../http/types.ts';
import { type Endpoint, type EndpointCall, errorReply, outcomeReply } from '../endpoint.ts';
import { formatIso } from '../model/calendar.ts';
import { isObject } from '../model/heartbeat.ts';
import { updateItem } from '../model/update-item.ts';
import { pathParam, readObject, readText } from '../request-fields.ts';
import { publicProfile } from '../resources/profile.ts';
import { paginate } from '../stats/lists.ts';
import { failure, type QueryOutcome } from '../stats/query.ts';
import {
  addInvited,
  hasJoined,
  type Member,
  memberOf,
  mostMembers,
  resolveAccount,
  resolveMember,
} from './membership.ts';
import { rankAccounts } from './public-leaderboard.ts';

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

async function readBoards(hub: Hub): Promise<readonly Board[]> {
  const { items } = (await hub.cachedChannel(channel)).view;
  return [...items.values()].map(({ value }): Board => JSON.parse(value));
}

/** The board of the path; undefined if there is none, or if the caller is not a member of it. */
async function findBoard({ hub, person, request }: EndpointCall): Promise<Board | undefined> {
  const id = pathParam(request, 'board');
  return (await readBoards(hub)).find(
    (board) => board.id === id && memberOf(board.members, person.account) !== undefined,
  );
}

const noBoard = failure('no such leaderboard', 404);

/**
 * Changes a board.
 * @param next undefined deletes it
 */
async function changeBoard(
  call: EndpointCall,
  next: (before: Board) => QueryOutcome<Board | undefined>,
): Promise<QueryOutcome<object>> {
  const { hub, person } = call;
  const known = await findBoard(call);
  if (known === undefined) return noBoard;
  const result = await updateItem<Board | undefined>(hub, channel, known.id, (input) => {
    const after = isBoard(input) ? next(input) : noBoard;
    return after.ok && after.value !== undefined
      ? { ok: true, value: { ...after.value, changed: hub.world.now() } }
      : after;
  });
  if (!result.ok) return result;
  return { ok: true, value: { data: result.value === undefined ? {} : describeBoard(result.value, person.account) } };
}

/** Only this file writes the channel. */
function isBoard(input: unknown): input is Board {
  return isObject(input) && Array.isArray(input['members']);
}

function describeBoard({ id, name, owner, members, at, changed }: Board, own: string) {
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
    created_at: formatIso(at * 1_000),
    modified_at: formatIso(changed * 1_000),
  };
}

function ownersOnly(
  board: Board,
  account: string,
  next: () => QueryOutcome<Board | undefined>,
): QueryOutcome<Board | undefined> {
  return board.owner === account ? next() : failure('only the owner of the leaderboard may do that', 403);
}

async function replyRanking(call: EndpointCall): Promise<Reply> {
  const { authorizer, request, person } = call;
  const board = await findBoard(call);
  if (board === undefined || !hasJoined(board.members, person.account)) return errorReply(404, noBoard.error);
  const accounts = board.members.filter(({ joined }) => joined).map(({ account }) => account);
  const { range, ...all } = await rankAccounts(authorizer, request, accounts, { among: 'circle' });
  return json(200, { ...all, range, id: board.id, name: board.name });
}

const scopes = ['leaderboards'];

/** The endpoints under both names that tools know. */
export const boardEndpoints: readonly Endpoint[] = ['leaderboards', 'private_leaderboards'].flatMap(
  (base): readonly Endpoint[] => [
    { method: 'GET', path: base, scopes, answer: listBoards },
    { method: 'POST', path: base, scopes, answer: createBoard },
    { method: 'GET', path: `${base}/:board`, scopes, answer: replyRanking },
    { method: 'GET', path: `${base}/:board/leaders`, scopes, answer: replyRanking },
    { method: 'PUT', path: `${base}/:board`, scopes, answer: renameBoard },
    { method: 'DELETE', path: `${base}/:board`, scopes, answer: deleteBoard },
    { method: 'GET', path: `${base}/:board/members`, scopes, answer: listMembers },
    { method: 'POST', path: `${base}/:board/members`, scopes, answer: inviteMember },
    { method: 'PUT', path: `${base}/:board/members/:member`, scopes, answer: joinBoard },
    { method: 'DELETE', path: `${base}/:board/members/:member`, scopes, answer: removeMember },
  ],
);

async function listBoards({ hub, person: { account }, question }: EndpointCall): Promise<Reply> {
  const own = (await readBoards(hub)).filter(({ members }) => memberOf(members, account) !== undefined);
  const rows = own.map((board) => describeBoard(board, account));
  return json(200, paginate(rows, question.query));
}

async function createBoard({ hub, person: { account }, request }: EndpointCall): Promise<Reply> {
  const name = readText(readObject(request), 'name');
  if (name === '') return errorReply(400, nameForm);
  if ((await readBoards(hub)).filter(({ owner }) => owner === account).length >= mostBoards) {
    return errorReply(400, `at most ${mostBoards} leaderboards`);
  }
  const [id, at] = [hub.world.secret(), hub.world.now()];
  const board: Board = { id, name, owner: account, members: [{ account, joined: true }], at, changed: at };
  await updateItem(hub, channel, id, () => ({ ok: true, value: board }));
  return json(201, { data: describeBoard(board, account) });
}

const nameForm = 'send {"name": "…"}';

async function renameBoard(call: EndpointCall): Promise<Reply> {
  const name = readText(readObject(call.request), 'name');
  if (name === '') return errorReply(400, nameForm);
  const { account } = call.person;
  const rename = (board: Board) => ownersOnly(board, account, () => ({ ok: true, value: { ...board, name } }));
  return outcomeReply(await changeBoard(call, rename));
}

async function deleteBoard(call: EndpointCall): Promise<Reply> {
  const { account } = call.person;
  const drop = (board: Board) => ownersOnly(board, account, () => ({ ok: true, value: undefined }));
  return outcomeReply(await changeBoard(call, drop));
}

async function listMembers(call: EndpointCall): Promise<Reply> {
  const { authorizer, person, request, question } = call;
  const board = await findBoard(call);
  if (board === undefined || !hasJoined(board.members, person.account)) return errorReply(404, noBoard.error);
  const members = board.members.map(async ({ account, joined }) => ({
    ...publicProfile(await authorizer.personInfo(account, request)),
    is_invited: !joined,
  }));
  return json(200, paginate(await Promise.all(members), question.query));
}

async function inviteMember(call: EndpointCall): Promise<Reply> {
  const { authorizer, person, request } = call;
  const account = resolveAccount(authorizer, readObject(request)['user'], person.account);
  if (account === undefined) return errorReply(404, 'no such user');
  const invite = (board: Board) =>
    ownersOnly(board, person.account, () => {
      const members = addInvited(board.members, { account, joined: false });
      return members.ok ? { ok: true, value: { ...board, members: members.value } } : members;
    });
  return outcomeReply(await changeBoard(call, invite), 201);
}

async function joinBoard(call: EndpointCall): Promise<Reply> {
  const { authorizer, person, request } = call;
  if (resolveMember(authorizer, request, person.account) !== person.account) {
    return errorReply(403, 'only the invited person can join');
  }
  const join = (board: Board): QueryOutcome<Board> => {
    const members = board.members.map((member) =>
      member.account === person.account ? { ...member, joined: true } : member,
    );
    return { ok: true, value: { ...board, members } };
  };
  return outcomeReply(await changeBoard(call, join));
}

async function removeMember(call: EndpointCall): Promise<Reply> {
  const { authorizer, person, request } = call;
  const removed = resolveMember(authorizer, request, person.account);
  const remove = (board: Board): QueryOutcome<Board> => {
    if (removed !== person.account && board.owner !== person.account)
      return failure('only the owner may remove other members', 403);
    if (removed === board.owner) return failure('the owner cannot leave: delete the leaderboard instead', 409);
    return { ok: true, value: { ...board, members: board.members.filter(({ account }) => account !== removed) } };
  };
  return outcomeReply(await changeBoard(call, remove));
}
