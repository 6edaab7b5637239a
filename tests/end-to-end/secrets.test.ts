// After the first start the hub prints and logs no secret, at any log level.

import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { HubProcess, Leftovers } from '../harness/process.ts';
import { Socket } from '../harness/socket.ts';

jest.setTimeout(60_000);

const leftovers = new Leftovers();
afterEach(() => leftovers.clear());

describe('a hub that logs everything', () => {
  test.each(['uws', 'ws'])('on %s logs none of the secrets that it receives', async (engine) => {
    const owner = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
    const wrong = '0badc0de-4d5e-4f60-8a7b-9c0d1e2f3a4b';
    const env = {
      HORAI_DATA: leftovers.folder(),
      HORAI_LOG: 'trace',
      HORAI_OWNER_TOKEN: owner,
      HORAI_ENGINE: engine,
    };
    const hub = new HubProcess(leftovers, env);
    const url = await hub.up();
    const secrets = [owner, wrong].flatMap((secret) => [secret, Buffer.from(secret).toString('base64')]);

    for (const secret of [owner, wrong]) {
      const socket = await Socket.open(url, { authorization: `Bearer ${secret}` });
      await socket.ask({ type: 'login', user_id: secret });
      await socket.ask({ type: 'nonsense', user_id: secret });
      await socket.ask({ type: 'create', task: secret, user_id: secret });
      await socket.close();
      for (const authorization of [`Bearer ${secret}`, `Basic ${Buffer.from(secret).toString('base64')}`]) {
        for (const path of ['-/metrics', '-/health', `-/no-such-page`, `-/metrics?api_key=${secret}`]) {
          await fetch(`${url}${path}`, { headers: { authorization } }).then((answer) => answer.text());
        }
      }
    }
    const socket = await Socket.open(url);
    const made = await socket.ask({ type: 'token', name: 'laptop', user_id: owner });
    expect(made).toMatchObject({ success: true });
    secrets.push(String(made['secret']));

    const { out, err, code } = await hub.stop();
    expect(code).toBe(0);
    for (const secret of secrets) expect(out + err).not.toContain(secret);
  });
});
