// The QR code of an address, as a picture.

import { qrCode } from './qr.ts';

/** White modules around a code; scanners need them. */
const quiet = 4;

/** @param label what the picture is, for who does not see it */
export function QrPicture({ address, label }: { address: string; label: string }) {
  const { size, path } = qrCode(address);
  const box = `${-quiet} ${-quiet} ${size + 2 * quiet} ${size + 2 * quiet}`;
  return (
    <svg class="qr" role="img" aria-label={label} viewBox={box} shape-rendering="crispEdges">
      <path d={path} />
    </svg>
  );
}
