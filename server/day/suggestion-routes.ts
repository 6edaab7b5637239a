// The HTTP of suggestions: `GET /-/suggestions` and the answers to them. Nothing is written before a person answers, and each answer is one
// write: an acceptance of entries, "always" of a rule, a refusal of an item in `suggestions`.

import type { DayRuleItem } from '../../protocol/day.ts';
import { isSuggestionAnswer, SuggestionAnswer, SuggestionsView } from '../../protocol/day-suggestions.ts';
import { refuse } from '../../protocol/errors.ts';
import { type Identity, isAllowed } from '../core/access.ts';
import type { Op } from '../core/store.ts';
import { bodyOf } from '../http/json-body.ts';
import type { Request, Route } from '../http/types.ts';
import { rulesCheck } from './registry/check-rules.ts';
import { writeEdit, written } from './registry-routes.ts';
import { admitReader, answers, type DayRouteDeps, type DayRouteOutcome, dateIn, reply } from './routes.ts';
import { refusalChannel } from './suggestions/account-suggestions.ts';
import type { DaySuggestion } from './suggestions/suggest.ts';

const tag = 'Merged day';

export function suggestionRoutes(deps: DayRouteDeps): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/-/suggestions',
      doc: {
        summary: 'Lists what the unassigned stretches of a day may have been about, with reasons',
        tag,
        scope: 'read',
        description:
          'Stretches of more than three minutes. Nothing is written. To see what `rule` would change, send it to `POST /-/rules/preview`.',
        query: { date: 'A date such as `2026-11-28`, `today` or `yesterday`; today unless given.' },
        responses: { 200: { description: 'A list of suggestions.', schema: SuggestionsView }, ...answers },
      },
      handle: async (request) => reply(await list(deps, request)),
    },
    {
      method: 'POST',
      path: '/-/suggestions',
      doc: {
        summary: 'Accepts or refuses a suggestion, or makes a rule of it',
        tag,
        scope: 'read write',
        description:
          '`accept` writes entries (needs `write:entries`), `always` a rule (`write:rules`), `refuse` an item of the channel `suggestions` ' +
          '(`write:suggestions`), so that it is not suggested again. Each is one write.',
        body: { schema: SuggestionAnswer, example: { do: 'accept', date: '2026-11-28', key: 't4vk2o-1a2b3c' } },
        responses: {
          ...written,
          404: { description: 'There is no such suggestion any more: it was answered, or the evidence has changed.' },
          409: { description: 'Another device accepted it at the same moment.' },
        },
      },
      handle: async (request) => reply(await answer(deps, request)),
    },
  ];
}

async function list(deps: DayRouteDeps, request: Request): Promise<DayRouteOutcome> {
  const admitted = admitReader(deps, request);
  if (!admitted.ok) return admitted;
  const { identity, mayRead } = admitted;
  const date = await dateIn(deps, identity, new URLSearchParams(request.query).get('date') ?? 'today', undefined);
  if (date === undefined) return refuse('property', 'date', 'YYYY-MM-DD, today or yesterday');
  const suggestions = await deps.days.of(identity.account).suggestions.of(date, mayRead);
  return { ok: true, value: { date, suggestions } };
}

const channels = { accept: 'entries', refuse: refusalChannel, always: 'rules' } as const;

async function answer(deps: DayRouteDeps, request: Request): Promise<DayRouteOutcome> {
  const body = bodyOf(request);
  if (!isSuggestionAnswer(body))
    return refuse('payload', '', 'send {"do": "accept" | "refuse" | "always", "date": "YYYY-MM-DD", "key": "…"}');
  const admitted = admitReader(deps, request);
  return admitted.ok ? answerSuggestion(deps, admitted, body) : admitted;
}

/** @param mayRead asked with the name of a channel without the account: suggestions are made of what the token may read */
export async function answerSuggestion(
  deps: DayRouteDeps,
  { identity, mayRead }: { readonly identity: Identity; readonly mayRead: (channel: string) => boolean },
  reply: SuggestionAnswer,
): Promise<DayRouteOutcome> {
  const channel = channels[reply.do];
  if (!isAllowed(identity, 'write', `${identity.account}/${channel}`))
    return refuse('forbidden', '', `this needs write:${channel}`);
  const date = await dateIn(deps, identity, reply.date, undefined);
  if (date === undefined) return refuse('property', 'date', 'YYYY-MM-DD, today or yesterday');
  const suggestions = await deps.days.of(identity.account).suggestions.of(date, mayRead);
  const found = suggestions.find(({ key }) => key === reply.key);
  if (found === undefined) return refuse('not_found', 'suggestion', 'it was answered, or the evidence has changed');
  if (reply.do === 'always') return saveRule(deps, identity, found);
  return writeEdit(deps, identity, channel, ({ items }) => {
    const ops = reply.do === 'accept' ? entriesOf(found) : [refusalOf(found)];
    // Two devices may accept at once: both found the suggestion, and one of them writes.
    return ops.some(({ key }) => items.has(key)) ? refuse('exists', 'answer') : { ok: true, ops };
  });
}

/** One entry for each part of the unassigned time: what is assigned in between stays as it is, and absence stays absence. */
function entriesOf({ key, spans, project, task }: DaySuggestion): readonly Op[] {
  const value = JSON.stringify({ project, ...(task === null ? {} : { task }) });
  return spans.map(([time, end], index) => ({ op: 'put', key: `suggestion ${key} ${index}`, value, time, end }));
}

function refusalOf({ key, from, to, project, task }: DaySuggestion): Op {
  const value = JSON.stringify({ refused: true, project, ...(task === null ? {} : { task }) });
  return { op: 'put', key, value, time: from, end: to };
}

async function saveRule(
  deps: DayRouteDeps,
  identity: Identity,
  { key, rule }: DaySuggestion,
): Promise<DayRouteOutcome> {
  if (rule === null) return refuse('property', 'do', 'accept it: what speaks for it makes no rule');
  const id = `suggestion ${key}`;
  const wrong = await rulesCheck(deps.days)(`${identity.account}/rules`, [{ key: id, item: rule }], false);
  if (wrong !== undefined) return wrong;
  const item: DayRuleItem = rule;
  return writeEdit(deps, identity, 'rules', () => ({
    ok: true,
    ops: [{ op: 'put', key: id, value: JSON.stringify(item) }],
  }));
}
