// Collects the notices that a node sends to others: with the steps where they have room, encoded into texts of limited length. The
// relays send them.

import { type Static, Type } from '@sinclair/typebox';
import { compile } from '../../../protocol/check.ts';
import type { ChangeNotice } from '../../core/relay.ts';
import type { Change } from '../../core/store.ts';

const NumberOrNull = Type.Union([Type.Number(), Type.Null()]);
/** Kind, key, value, time, end, seq, origin, at, version. */
const PackedStep = Type.Tuple([
  Type.Union([Type.Literal('create'), Type.Literal('update'), Type.Literal('delete')]),
  Type.String(),
  Type.Union([Type.String(), Type.Null()]),
  NumberOrNull,
  NumberOrNull,
  Type.Integer(),
  Type.String(),
  Type.Number(),
  NumberOrNull,
]);
type PackedStep = Static<typeof PackedStep>;

const Text = Type.Object({
  node: Type.String(),
  /** Channel, from, seq. */
  moved: Type.Array(Type.Tuple([Type.String(), Type.Integer(), Type.Integer()])),
  /** True if the sender may have lost notices: the others should ask the store what is new. */
  look: Type.Optional(Type.Boolean()),
  /** Of some of the moves, by their place: the epoch and the steps. Apart, so that older nodes read the moves. */
  steps: Type.Optional(Type.Array(Type.Tuple([Type.Integer(), Type.String(), Type.Array(PackedStep)]))),
});
const check = compile(Text);

function isText(value: unknown): value is Static<typeof Text> {
  return check(value);
}

/** Nodes of which is remembered when they were last heard. */
const maxHeard = 1_000;
/** Texts that are sent at once at most, about. */
const mostTexts = 32;
/** Characters of a step besides its key and its value. */
const stepLength = 80;
const nothing = { notices: [], isLook: false };

export class NoticeBatch {
  readonly #node: string;
  readonly #longest: number;
  readonly #now: () => number;
  /** In the order of the moves. */
  #moved = new Map<string, ChangeNotice[]>();
  /** Characters of the steps that are collected. */
  #size = 0;
  /** When each other node was last heard, in milliseconds since 1970. */
  readonly heard = new Map<string, number>();

  /** @param now milliseconds since 1970. @param longest limit of one text in bytes */
  constructor(node: string, longest: number, now: () => number) {
    this.#node = node;
    this.#now = now;
    this.#longest = longest;
  }

  get size(): number {
    return this.#moved.size;
  }

  add(notice: ChangeNotice): void {
    const { channel } = notice;
    const known = this.#moved.get(channel) ?? [];
    this.#moved.set(channel, known);
    this.#size += sizeOf(notice);
    if (this.#size > this.#longest * mostTexts) {
      // More than should be sent at once: the other nodes read it from the store, in one piece.
      const all = [...known, notice];
      const [from, seq] = [Math.min(...all.map((one) => one.from)), Math.max(...all.map((one) => one.seq))];
      this.#moved.set(channel, [{ channel, from, seq }]);
      return;
    }
    const last = known.at(-1);
    const joined = last === undefined ? undefined : join(last, notice, this.#longest / 2);
    if (joined === undefined) known.push(notice);
    else known[known.length - 1] = joined;
  }

  /** Encodes all collected notices and clears the collection. */
  take(): string[] {
    const texts: string[] = [];
    const head = `{"node":${JSON.stringify(this.#node)},"moved":[`;
    const room = this.#longest - Buffer.byteLength(head) - '],"steps":[]}'.length;
    let [some, steps, size]: [string[], string[], number] = [[], [], 0];
    const end = () => {
      if (some.length > 0) texts.push(`${head}${some.join()}]${steps.length > 0 ? `,"steps":[${steps.join()}]` : ''}}`);
      [some, steps, size] = [[], [], 0];
    };
    for (const notice of [...this.#moved.values()].flat()) {
      const text = JSON.stringify([notice.channel, notice.from, notice.seq]);
      const bare = Buffer.byteLength(text) + 1;
      const carried = packSteps(notice.steps, room - bare - placeLength);
      if (size + bare + Buffer.byteLength(carried) + placeLength > room) end();
      if (carried !== '') steps.push(`[${some.length},${carried}]`);
      some.push(text);
      size += bare + Buffer.byteLength(carried) + (carried === '' ? 0 : placeLength);
    }
    end();
    this.#moved.clear();
    this.#size = 0;
    return texts;
  }

  /** The text by which the other nodes are told to ask the store what is new, because notices of this node may be lost. */
  lookText(): string {
    return JSON.stringify({ node: this.#node, moved: [], look: true });
  }

  /** The text by which the other nodes know that they hear this one. */
  helloText(): string {
    return JSON.stringify({ node: this.#node, moved: [] });
  }

  /** Parses a text from another node. Has nothing of our own texts and of malformed ones. */
  read(text: string): { readonly notices: readonly ChangeNotice[]; readonly isLook: boolean } {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return nothing;
    }
    if (!isText(value) || value.node === this.#node) return nothing;
    this.heard.delete(value.node);
    this.heard.set(value.node, this.#now());
    const oldest = this.heard.keys().next().value;
    if (this.heard.size > maxHeard && oldest !== undefined) this.heard.delete(oldest);
    const steps = new Map(
      (value.steps ?? []).map(([at, epoch, packed]) => [at, { epoch, changes: packed.map(unpackStep) }]),
    );
    const notices = value.moved.map(([channel, from, seq], at): ChangeNotice => {
      const its = steps.get(at);
      return its === undefined ? { channel, from, seq } : { channel, from, seq, steps: its };
    });
    return { notices, isLook: value.look === true };
  }
}

/** Brackets, commas and digits around the steps of one move. */
const placeLength = 10;

/** About how many characters the steps of a move take. */
function sizeOf({ steps }: ChangeNotice): number {
  return (steps?.changes ?? []).reduce(
    (size, { key, value }) => size + key.length + (value?.length ?? 0) + stepLength,
    0,
  );
}

/** Two moves of a channel as one: those without steps always, those with steps if the second follows the first and they are not too large. */
function join(first: ChangeNotice, second: ChangeNotice, most: number): ChangeNotice | undefined {
  const { channel } = first;
  const [a, b] = [first.steps, second.steps];
  if (a === undefined && b === undefined)
    return { channel, from: Math.min(first.from, second.from), seq: Math.max(first.seq, second.seq) };
  if (a === undefined || b === undefined || first.seq !== second.from || a.epoch !== b.epoch) return undefined;
  if (sizeOf(first) + sizeOf(second) > most) return undefined;
  return {
    channel,
    from: first.from,
    seq: second.seq,
    steps: { epoch: a.epoch, changes: [...a.changes, ...b.changes] },
  };
}

/** @returns '' if there are no steps, or they have more bytes than there is room */
function packSteps(steps: ChangeNotice['steps'], room: number): string {
  if (steps === undefined) return '';
  let values = 0;
  for (const { value } of steps.changes) values += value?.length ?? 0;
  if (values > room) return '';
  const text = `${JSON.stringify(steps.epoch)},${JSON.stringify(steps.changes.map(packStep))}`;
  return Buffer.byteLength(text) > room ? '' : text;
}

function packStep({ kind, key, value, time, end, seq, origin, at, version }: Change): PackedStep {
  return [kind, key, value, time, end, seq, origin, at, version];
}

function unpackStep([kind, key, value, time, end, seq, origin, at, version]: PackedStep): Change {
  return { kind, key, value, time, end, seq, origin, at, version };
}
