// The editable state of the page of a day: the stretch that is being edited, the suggestions and the questions. editing.tsx draws it.

import type { QuestionAnswer, QuestionView } from '../../../protocol/day-questions.ts';
import type { SuggestionAnswer, SuggestionView } from '../../../protocol/day-suggestions.ts';
import type { Task } from '../../../protocol/messages.ts';
import type { Channel } from '../../typescript/index.ts';
import { PageEdits } from '../shared/edits.ts';
import type { EditedStretch, EntryOfDay, EntryRequest, StatedEntry } from './edit-stretch.ts';
import type { LiveDay } from './live-day.ts';

export interface NamedTask {
  readonly key: string;
  readonly name: string;
}

export class DayEditor {
  readonly edits: PageEdits;
  readonly #live: LiveDay;
  readonly #changed: () => void;
  readonly #entries: Channel<StatedEntry>;
  readonly #tasks: Channel<Task>;
  #suggestions: readonly SuggestionView[] = [];
  /** Questions that were answered here: the hub computes its list anew at most every ten seconds. */
  #answered: ReadonlySet<string> = new Set();
  #suggestionsSeq = 0;
  #questionsSeq = -1;
  questions: readonly QuestionView[] = [];
  /** The subject of the dialog; undefined while it is closed. */
  opened: EditedStretch | undefined;

  constructor(live: LiveDay, changed: () => void) {
    this.#live = live;
    this.#changed = changed;
    const { connection } = live.live;
    this.edits = new PageEdits(live.live, changed);
    this.#entries = connection.channel('entries');
    this.#tasks = connection.channel('tasks');
    for (const channel of [this.#entries, this.#tasks]) {
      channel.onItems(changed);
      channel.open().catch(() => undefined);
    }
    void this.askSuggestions();
  }

  entryOf = (key: string): EntryOfDay | undefined => {
    const found = this.#entries.items.get(key);
    if (found?.time === undefined || found.end === undefined) return undefined;
    return { key, item: found.item, from: found.time, to: found.end };
  };

  /** Open tasks, and those that the day names. */
  get tasks(): readonly NamedTask[] {
    return [...this.#tasks.items.values()]
      .filter(({ item }) => item.done === undefined || item.done === 0)
      .map(({ key, item }) => ({ key, name: item.desc ?? key }));
  }

  taskName(key: string | null): string {
    return key === null ? '' : (this.#tasks.items.get(key)?.item.desc ?? key);
  }

  get suggestions(): readonly SuggestionView[] {
    const item = this.#live.item('suggestions');
    if (item !== undefined && item.seq > this.#suggestionsSeq) {
      this.#suggestionsSeq = item.seq;
      if (isSuggestions(item.item)) this.#suggestions = item.item.suggestions;
    }
    return this.#suggestions.filter(({ key }) => !this.#answered.has(key));
  }

  /** Asks for the questions of today when the hub wrote others. */
  watchQuestions(): void {
    const seq = this.#live.item('questions')?.seq ?? 0;
    if (seq === this.#questionsSeq) return;
    this.#questionsSeq = seq;
    void this.#askQuestions();
  }

  async askSuggestions(): Promise<void> {
    const { day } = this.#live;
    if (day === undefined) return;
    const answer = await this.#live.live.connection.suggestions(day.date);
    if (answer.ok) this.#suggestions = answer.suggestions;
    this.#changed();
  }

  async #askQuestions(): Promise<void> {
    const answer = await this.#live.live.connection.questions();
    if (answer.ok) this.questions = answer.questions;
    this.#changed();
  }

  open(stretch: EditedStretch | undefined): void {
    this.opened = stretch;
    this.#changed();
  }

  async save(request: EntryRequest | undefined): Promise<void> {
    if (request === undefined) return;
    this.opened = undefined;
    if (await this.edits.write('entries', '/-/entries', request)) await this.#refresh();
  }

  /** Accepts a suggestion, refuses it, or makes a rule of it. */
  async answer(suggestion: SuggestionView, reply: SuggestionAnswer['do']): Promise<void> {
    const { day } = this.#live;
    if (day === undefined) return;
    const channel = { accept: 'entries', refuse: 'suggestions', always: 'rules' }[reply];
    if (!(await this.edits.write(channel, '/-/suggestions', { do: reply, date: day.date, key: suggestion.key })))
      return;
    this.#answered = new Set([...this.#answered, suggestion.key]);
    await this.#refresh();
  }

  /** Saves the rule of a suggestion with "not work" as its result. */
  async neverWork({ rule, key }: SuggestionView): Promise<void> {
    if (rule === null) return;
    await this.edits.put('rules', `suggestion ${key}`, { when: rule.when, not_work: true });
    await this.#refresh();
  }

  async answerQuestion({ key }: QuestionView, answer: QuestionAnswer): Promise<void> {
    const done = await this.#live.live.connection.answerQuestion({ key, answer });
    this.edits.say(done.ok ? { kind: 'saved', reason: '' } : { kind: 'failed', reason: done.error });
    await this.#askQuestions();
  }

  async undo(): Promise<void> {
    await this.edits.undo();
    this.#answered = new Set();
    await this.#refresh();
  }

  /** The channel of the day says what changed; on a day without a live connection somebody must ask. */
  async #refresh(): Promise<void> {
    await Promise.all([this.askSuggestions(), this.#live.ask()]);
  }
}

function isSuggestions(value: unknown): value is { readonly suggestions: readonly SuggestionView[] } {
  return typeof value === 'object' && value !== null && 'suggestions' in value && Array.isArray(value.suggestions);
}
