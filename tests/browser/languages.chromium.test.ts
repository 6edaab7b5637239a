// The pages in German: what the page of tasks and the room say in English is nowhere to be seen.

import { afterEach, describe, expect, test } from '@jest/globals';
import { textsFor } from '../../clients/web/languages/languages.ts';
import { roomLanguages } from '../../clients/web/languages/room.ts';
import { taskLanguages } from '../../clients/web/languages/tasks.ts';
import { hasChromium } from '../harness/browser.ts';
import { TestBrowsers } from '../harness/web.ts';

const browsers = new TestBrowsers();
afterEach(() => browsers.clear());

/** Everything that a page says: its texts, the names of its elements, and the hints of its fields. */
const visibleTexts = `[
  ...[...document.querySelectorAll('body *')].flatMap((element) => [
    ...[...element.childNodes].flatMap((node) => (node.nodeType === Node.TEXT_NODE ? [node.textContent.trim()] : [])),
    element.getAttribute('aria-label'), element.getAttribute('placeholder'), element.getAttribute('title'),
  ]),
].filter(Boolean)`;

/** English texts without a name in them, whose German is another. */
async function onlyEnglish(table: typeof roomLanguages | typeof taskLanguages): Promise<ReadonlySet<string>> {
  const [english, german] = [await table.en(), new Map(Object.entries(await table.de()))];
  return new Set(
    Object.entries(english).flatMap(([key, text]) => (text.includes('{') || german.get(key) === text ? [] : [text])),
  );
}

(hasChromium ? describe : describe.skip)('in German', () => {
  test('the page of tasks and the room have no English text, and keys, dialogs and messages neither', async () => {
    const { url } = await browsers.startHub();
    const { page } = await browsers.visit(url);
    await page.evaluate("localStorage.setItem('language', 'de')");
    const all: string[] = [];
    const look = async () => {
      const texts: readonly string[] = await page.evaluate(visibleTexts);
      all.push(...texts);
    };
    const tasks = await textsFor(['de'], taskLanguages);
    await page.goto(`${url}tasks`);
    await page.getByText(tasks.text('tasks.first')).waitFor();
    await look();
    // In the menu and in the footer.
    const setUp = await page.locator('[data-nav="set-up"]').allTextContents();
    expect(setUp).toEqual(['Werkzeug verbinden', 'Werkzeug verbinden']);
    await page.getByLabel(tasks.text('tasks.add')).fill('Pflanzen gießen +haus :10');
    await look();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Start: Pflanzen gießen' }).click();
    await page.locator('.said', { hasText: 'gestartet: Pflanzen gießen' }).waitFor();
    await look();
    for (const [key, title] of [
      ['?', 'keys'],
      ['u', 'tasks.change-title'],
      ['C', 'tasks.filter'],
      ['W', 'tasks.worktime'],
    ] as const) {
      await page.keyboard.press(key);
      await page.getByRole('dialog', { name: tasks.text(title) }).waitFor();
      await look();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
      await page.locator('.task').focus();
    }
    const room = await textsFor(['de'], roomLanguages);
    await page.goto(`${url}room/garten`);
    await page.getByRole('button', { name: `${room.text('room.start-turn')} 10 min` }).waitFor();
    await look();
    await page.locator('#timer-button').click();
    await page.locator('#timer-user', { hasText: room.text('room.someone-types') }).waitFor();
    await page.getByRole('button', { name: room.text('keys') }).click();
    await page.getByRole('dialog').waitFor();
    await look();
    const english = new Set([...(await onlyEnglish(taskLanguages)), ...(await onlyEnglish(roomLanguages))]);
    expect(all.filter((text) => english.has(text))).toEqual([]);
    expect(all).toEqual(expect.arrayContaining(['Aufgaben', 'Einladen', room.text('room.key-large')]));
  });
});
