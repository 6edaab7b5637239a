// How large a message may be (rule B1), checked by a scan of its text before it is parsed. It has no dependencies, so that clients can
// check what they send.

export const bounds = { bytes: 1_048_576, depth: 32, keys: 10_000 } as const;
/** `bytes` of a `write-all` of tasks from a connection that has logged in (B1.6), and `elements`: tasks or items of any list (B1.4). */
export const listBounds = { bytes: 8_388_608, elements: 10_000 } as const;

const quote = 0x22;
const backslash = 0x5c;

/**
 * Scans JSON text for its depth, the keys of its objects, and numbers that a double cannot hold.
 * @returns what is out of bounds, or undefined. Text that is not JSON may pass.
 */
export function outOfBounds(text: string): string | undefined {
  let depth = 0;
  /** The number of keys so far, by depth. */
  const keys: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = endOfString(text, at);
    } else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      keys[depth] = 0;
      if (depth > bounds.depth) return `nested deeper than ${bounds.depth}`;
    } else if (code === 0x7d || code === 0x5d) {
      depth -= 1;
    } else if (code === 0x3a) {
      const count = (keys[depth] ?? 0) + 1;
      keys[depth] = count;
      if (count > bounds.keys) return `an object of more than ${bounds.keys} keys`;
    } else if (code >= 0x30 && code <= 0x39) {
      const start = at;
      while (at + 1 < text.length && isNumberPart(text.charCodeAt(at + 1))) at += 1;
      if (at - start >= 3 && !fitsDouble(text.slice(start, at + 1))) return 'a number past 2^53';
    }
  }
  return undefined;
}

/** @param start of a string, where its quote is. @returns where its last quote is; the length of the text if it has none */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === backslash) backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}

function isNumberPart(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) || code === 0x2e || code === 0x65 || code === 0x45 || code === 0x2b || code === 0x2d
  );
}

function fitsDouble(digits: string): boolean {
  if (digits.length < 16 && !/e/i.test(digits)) return true;
  const value = Number(digits);
  return Number.isNaN(value) || (Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value)));
}

/** A range of a message's characters; `to` is exclusive. */
export interface Piece {
  readonly from: number;
  readonly to: number;
}

/** True if the text has more than `limit` bytes as UTF-8. */
export function isLongerThan(text: string, limit: number): boolean {
  // A UTF-16 unit has between 1 and 3 bytes, and one byte in ASCII.
  if (text.length > limit || text.length * 3 <= limit || !/[\u0080-\uffff]/.test(text)) return text.length > limit;
  return new TextEncoder().encode(text).length > limit;
}

/** Finds the tasks of a `write-all` in its text, as `forEachPiece`. */
export function pieces(text: string): readonly Piece[] {
  const found: Piece[] = [];
  forEachPiece(text, (from, to) => {
    found.push({ from, to });
  });
  return found;
}

/** The parts of a message of more than `bounds.bytes` (B1.6). */
export interface LargeList {
  /** Where its tasks are. */
  readonly tasks: readonly Piece[];
  /** Its JSON text without the tasks. */
  readonly rest: string;
}

/** @returns undefined if a task of it, or the rest of it, has more than `bounds.bytes` */
export function splitLargeList(text: string): LargeList | undefined {
  const tasks: Piece[] = [];
  let rest = '';
  let at = 0;
  let isOver = false;
  forEachPiece(text, (from, to) => {
    tasks.push({ from, to });
    rest += text.slice(at, from);
    at = text[to] === ',' ? to + 1 : to;
    if (isLongerThan(text.slice(from, to), bounds.bytes)) isOver = true;
  });
  rest += text.slice(at);
  return isOver || isLongerThan(rest, bounds.bytes) ? undefined : { tasks, rest };
}

/**
 * Finds the tasks of a `write-all` in its text: the elements of `tasks`, at the top or in `data`. The text is scanned without parsing, so that
 * a task that is out of bounds can be removed before the parse.
 * @param found called with the range of each task; `to` is exclusive
 */
function forEachPiece(text: string, found: (from: number, to: number) => void): void {
  /** The property name of each open object or list; '' in a list. */
  const names: string[] = [];
  let name = '';
  let from = -1;
  const inTasks = () =>
    names[0] === '' && names.at(-1) === 'tasks' && (names.length === 2 || (names.length === 3 && names[1] === 'data'));
  const end = (at: number) => {
    if (!inTasks()) return;
    if (text.slice(from, at).trim() !== '') found(from, at);
    from = at + 1;
  };
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const start = at + 1;
      at = endOfString(text, at);
      if (names.length <= 2) name = text.slice(start, at);
    } else if (code === 0x7b || code === 0x5b) {
      names.push(name);
      if (names.length <= 3 && inTasks()) from = at + 1;
      name = '';
    } else if (code === 0x7d || code === 0x5d) {
      if (names.length <= 3) end(at);
      names.pop();
    } else if (code === 0x2c && names.length <= 3) {
      end(at);
      name = '';
    }
  }
}
