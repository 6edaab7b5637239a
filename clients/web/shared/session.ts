// The session of this browser: who is signed in, signing in and out, and what goes with a person who leaves. The session itself is a cookie
// that no script can read; this browser stores no secret.

import { ask, type HubAnswer } from './ask.ts';
import { readStoredSettings, remember } from './settings.ts';
import { forgetPerson, readStoredToken, removeTypedToken } from './stored-person.ts';

/** As `GET /-/session` answers. */
export interface SessionFacts {
  /** null for nobody. */
  readonly account: string | null;
  readonly scopes: readonly string[];
  readonly admin: boolean;
  /** True if the hub asks nobody to sign in. */
  readonly personal: boolean;
  readonly signup: 'open' | 'closed';
}

export type SignInCredential = { readonly token: string } | { readonly link: string } | { readonly sign_up: true };

/** @returns undefined if the hub cannot be asked */
export async function askSession(): Promise<SessionFacts | undefined> {
  const asked = await ask<SessionFacts>('GET', '/-/session');
  if (!asked.ok) return undefined;
  const { account } = asked.value;
  if (account !== null && readStoredSettings().account === '') remember('account', account);
  return asked.value;
}

/**
 * Signs this browser in. What it stored of another person is removed first.
 * @param isSame true if the person is known to be the one whose data is here
 */
export async function signIn(credential: SignInCredential, isSame = false): Promise<HubAnswer<SessionFacts>> {
  const asked = await ask<SessionFacts>('POST', '/-/session', credential);
  if (!asked.ok) return asked;
  const account = asked.value.account ?? '';
  if (!isSame && readStoredSettings().account !== account) await forgetPerson();
  remember('account', account);
  return asked;
}

/** Ends the session on the hub, and removes from this browser what it stored of its person. @returns why it failed; '' if it did not */
export async function signOut(): Promise<string> {
  const asked = await ask('DELETE', '/-/session');
  if (!asked.ok) return asked.reason;
  await forgetPerson();
  return '';
}

/**
 * Earlier versions stored a token in this browser. It becomes a session, and is removed: also where the hub does not accept it any more,
 * or needs none. The SDK removes its own (live-connection.ts).
 */
export async function replaceStoredToken(): Promise<void> {
  if (readStoredSettings().account !== '') return;
  const token = await readStoredToken();
  if (token === '') return;
  const facts = await askSession();
  if (facts === undefined) return;
  if (facts.account === null) await signIn({ token }, true);
  removeTypedToken();
}
