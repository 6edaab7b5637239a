// The messages of pages that the hub refuses, and the redirects of ActivityWatch web UI addresses.

import { describe, expect, test } from '@jest/globals';
import { webUiAddress } from '../../../../clients/web/front/web-ui.ts';
import { explainRefusal } from '../../../../clients/web/shared/refusal.ts';

const answer = (status: number, body: string) => new Response(body, { status });

describe('a refusal', () => {
  test.each([
    [403, { code: 'origin', hint: 'set HORAI_HOSTS=x' }, 'The hub does not talk to this page: set HORAI_HOSTS=x.'],
    [421, { code: 'host' }, 'The hub does not talk to this page.'],
  ])('of a page’s script names the setting to change: %i %j', async (status, body, words) => {
    expect(await explainRefusal(answer(status, JSON.stringify(body)))).toBe(words);
  });

  test.each([
    [403, '{"hint":"this token may not"}'],
    [403, 'no JSON'],
    [401, '{"code":"origin"}'],
    [202, ''],
  ])('of anything else is left to the page: %i %j', async (status, body) => {
    expect(await explainRefusal(answer(status, body))).toBe('');
  });
});

describe('an address of ActivityWatch’s web UI', () => {
  const at = (hash: string, hostname = 'localhost') => ({ protocol: 'http:', hostname, hash });

  test('leads to the port of the web UI', () => {
    expect(webUiAddress(at('#/timeline?x=1'), '5601')).toBe('http://localhost:5601/#/timeline?x=1');
    expect(webUiAddress(at('#/', '[::1]'), '5601')).toBe('http://[::1]:5601/#/');
  });

  test.each([
    ['', '5601'],
    ['#content', '5601'],
    ['#/timeline', ''],
  ])('needs no explanation: %j with port %j', (hash, port) => {
    expect(webUiAddress(at(hash), port)).toBeUndefined();
  });
});
