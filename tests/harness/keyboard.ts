// A person who has only a keyboard: Tab to what has a name, and keys where the focus is. Nothing is clicked, and no element gets the focus
// by other means.

import type { Page } from 'playwright-core';

/** More than any page has. */
const mostTabs = 200;

/** The name of what has the focus, as it is read out: its label, or its text. */
const focused = `(() => {
  const element = document.activeElement;
  if (element === null || element === document.body) return '';
  const labels = [...(element.labels ?? [])].map((label) => label.textContent);
  return (element.getAttribute('aria-label') ?? [...labels, element.textContent].join(' ')).trim().replace(/\\s+/g, ' ');
})()`;

export class Keyboard {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  press(...keys: readonly string[]): Promise<void> {
    return keys.reduce((before, key) => before.then(() => this.#page.keyboard.press(key)), Promise.resolve());
  }

  async type(text: string): Promise<void> {
    await this.#page.keyboard.type(text);
  }

  async #focusedName(): Promise<string> {
    return String(await this.#page.evaluate(focused));
  }

  /**
   * Presses Tab until something of that name has the focus.
   * @param name a text that the name contains
   */
  async tabTo(name: string | RegExp): Promise<void> {
    const passed: string[] = [];
    for (let count = 0; count < mostTabs; count += 1) {
      const now = await this.#focusedName();
      if (typeof name === 'string' ? now.includes(name) : name.test(now)) return;
      passed.push(now.slice(0, 30));
      await this.#page.keyboard.press('Tab');
    }
    throw new Error(`Tab does not reach ${name}; it came by ${[...new Set(passed)].join(' | ')}`);
  }

  /** Opens the palette, types, and takes the first row. */
  async goTo(words: string): Promise<void> {
    await this.#page.keyboard.press('Control+k');
    await this.#page.getByRole('combobox').waitFor();
    await this.#page.keyboard.type(words);
    await this.#page.keyboard.press('Enter');
  }
}
