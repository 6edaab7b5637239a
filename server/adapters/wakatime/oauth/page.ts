// The approval page as text: it has no script, loads nothing and cannot be framed. routes.ts handles its buttons.

import { createHash } from 'node:crypto';
import { describeScope } from '../model/scopes.ts';
import { escapeXml } from '../social/svg.ts';

const style =
  'body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem;color-scheme:light dark}' +
  'input,button{font:inherit;padding:.5rem;box-sizing:border-box}input{width:100%;margin:.5rem 0 1rem}.wrong{color:#c00}';

/** @param redirect an address that the form's answer may redirect to, in addition to the hub itself */
export function pageHeaders(redirect: string | undefined): Readonly<Record<string, string>> {
  const hash = createHash('sha256').update(style).digest('base64');
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${hash}'`,
    `form-action 'self'${redirect === undefined ? '' : ` ${sourceOf(redirect)}`}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy.join('; '),
    'x-frame-options': 'DENY',
    // An app may open the page in a window of its own and wait for the answer there.
    'cross-origin-opener-policy': 'unsafe-none',
    'cache-control': 'no-store',
  };
}

/** The origin of an address; for an app on the same device, its scheme. */
function sourceOf(redirect: string): string {
  const { origin, protocol } = new URL(redirect);
  return origin === 'null' ? protocol : origin;
}

export function approvalPage({
  app,
  redirect,
  scopes,
  action,
  hiddenFields,
  problem,
}: {
  readonly app: string;
  readonly redirect: string;
  readonly scopes: readonly string[];
  /** The address of the form's route on this origin. */
  readonly action: string;
  /** Hidden fields that the form sends, too. */
  readonly hiddenFields: readonly (readonly [string, string])[];
  /** '' without one. */
  readonly problem: string;
}): string {
  return sheet(
    `<h1>“${escapeXml(app)}” asks for your coding time</h1>` +
      `<ul><li>who you are</li>${scopes.map((name) => `<li>${describeScope(name)} <code>${name}</code></li>`).join('')}</ul>` +
      `<p>The app gets the answer at <code>${escapeXml(redirect)}</code>. You can end it at any time by revoking the token “app ${escapeXml(app)}”.</p>` +
      (problem === '' ? '' : `<p class="wrong" role="alert">${escapeXml(problem)}</p>`) +
      `<form method="post" action="${escapeXml(action)}">` +
      hiddenFields.map(([name, value]) => `<input type="hidden" name="${name}" value="${escapeXml(value)}">`).join('') +
      '<label>Your token (API key), to show that it is you<input type="password" name="token" autocomplete="current-password"></label>' +
      '<button name="answer" value="allow">Allow</button> <button name="answer" value="deny">Deny</button></form>',
  );
}

export function messagePage(text: string): string {
  return sheet(`<h1>That cannot be</h1><p>${escapeXml(text)}</p>`);
}

function sheet(content: string): string {
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">' +
    `<title>Horai</title><style>${style}</style></head><body>${content}</body></html>`
  );
}
