// Collects the notices that a node sends to others: one per channel, however often it moved, encoded into texts of limited length. The
// relays send them.

import { type Static, Type } from '@sinclair/typebox';
import { compile } from '../../../protocol/check.ts';
import type { ChangeNotice } from '../../core/relay.ts';

const Text = Type.Object({
  node: Type.String(),
  /** Channel, from, seq. */
  moved: Type.Array(Type.Tuple([Type.String(), Type.Integer(), Type.Integer()])),
});
const check = compile(Text);

function isText(value: unknown): value is Static<typeof Text> {
  return check(value);
}

export class NoticeBatch {
  readonly #node: string;
  readonly #longest: number;
  #moved = new Map<string, ChangeNotice>();

  /** @param longest limit of one text in bytes */
  constructor(node: string, longest: number) {
    this.#node = node;
    this.#longest = longest;
  }

  get size(): number {
    return this.#moved.size;
  }

  add({ channel, from, seq }: ChangeNotice): void {
    const known = this.#moved.get(channel) ?? { from, seq };
    this.#moved.set(channel, { channel, from: Math.min(known.from, from), seq: Math.max(known.seq, seq) });
  }

  /** Encodes all collected notices and clears the collection. */
  take(): string[] {
    const texts: string[] = [];
    const head = `{"node":${JSON.stringify(this.#node)},"moved":[`;
    const room = this.#longest - Buffer.byteLength(head) - 2;
    let [some, size]: [string[], number] = [[], 0];
    const end = () => {
      if (some.length > 0) texts.push(`${head}${some.join()}]}`);
      [some, size] = [[], 0];
    };
    for (const { channel, from, seq } of this.#moved.values()) {
      const text = JSON.stringify([channel, from, seq]);
      if (size + Buffer.byteLength(text) + 1 > room) end();
      some.push(text);
      size += Buffer.byteLength(text) + 1;
    }
    end();
    this.#moved.clear();
    return texts;
  }

  /** Parses a notice from another node. Returns [] for our own and for malformed text. */
  read(text: string): readonly ChangeNotice[] {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return [];
    }
    if (!isText(value) || value.node === this.#node) return [];
    return value.moved.map(([channel, from, seq]) => ({ channel, from, seq }));
  }
}
