// The verbs on whole accounts (rule A6), for administrators: rename, disable, erase.

import { type Refusal, refuse } from '../../protocol/errors.ts';
import type { Requests } from '../../protocol/messages.ts';
import type { AccountLifecycle } from '../core/account-lifecycle.ts';

type AccountRequest = Requests['change-account' | 'erase-account'];

export async function administerAccount(
  { lifecycle }: { readonly lifecycle?: AccountLifecycle | undefined },
  request: AccountRequest,
): Promise<{ readonly ok: true; readonly fields: object } | Refusal> {
  if (lifecycle === undefined) return refuse('not_found', 'account', 'this hub has one account alone');
  if (request.type === 'erase-account') {
    const erased = await lifecycle.erase(request.name);
    return erased.ok ? { ok: true, fields: { account: request.name, channels: erased.channels } } : erased;
  }
  const { name, new_name: to, disabled } = request;
  if (to === undefined && disabled === undefined) {
    return refuse('missing', 'new_name', 'say what changes: new_name, or disabled (true or false)');
  }
  const switched = disabled === undefined ? undefined : await lifecycle.setDisabled(name, disabled);
  if (switched?.ok === false) return switched;
  const changed = to === undefined ? switched : await lifecycle.rename(name, to);
  if (changed === undefined) return refuse('broken');
  return changed.ok ? { ok: true, fields: { account: changed.account } } : changed;
}
