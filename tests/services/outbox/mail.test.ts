// Weekly reports that go out by mail, to a mail server on a real port that refuses, or breaks off, as the test says.

import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { SMTPServer } from 'smtp-server';
import { DayHub } from '../../harness/day-hub.ts';
import { eventually } from '../../harness/eventually.ts';

/** `lost`: the mail is taken, and the connection is cut in place of an answer. */
type MailFault = 'lost' | { readonly at: 'login' | 'rcpt' | 'data'; readonly code: number };

class MailServer {
  readonly mails: string[] = [];
  readonly users: string[] = [];
  /** The outcomes of the next mails. */
  faults: MailFault[] = [];
  readonly #sockets = new Set<{ destroy(): void }>();
  readonly #server = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    onAuth: ({ username = '' }, _, done) => {
      this.users.push(username);
      done(this.#refusal('login'), { user: username });
    },
    onRcptTo: (_, __, done) => done(this.#refusal('rcpt')),
    onData: (stream, _, done) => {
      let text = '';
      stream.on('data', (data: Buffer) => {
        text += data.toString();
      });
      stream.on('end', () => {
        const isLost = this.faults[0] === 'lost';
        const refusal = this.#refusal('data');
        if (refusal === undefined) this.mails.push(text);
        if (isLost) {
          this.faults.shift();
          for (const socket of this.#sockets) socket.destroy();
        } else done(refusal);
      });
    },
  });

  static async start(): Promise<MailServer> {
    const server = new MailServer();
    // A connection that is cut is what the test wants.
    server.#server.on('error', () => undefined);
    server.#server.server.on('connection', (socket: { destroy(): void }) => server.#sockets.add(socket));
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server.server, 'listening');
    return server;
  }

  get port(): number {
    const address = this.#server.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #refusal(at: string): Error | undefined {
    const [fault] = this.faults;
    if (fault === undefined || fault === 'lost' || fault.at !== at) return undefined;
    this.faults.shift();
    return Object.assign(new Error('not now'), { responseCode: fault.code });
  }
}

let hub: DayHub;
let server: MailServer;
const hour = 3_600_000_000;

beforeEach(async () => {
  server = await MailServer.start();
  hub = await DayHub.start({
    smtp: `smtp://horai:p%40ss@127.0.0.1:${server.port}`,
    mailFrom: 'Horai <horai@example.org>',
    hosts: [],
  });
  const item = { weekly: { weekday: 1, at: '08:00' }, rate: { amount: 80, currency: 'EUR' } };
  await hub.write({ type: 'create', channel: 'settings', key: 'report', item });
});

afterEach(async () => {
  await hub.close();
  await server.close();
});

const wantMail = (to = 'ann@example.org', status = 201) =>
  hub.post('/-/relays', { name: 'report', kind: 'mail', to }, {}, status);

async function work(project: string, hoursAgo = 2): Promise<void> {
  const time = hub.world.now() * 1_000 - hoursAgo * hour;
  const end = time + hour * 1.5;
  await hub.write({ type: 'create', channel: 'entries', key: project, item: { project }, time, end });
}

// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
async function state(): Promise<any> {
  return (await hub.get('/-/relays')).relays[0];
}

// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
const settled = (fits: (state: any) => boolean, why: string) =>
  eventually(
    async () => {
      const now = await state();
      return fits(now) ? now : undefined;
    },
    why,
    { instead: state },
  );

async function toNextTry(): Promise<void> {
  const { failing } = await settled(
    (now) => now.failing !== null && now.failing.next > hub.world.now(),
    'a failed try',
  );
  hub.world.pass(failing.next - hub.world.now());
  await hub.write({ type: 'ping' });
}

const headerOf = (mail: string | undefined, name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(mail ?? '')?.[1];

/** The decoded attachment with the table. */
function tableOf(mail: string | undefined): string {
  const [, encoded = ''] = /text\/csv[\s\S]*?\r?\n\r?\n([\s\S]*?)\r?\n--/.exec(mail ?? '') ?? [];
  return Buffer.from(encoded, 'base64').toString();
}

test('a weekly report is mailed with its sums as text and the table attached', async () => {
  await wantMail();
  await work('paper');
  await work('=cmd()', 4);
  hub.moveTo('09:00', 2);
  await settled((now) => now.delivered === 1, 'the mail');
  const [mail] = server.mails;
  expect(server.users).toEqual(['horai']);
  expect(headerOf(mail, 'From')).toBe('Horai <horai@example.org>');
  expect(headerOf(mail, 'To')).toBe('ann@example.org');
  expect(headerOf(mail, 'Subject')).toMatch(/^Time from 2026-11-23 to 2026-11-29: /);
  expect(headerOf(mail, 'Message-ID')).toMatch(/^<[0-9a-f]{40}@127\.0\.0\.1>$/);
  expect(mail).toMatch(/paper: 1 h 30 min, 120\.00 EUR/);
  expect(mail).toMatch(/Not rounded\./);
  const { items } = await hub.write({ type: 'read-all', channel: 'weekly_reports' });
  const csv = await fetch(new URL('/-/report.csv?from=2026-11-23&to=2026-11-29&by=project', hub.node.hub.url));
  expect(tableOf(mail)).toBe(await csv.text());
  expect(tableOf(mail)).toContain("'=cmd()");
  expect(items).toHaveLength(1);
  hub.moveTo('09:00', 9);
  await settled((now) => now.delivered === 2, 'the mail of the next week');
  expect(headerOf(server.mails[1], 'Message-ID')).not.toBe(headerOf(mail, 'Message-ID'));
});

test('a mail that is not taken is sent again under the same Message-ID, until it is', async () => {
  await wantMail();
  await work('paper');
  server.faults = [{ at: 'rcpt', code: 451 }, { at: 'login', code: 535 }, { at: 'data', code: 452 }, 'lost'];
  hub.moveTo('09:00', 2);
  const errors: string[] = [];
  for (let tries = 0; tries < 4; tries += 1) {
    errors.push((await settled(({ failing }) => failing?.tries === tries + 1, 'a failed try')).failing.error);
    await toNextTry();
  }
  expect(await settled((now) => now.delivered === 1, 'the mail')).toMatchObject({
    refused: 0,
    waiting: 0,
    failing: null,
  });
  expect(errors.slice(0, 3)).toEqual([
    expect.stringMatching(/451/),
    expect.stringMatching(/535/),
    expect.stringMatching(/452/),
  ]);
  // The mail server has the one whose answer was lost twice, and knows it by its id.
  const ids = server.mails.map((mail) => headerOf(mail, 'Message-ID'));
  expect(ids).toHaveLength(2);
  expect(new Set(ids).size).toBe(1);
  expect(headerOf(server.mails[0], 'Date')).toBe(headerOf(server.mails[1], 'Date'));
});

test.each([
  'rcpt',
  'data',
] as const)('a mail that is refused for good at %s is counted, with the reason', async (at) => {
  await wantMail();
  await work('paper');
  server.faults = [{ at, code: 550 }];
  hub.moveTo('09:00', 2);
  const now = await settled(({ refused }) => refused === 1, 'the refusal');
  expect(now).toMatchObject({ delivered: 0, waiting: 0, failing: null, refusal: expect.stringMatching(/550/) });
  expect(server.mails).toEqual([]);
});

test('an address that would write into the headers is refused, and so is every address where no mail server is named', async () => {
  const wrong = ['nobody', 'a@b\r\nBcc: c@d', 'a@b, c@d', 'a@b?cc=c@d', '<a@b>', 'ä@example.org', ''];
  for (const to of wrong) expect([to, await wantMail(to, 400)]).toMatchObject([to, { code: expect.any(String) }]);
  const other = await DayHub.start();
  const refused = await other.post('/-/relays', { name: 'x', kind: 'mail', to: 'ann@example.org' }, {}, 400);
  expect(refused).toMatchObject({ hint: expect.stringMatching(/HORAI_SMTP/) });
  await other.close();
});
