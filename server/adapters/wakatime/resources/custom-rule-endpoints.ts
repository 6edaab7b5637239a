// The endpoints of an account's custom rules.

import type { Hub } from '../../../core/hub.ts';
import { json, type Reply } from '../../../http/types.ts';
import { type Endpoint, type EndpointCall, outcomeReply } from '../endpoint.ts';
import { parseBody } from '../ingest/parse-body.ts';
import { formatIso } from '../model/calendar.ts';
import { updateItem } from '../model/update-item.ts';
import { pathParam } from '../request-fields.ts';
import type { QueryOutcome } from '../stats/query.ts';
import { areRules, type CustomRule, itemName, readRules, removeRule, updateRules } from './custom-rules.ts';

export const ruleEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: 'custom_rules',
    answer: async ({ hub, person }) => json(200, { data: await readRules(hub, person.account) }),
  },
  { method: 'PUT', path: 'custom_rules', answer: putRules },
  { method: 'DELETE', path: 'custom_rules/:rule', answer: deleteRule },
  ...(['GET', 'DELETE'] as const).map(
    (method): Endpoint => ({
      method,
      path: 'custom_rules_progress',
      answer: ({ question }) => json(200, { data: describeProgress(question.moment) }),
    }),
  ),
];

async function putRules({ hub, person, request }: EndpointCall): Promise<Reply> {
  const body = parseBody(request.body);
  return outcomeReply(
    await writeRules(hub, person.account, (before) => updateRules(before, body, () => hub.world.id())),
  );
}

async function deleteRule({ hub, person, request }: EndpointCall): Promise<Reply> {
  const id = pathParam(request, 'rule');
  return outcomeReply(await writeRules(hub, person.account, (before) => removeRule(before, id)));
}

async function writeRules(
  hub: Hub,
  account: string,
  change: (before: readonly CustomRule[]) => QueryOutcome<readonly CustomRule[]>,
): Promise<QueryOutcome<object>> {
  const result = await updateItem(hub, `${account}/settings`, itemName, (before) =>
    change(areRules(before) ? before : []),
  );
  return result.ok ? { ok: true, value: { data: result.value } } : result;
}

/** The progress is always 100 %: a stored rule applies to all of the past at once. */
export function describeProgress(moment: number) {
  return { status: 'Completed', percent_complete: 100, is_processing: false, modified_at: formatIso(moment) };
}
