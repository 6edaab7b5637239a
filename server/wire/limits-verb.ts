// The verb `limits` (Q5): administrators see the limits and set them, for all or for one account.

import { type Refusal, refuse } from '../../protocol/errors.ts';
import type { Answers, Requests } from '../../protocol/messages.ts';
import type { Accounts } from '../core/accounts.ts';
import type { OwnerUsage } from '../core/limited-store.ts';
import { isLimitName, type LimitName, type Limits, limitNames, limitTable } from '../core/limits.ts';

export interface LimitsDeps {
  readonly limits: Limits;
  /** The stored size of an account; for `mob`, that of all rooms. */
  readonly usage: (owner: string) => Promise<OwnerUsage>;
}

type LimitsAnswer = Pick<Answers['limits'], 'limits' | 'account'>;

export async function administerLimits(
  { limits, usage }: LimitsDeps,
  accounts: Accounts,
  { name, size, account }: Requests['limits'],
): Promise<{ readonly ok: true; readonly fields: LimitsAnswer } | Refusal> {
  if (account !== undefined && !accounts.isAccount(account))
    return refuse('not_found', 'account', '{"type":"accounts"}');
  if (name === undefined && size !== undefined) return refuse('missing', 'name', `one of ${limitNames.join(', ')}`);
  if (name !== undefined && !isLimitName(name)) return refuse('property', 'name', `one of ${limitNames.join(', ')}`);
  if (name !== undefined && size !== undefined) {
    if (account !== undefined && !isOfAccount(name)) return refuse('property', 'account', `${name} is one for all`);
    await limits.set(name, size, account ?? '');
  }
  const used = await readUsed(usage, accounts, account);
  const rows = limitNames
    .filter((one) => (name === undefined || one === name) && (account === undefined || isOfAccount(one)))
    .map((one) => describeRow(limits, one, account ?? '', used.get(one)));
  return { ok: true, fields: { ...(account === undefined ? {} : { account }), limits: rows } };
}

function isOfAccount(name: LimitName): boolean {
  return 'isOfAccount' in limitTable[name];
}

function describeRow(
  limits: Limits,
  name: LimitName,
  account: string,
  used: number | undefined,
): LimitsAnswer['limits'][number] {
  const row = limitTable[name];
  const size = limits.size(name, account);
  return {
    name,
    size: size === Number.POSITIVE_INFINITY ? 'none' : size,
    default: row.size,
    unit: row.unit,
    ...('periodMs' in row ? { period_ms: row.periodMs } : {}),
    about: row.about,
    ...(used === undefined ? {} : { used }),
  };
}

async function readUsed(
  usage: LimitsDeps['usage'],
  accounts: Accounts,
  account: string | undefined,
): Promise<ReadonlyMap<LimitName, number>> {
  const { bytes, items, channels } = await usage(account ?? 'mob');
  if (account === undefined) {
    return new Map<LimitName, number>([
      ['rooms', channels],
      ['rooms_bytes', bytes],
    ]);
  }
  return new Map<LimitName, number>([
    ['account_bytes', bytes],
    ['account_items', items],
    ['account_channels', channels],
    ['account_tokens', accounts.tokens(account).length],
  ]);
}
