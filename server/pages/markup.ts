// HTML as values. The tag `html` escapes every text put into it and leaves markup values alone. There is no other way to make markup, so
// nothing reaches a page unescaped.

export class Markup {
  readonly #text: string;

  constructor(parts: readonly string[], holes: readonly Hole[]) {
    this.#text = parts.map((part, index) => part + format(holes[index] ?? '')).join('');
  }

  toString(): string {
    return this.#text;
  }
}

export type Hole = string | number | Markup | readonly Markup[];

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function format(hole: Hole): string {
  if (hole instanceof Markup) return hole.toString();
  if (typeof hole === 'object') return hole.join('\n');
  return String(hole).replace(/[&<>"']/g, (character) => escapes[character] ?? '');
}

export function html(parts: TemplateStringsArray, ...holes: readonly Hole[]): Markup {
  return new Markup(parts, holes);
}

export const nothing = html``;
