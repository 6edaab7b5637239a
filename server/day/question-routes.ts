// The HTTP of questions: `GET /-/questions` and one answer to one of them.

import { isQuestionReply, QuestionReply, QuestionsView } from '../../protocol/day-questions.ts';
import { refuse } from '../../protocol/errors.ts';
import { isAllowed } from '../core/access.ts';
import { bodyOf } from '../http/json-body.ts';
import type { Request, Route } from '../http/types.ts';
import { answerChannel } from './questions/account-questions.ts';
import { admitReader, answers, type DayRouteDeps, type DayRouteOutcome, reply } from './routes.ts';

const tag = 'Merged day';

export function questionRoutes(deps: DayRouteDeps): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/-/questions',
      doc: {
        summary: 'Lists what the hub asks about running tasks and about unexplained time of yesterday',
        tag,
        scope: 'read',
        description: 'Questions about running tasks are also the item `questions` of the channel `day/<today>`.',
        responses: { 200: { description: 'A list of questions.', schema: QuestionsView }, ...answers },
      },
      handle: async (request) => {
        const admitted = admitReader(deps, request);
        if (!admitted.ok) return reply(admitted);
        const { identity, mayRead } = admitted;
        const { questions } = deps.days.of(identity.account);
        return reply({ ok: true, value: await questions.ask(mayRead) });
      },
    },
    {
      method: 'POST',
      path: '/-/questions',
      doc: {
        summary: 'Answers a question once, for all devices',
        tag,
        scope: 'read write',
        description: 'Needs `write:questions`, and `write:tasks` to stop or split.',
        body: { schema: QuestionReply, example: { key: 'idle t1 1795856400', answer: 'stop' } },
        responses: {
          200: { description: '`undo` is the step that a `revert` of the channel `questions` goes back to.' },
          404: { description: 'There is no such question any more.' },
          409: { description: 'Another device answered it; `hint` says how.' },
        },
      },
      handle: async (request) => reply(await answer(deps, request)),
    },
  ];
}

async function answer(deps: DayRouteDeps, request: Request): Promise<DayRouteOutcome> {
  const body = bodyOf(request);
  if (!isQuestionReply(body))
    return refuse('payload', '', 'send {"key": "…", "answer": "stop" | "keep" | "split" | "dismiss"}');
  const admitted = admitReader(deps, request);
  if (!admitted.ok) return admitted;
  const { account, device, token } = admitted.identity;
  const needed = body.answer === 'stop' || body.answer === 'split' ? [answerChannel, 'tasks'] : [answerChannel];
  const missing = needed.find((channel) => !isAllowed(admitted.identity, 'write', `${account}/${channel}`));
  if (missing !== undefined) return refuse('forbidden', '', `this needs write:${missing}`);
  const done = await deps.days.of(account).questions.answer(body, device || token || 'hub');
  return done.ok ? { ok: true, value: { undo: done.undo } } : done;
}
