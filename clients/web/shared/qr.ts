// Computes a QR code as one SVG path, one unit per module, without its quiet zone. It is computed in the page, so that no address leaves it.

import { generate } from 'lean-qr/nano';

export interface QrCode {
  readonly size: number;
  readonly path: string;
}

export function qrCode(text: string): QrCode {
  const bitmap = generate(text);
  let path = '';
  for (let y = 0; y < bitmap.size; y += 1) {
    for (let x = 0; x < bitmap.size; x += 1) if (bitmap.get(x, y)) path += `M${x} ${y}h1v1h-1z`;
  }
  return { size: bitmap.size, path };
}
