// The prices of AI models: a table by model, which the account edits and the AI metrics read. It is the field `ai_prices` of the
// account's settings, so any client of the hub may write it, too.

import { json } from '../../../http/types.ts';
import { type Endpoint, type EndpointCall, outcomeReply } from '../endpoint.ts';
import { type Prices, pricesIn } from '../model/account-settings.ts';
import { isObject } from '../model/heartbeat.ts';
import { updateItem } from '../model/update-item.ts';
import { readObject } from '../request-fields.ts';
import { failure, type QueryOutcome } from '../stats/query.ts';

const mostPrices = 1_000;
const form = 'send {"<model>": {"input": 15, "cached_input": 1.5, "output": 75}, …}: US dollars for a million tokens';

/** The table as answers have it. */
function describePrices(prices: Prices): object {
  return Object.fromEntries(
    [...prices].map(([model, { input, cachedInput, output }]) => [model, { input, cached_input: cachedInput, output }]),
  );
}

/** Replaces the whole table: a model that the body lacks has no price from then on. */
async function replacePrices({ hub, person, request }: EndpointCall): Promise<QueryOutcome<object>> {
  const body = readObject(request);
  const table = 'data' in body ? body['data'] : body;
  const prices = pricesIn(table);
  const count = isObject(table) ? Object.keys(table).length : -1;
  if (prices.size !== count) return failure(form);
  if (count > mostPrices) return failure(`at most ${mostPrices} models`);
  const value = describePrices(prices);
  const written = await updateItem(hub, `${person.account}/settings`, 'wakatime', (before) => ({
    ok: true,
    value: { ...(isObject(before) ? before : {}), ai_prices: value },
  }));
  return written.ok ? { ok: true, value: { data: value } } : written;
}

export const priceEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: 'ai_prices',
    answer: ({ person }) => json(200, { data: describePrices(person.settings.prices) }),
  },
  { method: 'PUT', path: 'ai_prices', answer: async (call) => outcomeReply(await replacePrices(call)) },
];
