// The frame of a text message that a server sends: RFC 6455, section 5.2, unmasked and not compressed.

const FIN = 0x80;
/** The opcodes of a text frame, and of the further frames of one message. */
const TEXT = 0x01;
const CONTINUATION = 0x00;

/** @returns one whole frame: 2, 4 or 10 bytes of head, and the text as UTF-8 */
export function frameText(text: string): Buffer {
  return framePart(text, true, true);
}

/** @returns one frame of a message that has several */
export function framePart(text: string, isFirst: boolean, isLast: boolean): Buffer {
  const length = Buffer.byteLength(text);
  const start = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(start + length);
  frame[0] = (isFirst ? TEXT : CONTINUATION) | (isLast ? FIN : 0);
  if (start === 2) {
    frame[1] = length;
  } else if (start === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeUIntBE(0, 2, 2);
    frame.writeUIntBE(length, 4, 6);
  }
  frame.write(text, start);
  return frame;
}
