// Handles the keys of the day view: each changes the state of the view, edits the typed line, or changes intervals.

import type { Key } from 'ink';
import type { CliContext } from '../cli/cli-context.ts';
import { describeSlot } from '../cli/verbs/slot-change.ts';
import type { TimeSlot } from '../data/time-slots.ts';
import { dateAt } from '../day/dates.ts';
import type { EditableSlot } from '../day/time-line.ts';
import { DayData } from './day-data.ts';
import { findDayCommand } from './day-keys.ts';
import {
  afterEdit,
  type DayEffect,
  type DayLaneRow,
  type DayPrompt,
  type DayState,
  dayLanes,
  handleDayCommand,
  openDay,
  type PendingTimes,
  parsePrompt,
  promptText,
} from './day-screen.ts';
import { applyKey, createLine, type LineEditor, lineText } from './editor.ts';
import type { LiveDatabase } from './live.ts';

export const dayPrompts: Readonly<Record<DayPrompt, { readonly label: string; readonly hint: string }>> = {
  'add time': { label: 'add', hint: '9:00-10:15 task:12, or 14:00 30min review @paper' },
  'edit time': { label: 'edit', hint: 'change the times, task:12, or the text; an empty line deletes it' },
  move: { label: 'move to', hint: '9:00, 9:00-10:15, -10min or +1h' },
  split: { label: 'split at', hint: 'a time within it, such as 9:30' },
};

export function isDayPrompt(view: DayState['view']): view is DayPrompt {
  return view in dayPrompts;
}

interface DayControllerDeps {
  readonly cli: CliContext;
  readonly live: LiveDatabase;
  readonly redraw: () => void;
  readonly close: () => void;
}

export class DayController {
  state: DayState;
  line: LineEditor = createLine('');
  readonly day: DayData;
  #deps: DayControllerDeps;
  /** The subject of the open prompt. */
  #edited: EditableSlot | undefined;

  constructor(deps: DayControllerDeps) {
    this.#deps = deps;
    this.day = new DayData(deps.cli, deps.live, deps.redraw);
    const { zone, now } = this.day.context;
    this.state = openDay(dateAt(zone, now));
  }

  get lanes(): readonly DayLaneRow[] {
    const { date } = this.state;
    return dayLanes(this.day.slots(date), this.day.day(date));
  }

  get isTyping(): boolean {
    return isDayPrompt(this.state.view);
  }

  /** The overlapped slots, as lines for a person. */
  get overlaps(): readonly string[] {
    const { cli, live } = this.#deps;
    return (this.state.pending?.overlaps ?? []).map((slot) => describeSlot(slot, live.database, cli));
  }

  /** @param name of the key, as in day-keys.ts */
  handleKey(name: string, input: string, key: Key): void {
    const { view, pending } = this.state;
    if (pending !== undefined) this.#decide(name, pending);
    else if (isDayPrompt(view)) this.#type(view, name, input, key);
    else {
      const command = findDayCommand(name);
      if (command === undefined) return;
      const { context } = this.day;
      const { state, effect } = handleDayCommand(this.state, command, this.lanes, context, this.#deps.cli.createId);
      this.#show(state);
      if (effect !== undefined) this.#perform(effect);
    }
  }

  #type(view: DayPrompt, name: string, input: string, key: Key): void {
    if (name === 'Escape') this.#show({ ...this.state, view: 'lanes', message: '' });
    else if (name === 'Enter') this.#submit(view);
    else {
      this.line = applyKey(this.line, input, key);
      this.#show({ ...this.state, message: '' });
    }
  }

  #submit(view: DayPrompt): void {
    const { date } = this.state;
    const { createId } = this.#deps.cli;
    const typed = parsePrompt(view, lineText(this.line), this.#edited, { date, context: this.day.context, createId });
    if (typeof typed === 'string') this.#show({ ...this.state, message: typed });
    else this.#change(typed.action, typed.change, undefined);
  }

  #perform(effect: DayEffect): void {
    const { live, close } = this.#deps;
    switch (effect.do) {
      case 'close':
        close();
        break;
      case 'undo':
        this.#show({ ...this.state, message: live.revert() });
        break;
      case 'open':
        this.#open(effect.prompt, effect.slot);
        break;
      case 'change':
        this.#change(effect.action, effect.change, undefined);
    }
  }

  #open(prompt: DayPrompt, slot: TimeSlot | undefined): void {
    this.#edited = slot === undefined ? undefined : this.#editable(slot);
    this.line = createLine(promptText(prompt, this.#edited, this.state.date, this.day.context));
    this.#show({ ...this.state, view: prompt });
  }

  #editable(slot: TimeSlot): EditableSlot {
    const [id, title] = this.day.title(slot);
    return { slot, title: id === '-' ? title : `task:${id} ${title}` };
  }

  #change(action: string, change: PendingTimes['change'], decision: 'cut' | 'keep' | undefined): void {
    const { cli, live } = this.#deps;
    const written = live.changeTimes(action, change, decision);
    if (written.kind === 'refused') this.#show({ ...this.state, message: written.refusal.error });
    else if (written.kind === 'overlaps') {
      this.#show({ ...this.state, message: '', pending: { action, change, overlaps: written.overlaps } });
    } else {
      const { removed, added } = written.edit;
      const isDeleted = added.length === 0;
      const said = (isDeleted ? removed : added).map((slot) => describeSlot(slot, written.database, cli)).join(', ');
      const isChanged = removed.length + added.length > 0;
      const message = isChanged ? `${isDeleted ? 'deleted' : pastTense(action)}: ${said}` : 'nothing was changed';
      this.#show({ ...afterEdit(this.state, written.edit), message });
    }
  }

  #decide(name: string, { action, change }: PendingTimes): void {
    if (name === 'c' || name === 'k') this.#change(action, change, name === 'c' ? 'cut' : 'keep');
    else if (name === 'Escape' || name === 'n' || name === 'q') {
      this.#show({ ...this.state, pending: undefined, view: 'lanes', message: 'nothing was changed' });
    }
  }

  #show(state: DayState): void {
    this.state = state;
    this.#deps.redraw();
  }
}

const pastTenses = new Map([
  ['track', 'added'],
  ['time shorten', 'shortened'],
  ['time lengthen', 'lengthened'],
  ['time move', 'moved'],
  ['time split', 'split'],
  ['time join', 'joined'],
  ['time edit', 'edited'],
]);

function pastTense(action: string): string {
  return pastTenses.get(action) ?? action;
}
