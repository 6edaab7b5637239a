// Brings others in: the address, its QR code, and the lines for a terminal.

import { useState } from 'preact/hooks';
import { copy } from '../shared/copy.ts';
import { qrCode } from '../shared/qr.ts';

/** White modules around a code; scanners need them. */
const quiet = 4;

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [answer, setAnswer] = useState('');
  const press = async () => {
    setAnswer((await copy(text)) ? 'Copied' : 'Press Ctrl C');
    setTimeout(() => setAnswer(''), 2000);
  };
  return (
    <button type="button" class="copy" aria-label={answer === '' ? label : answer} onClick={() => void press()}>
      {answer === '' ? 'Copy' : answer}
    </button>
  );
}

/** Allows a line break after each `=`, rather than in the middle of an address. */
function breakable(lines: string) {
  return lines.split('=').flatMap((part, index) => (index === 0 ? [part] : ['=', <wbr key={index} />, part]));
}

export function Share({ name, url }: { name: string; url: string }) {
  const address = url + name;
  const { size, path } = qrCode(address);
  const lines = `export MOB_TIMER_URL=${url}\nexport MOB_TIMER_ROOM=${name}`;
  const local = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
  return (
    <section class="card share" id="usage-container">
      <h2>Invite</h2>
      <svg
        class="qr"
        role="img"
        aria-label={`QR code of ${address}`}
        viewBox={`${-quiet} ${-quiet} ${size + 2 * quiet} ${size + 2 * quiet}`}
        shape-rendering="crispEdges"
      >
        <path d={path} />
      </svg>
      <div class="paste">
        <pre>
          <code>{address}</code>
        </pre>
        <CopyButton text={address} label="Copy this room's address" />
      </div>
      {local && (
        <p class="soft">This address works on this machine only: open the hub by the machine's name to share it.</p>
      )}
      <h3>In a terminal</h3>
      <div class="paste">
        <pre>
          <code>{breakable(lines)}</code>
        </pre>
        <CopyButton text={lines} label="Copy the lines for a terminal" />
      </div>
      <p class="soft">
        then <code>mob timer 10</code>. More under <a href="/help">Help</a>.
      </p>
    </section>
  );
}
