// Brings others in: the address, its QR code, and the lines for a terminal.

import type { RoomTexts } from '../languages/room.ts';
import { pathTo } from '../shared/address.ts';
import { CopyLines } from '../shared/copy-lines.tsx';
import { fillPieces } from '../shared/fill-pieces.ts';
import { QrPicture } from '../shared/qr-picture.tsx';

export function Share({ name, url, texts }: { name: string; url: string; texts: RoomTexts }) {
  const { text, pieces } = texts;
  const address = url + name;
  const local = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
  return (
    <section class="card share" id="usage-container">
      <h2>{text('room.invite')}</h2>
      <QrPicture address={address} label={text('room.qr', { address })} />
      <CopyLines texts={texts} lines={[address]} />
      {local && <p class="soft">{text('room.local')}</p>}
      <h3>{text('room.terminal')}</h3>
      <CopyLines texts={texts} lines={[`export MOB_TIMER_URL=${url}`, `export MOB_TIMER_ROOM=${name}`]} />
      <p class="soft">
        {fillPieces(pieces('room.then'), {
          command: <code>mob timer 10</code>,
          help: <a href={pathTo('/help')}>{text('nav.help')}</a>,
        })}
      </p>
    </section>
  );
}
