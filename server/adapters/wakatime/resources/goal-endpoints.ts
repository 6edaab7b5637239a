// The endpoints of goals. WakaTime's API only reads goals; the endpoints that create and change them are Horai's own.

import { json, type Reply } from '../../../http/types.ts';
import { type Endpoint, type EndpointCall, errorReply, outcomeReply } from '../endpoint.ts';
import { pathParam, readObject } from '../request-fields.ts';
import { deleteGoal, listGoals, readGoal, writeGoal } from './goals.ts';

const scopes = ['goals'];

export const goalEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: 'goals',
    scopes,
    answer: async ({ hub, question }) => json(200, await listGoals(hub, question)),
  },
  { method: 'GET', path: 'goals/:goal', scopes, answer: replyGoal },
  { method: 'POST', path: 'goals', answer: createGoal },
  { method: 'PUT', path: 'goals/:goal', answer: changeGoal },
  { method: 'DELETE', path: 'goals/:goal', answer: removeGoal },
];

async function replyGoal({ hub, question, request }: EndpointCall): Promise<Reply> {
  const goal = await readGoal(hub, question, pathParam(request, 'goal'));
  return goal === undefined ? errorReply(404, 'no such goal') : json(200, goal);
}

async function createGoal({ hub, question, request }: EndpointCall): Promise<Reply> {
  return outcomeReply(await writeGoal(hub, question, readObject(request), undefined), 201);
}

async function changeGoal({ hub, question, request }: EndpointCall): Promise<Reply> {
  return outcomeReply(await writeGoal(hub, question, readObject(request), pathParam(request, 'goal')));
}

async function removeGoal({ hub, question, request }: EndpointCall): Promise<Reply> {
  await deleteGoal(hub, question, pathParam(request, 'goal'));
  return json(200, { data: {} });
}
