// Mails of the weekly report, through the mail server that the administrator named. A mail has the same Message-ID at every try, so a mail
// server that has it can leave out what comes again. `nodemailer` speaks SMTP; it is loaded with the first mail.

import { createHash } from 'node:crypto';
import { errorMessage } from '../../protocol/error-message.ts';
import { isRecord, parseJson } from '../../protocol/json.ts';
import type { Change } from '../core/store.ts';
import type { ChangedChannel, Delivery } from './delivery.ts';
import type { SentOutcome, TryContext } from './outcome.ts';
import type { Sending } from './send-target.ts';

const timeoutMs = 15_000;
/** Without the signs that mean something in a header or an address of the web. */
const addressForm = /^[\w.!#$&'*+/=^`{|}~-]{1,64}@[\w.-]{1,250}$/;

export interface MailContent {
  readonly subject: string;
  readonly text: string;
  readonly attachments: readonly {
    readonly filename: string;
    readonly contentType: string;
    readonly content: string;
  }[];
}

export interface Mail extends MailContent {
  readonly to: string;
  readonly messageId: string;
  /** Milliseconds since 1970. */
  readonly date: number;
}

export type MailOutcome =
  | 'accepted'
  | { readonly refused: string }
  /** It may have arrived or not. */
  | { readonly failed: string };

export interface Mailer {
  readonly send: (mail: Mail) => Promise<MailOutcome>;
  /** Of an item of the channel of weekly reports; undefined if it is none. */
  readonly render: (item: unknown) => MailContent | undefined;
  /** The part of Message-IDs after the @. */
  readonly domain: string;
}

export interface MailServer {
  /** `smtps://user:password@mail.example.org` or `smtp://localhost:25` */
  readonly url: string;
  /** `Horai <horai@example.org>` */
  readonly from: string;
}

export function isMailAddress(text: string): boolean {
  return addressForm.test(text);
}

/** @param isNear whether a host is this machine: its mail server is spoken to without TLS */
export function smtpSender({ url, from }: MailServer, isNear: (host: string) => boolean): Mailer['send'] {
  const { protocol, hostname, port, username, password } = new URL(url);
  const isSecure = protocol === 'smtps:';
  const hasLogin = username !== '';
  const options = {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port === '' ? (isSecure ? 465 : 587) : port),
    secure: isSecure,
    // A password goes over TLS only, except to this machine.
    requireTLS: !isSecure && hasLogin && !isNear(hostname),
    ignoreTLS: !isSecure && isNear(hostname),
    ...(hasLogin ? { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } } : {}),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
  return async ({ to, messageId, date, subject, text, attachments }) => {
    const { createTransport } = await import('nodemailer');
    const transport = createTransport(options);
    try {
      await transport.sendMail({
        from,
        to,
        messageId,
        date: new Date(date),
        subject,
        text,
        attachments: attachments.map((one) => ({ ...one })),
        headers: { 'auto-submitted': 'auto-generated' },
      });
      return 'accepted';
    } catch (error) {
      return outcomeOfError(error);
    } finally {
      transport.close();
    }
  };
}

/** Only an answer of 5xx to the mail itself is final: a wrong password is mended, and then the mail goes. */
function outcomeOfError(error: unknown): MailOutcome {
  const { code, responseCode } = Object(error);
  const isFinal = typeof responseCode === 'number' && responseCode >= 500 && ['EENVELOPE', 'EMESSAGE'].includes(code);
  const said = errorMessage(error).slice(0, 200);
  return isFinal ? { refused: said } : { failed: said };
}

/** @param mailer undefined if the administrator named no mail server */
export function mailDeliveries(
  mailer: Mailer | undefined,
  { account, target, url }: Sending,
  { name, epoch, changes }: ChangedChannel,
): readonly Delivery[] {
  const to = url.replace(/^mailto:/, '');
  const delivery = (change: Change, content: MailContent): Delivery => ({
    through: [change.seq],
    send: async ({ pauseMs }) => {
      if (mailer === undefined) return [{ again: noMailServer, afterMs: pauseMs }];
      const parts = JSON.stringify([account, target.id, epoch, name, change.key]);
      const id = createHash('sha256').update(parts).digest('hex').slice(0, 40);
      const mail = { ...content, to, messageId: `<${id}@${mailer.domain}>`, date: change.at };
      return [outcomeOf(await mailer.send(mail), { pauseMs })];
    },
  });
  return changes.flatMap((change) => {
    const item = change.value === null ? undefined : parseJson(change.value);
    const content = !isRecord(item) ? undefined : mailer === undefined ? unread : mailer.render(item);
    return content === undefined ? [] : [delivery(change, content)];
  });
}

export const noMailServer = 'this hub sends no mail: its administrator can set HORAI_SMTP';
/** Is never sent: without a mail server nothing is. */
const unread: MailContent = { subject: '', text: '', attachments: [] };

function outcomeOf(outcome: MailOutcome, { pauseMs }: Pick<TryContext, 'pauseMs'>): SentOutcome {
  if (outcome === 'accepted' || 'refused' in outcome) return outcome;
  return { again: outcome.failed, afterMs: pauseMs };
}
