// A one-time link to show to a phone, or to send to a person: its QR code, its address, and until when it is good.

import type { Texts } from '../languages/languages.ts';
import { hubUrl } from './address.ts';
import { CopyLines } from './copy-lines.tsx';
import { QrPicture } from './qr-picture.tsx';

export interface OneTimeLinkProps {
  readonly texts: Texts;
  readonly code: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

export function OneTimeLink({ texts, code, expires }: OneTimeLinkProps) {
  const address = `${hubUrl()}/sign-in#${code}`;
  const moment = new Intl.DateTimeFormat(texts.locale, { dateStyle: 'medium', timeStyle: 'short' });
  return (
    <div class="one-time">
      <QrPicture address={address} label={texts.text('link.qr')} />
      <CopyLines texts={texts} lines={[address]} />
      <p class="hint">{texts.text('link.once', { time: moment.format(expires) })}</p>
    </div>
  );
}
