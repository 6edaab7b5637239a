// Counts requests and messages by the address and by the token that they come from, before anything else is done for them. A large one
// counts as several, because it takes more time.

import type { Refusal } from '../../protocol/errors.ts';
import type { Accounts } from '../core/accounts.ts';
import type { Limits } from '../core/limits.ts';
import { contentLength, type RequestHead } from './router.ts';
import type { Caller } from './types.ts';

/** Bytes that count as one request. */
const bytesOfOne = 16_384;
/** The most that one request counts: an import of gigabytes is one request, too. */
const mostOfOne = 1_000;

export interface RatesDeps {
  readonly limits: Limits;
  readonly accounts: Accounts;
  /** Reads the token out of a request, in whichever form its client sends it; undefined without one. */
  readonly secretOf: (request: Pick<RequestHead, 'authorization' | 'query'>) => string | undefined;
  /** True for an address that is not limited by its rate. */
  readonly isExempt: (caller: Caller) => boolean;
}

export class Rates {
  readonly #deps: RatesDeps;

  constructor(deps: RatesDeps) {
    this.#deps = deps;
  }

  /** @param head of an HTTP request; undefined for a connection that is being opened */
  refuseRequest(caller: Caller, head: RequestHead | undefined): Refusal | undefined {
    const { accounts, secretOf } = this.#deps;
    const secret = secretOf({ authorization: caller.authorization, query: head?.query ?? '' });
    const token = secret === undefined ? undefined : accounts.tokenOf(secret);
    return this.refuseMessage(caller, token ?? '', head === undefined ? 0 : contentLength(head));
  }

  /** @param token the id of the sender's token; '' without one. @param size bytes, about */
  refuseMessage(caller: Caller, token: string, size: number): Refusal | undefined {
    const { limits, isExempt } = this.#deps;
    const count = Math.min(mostOfOne, 1 + Math.floor(size / bytesOfOne));
    const refusal = token === '' ? undefined : limits.take('token_rate', token, count);
    if (refusal !== undefined || caller.address === '' || isExempt(caller)) return refusal;
    return limits.take('address_rate', caller.address, count);
  }
}
