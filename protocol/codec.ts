// Parses the text of one message into a typed request, or a refusal that names the field. The only place that parses foreign JSON for the
// Kronos wire. The bounds are checked by a scan before the parse, because JSON that is nested 5,000 levels deep can be parsed but overflows
// the stack when it is encoded again.

import { bounds, isLongerThan, listBounds, outOfBounds, type Piece, pieces, splitLargeList } from './bounds.ts';
import { type Check, compile } from './check.ts';
import { type Refusal, refuse } from './errors.ts';
import { Pace } from './in-steps.ts';
import { parseJson } from './json.ts';
import { type RequestType, requests, Task, type WireRequest } from './messages.ts';
import { nearestWord } from './nearest-word.ts';

/** An element of a `write-all` that is not a valid task (W7). Its readable fields identify the task that the client means. */
export interface Unreadable {
  /** Its position in the client's list; the first is 1. */
  readonly place: number;
  /** The problem, for people. */
  readonly wrong: string;
  readonly id: number | undefined;
  readonly index: string | undefined;
  readonly desc: string | undefined;
  /** Its JSON text as sent. */
  readonly text: string;
}

export type Decoded =
  | { readonly ok: true; readonly request: WireRequest; readonly unreadable: readonly Unreadable[] }
  | (Refusal & { readonly ref?: string | number });

/** A task that is out of bounds (B1), with its range in the message. */
interface OutOfBounds extends Piece {
  readonly excess: string;
  readonly text: string;
}

const none: readonly Unreadable[] = [];
const noTasks: ReadonlyMap<number, OutOfBounds> = new Map();
const isTask = compile(Task);

const checks = new Map<string, Check>(Object.entries(requests).map(([type, schema]) => [type, compile(schema)]));

/** Parses and checks one message, of at most `listBounds.bytes` bytes. Never throws. */
export function decode(text: string): Decoded {
  const refusal = isLongerThan(text, bounds.bytes) ? refuseLarge(text) : undefined;
  if (refusal !== undefined) return refusal;
  const excess = outOfBounds(text);
  const oversizedTasks = excess === undefined ? noTasks : tasksOutOfBounds(text);
  const bounded = oversizedTasks.size === 0 ? text : replaceByNull(text, oversizedTasks);
  if (excess !== undefined && (oversizedTasks.size === 0 || outOfBounds(bounded) !== undefined)) {
    return refuse('payload', '', excess);
  }
  let value: unknown;
  try {
    value = JSON.parse(bounded);
  } catch {
    return refuse('payload', '', jsonHint);
  }
  if (!isObject(value)) return refuse('payload', '', 'a JSON object, such as {"type":"login"}');
  const { type } = value;
  const ref = refOf(value);
  const check = typeof type === 'string' ? checks.get(type) : undefined;
  if (check === undefined) {
    return { ...refuse('payload_type', '', typeHint(type)), ...ref };
  }
  numberIds(value);
  const unreadable = type === 'write-all' ? removeUnreadable(value, oversizedTasks) : none;
  if (isRequest(value, check)) return { ok: true, request: value, unreadable };
  return { ...refuseFields(value, check), ...ref };
}

/**
 * `decode`, with pauses where others may have their turn: the tasks of a large `write-all` are parsed and checked one by one. What is
 * neither large nor a plain list is decoded at once.
 */
export function* decodeInSteps(text: string): Generator<void, Decoded> {
  const isLarge = isLongerThan(text, bounds.bytes) && !isLongerThan(text, listBounds.bytes);
  const list = isLarge ? splitLargeList(text) : undefined;
  if (list === undefined || !isPlainList(list.rest)) return decode(text);
  const refusal = refuseLarge(text, list);
  if (refusal !== undefined) return refusal;
  yield;
  const decoded = decode(list.rest);
  if (!decoded.ok || decoded.request.type !== 'write-all') return decoded;
  const { request } = decoded;
  const tasks = request.tasks ?? request.data?.tasks ?? [];
  const unreadable: Unreadable[] = [];
  const pace = new Pace();
  for (const [at, { from, to }] of list.tasks.entries()) {
    if (pace.isDue(1 + Math.floor((to - from) / taskCharacters))) yield;
    const own = text.slice(from, to).trim();
    const excess = outOfBounds(own);
    const task = parseJson(own);
    if (task === undefined) return { ...refuse('payload', '', jsonHint), ...refOf(request) };
    numberId(task, 'id');
    const wrong = excess ?? wrongIn(task);
    if (wrong !== undefined)
      unreadable.push(describe(task, at, wrong, excess === undefined ? JSON.stringify(task) : own));
    else if (isTaskValue(task)) tasks.push(task);
  }
  return { ok: true, request, unreadable };
}

/** Characters of a task of usual size. */
const taskCharacters = 300;

/** True if the rest of a `write-all` has one empty list of tasks: nothing is said twice. */
function isPlainList(rest: string): boolean {
  return rest.split('"tasks"').length === 2;
}

/** B1.6: refuses a message of more than `bounds.bytes` bytes that is not a `write-all` of tasks, each of at most `bounds.bytes`. */
function refuseLarge(
  text: string,
  list = isLongerThan(text, listBounds.bytes) ? undefined : splitLargeList(text),
): (Refusal & { readonly ref?: string | number }) | undefined {
  const request = list === undefined ? undefined : parseJson(list.rest);
  if (list === undefined || !isObject(request) || request['type'] !== 'write-all' || request['channel'] !== undefined) {
    return refuse('too_large', '', `${bounds.bytes} bytes at most`);
  }
  // Refused before the parse: of a list without a limit, each element could cost many times its bytes.
  if (list.tasks.length <= listBounds.elements) return undefined;
  return { ...refuse('property', 'tasks', `${listBounds.elements} tasks at most`), ...refOf(request) };
}

function refOf({ ref }: Fields): { readonly ref?: string | number } {
  return typeof ref === 'string' || typeof ref === 'number' ? { ref } : {};
}

const jsonHint = 'one JSON object per message, such as {"type":"login"}';
const helpHint = 'see {"type":"help"}';

function typeHint(type: unknown): string {
  const types = Object.keys(requests);
  const meant = typeof type === 'string' ? nearestWord(type, types) : undefined;
  return meant === undefined ? `type one of: ${types.join(', ')}` : `did you mean "${meant}"? ${helpHint}`;
}

/** Refuses a request without a required field. The refusal names the field, and an unknown field that may be its misspelling. */
function refuseFields(request: Fields, check: Check): Refusal {
  const missing = check.errors.find(({ keyword, instancePath }) => keyword === 'required' && instancePath === '')
    ?.params['missingProperty'];
  if (typeof missing !== 'string') return refuse('property', wrongField(check), helpHint);
  const misspelt = Object.keys(request).find((field) => nearestWord(field, [missing]) !== undefined);
  const hint = misspelt === undefined ? helpHint : `did you mean "${missing}" instead of "${misspelt}"? ${helpHint}`;
  return refuse('missing', missing.replaceAll('_', ' '), hint);
}

type Fields = Record<string, unknown>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** R3: converts ids that are digits in a string to numbers: a client of 2018 concatenates an id and a time as text. */
function numberIds(request: Fields): void {
  const { data, item, channel } = request;
  numberId(request, 'task_id');
  numberId(request['task'], 'id');
  if (typeof channel === 'string' && /(?:^|\/)tasks$/.test(channel)) numberId(item, 'id');
  for (const list of [request['tasks'], isObject(data) ? data['tasks'] : undefined]) {
    if (Array.isArray(list)) for (const task of list) numberId(task, 'id');
  }
}

function numberId(of: unknown, field: string): void {
  if (!isObject(of)) return;
  const id = of[field];
  if (typeof id !== 'string' || !/^-?\d{1,16}$/.test(id) || !Number.isSafeInteger(Number(id))) return;
  of[field] = Number(id);
}

/** The tasks of a `write-all` that are out of bounds, by their position from 0. */
function tasksOutOfBounds(text: string): ReadonlyMap<number, OutOfBounds> {
  return new Map(
    pieces(text).flatMap((piece, at): [number, OutOfBounds][] => {
      const own = text.slice(piece.from, piece.to);
      const excess = outOfBounds(own);
      return excess === undefined ? [] : [[at, { ...piece, excess, text: own.trim() }]];
    }),
  );
}

/** Replaces the tasks that are out of bounds by `null`. */
function replaceByNull(text: string, tasks: ReadonlyMap<number, OutOfBounds>): string {
  let rest = '';
  let at = 0;
  for (const { from, to } of tasks.values()) {
    rest += `${text.slice(at, from)}null`;
    at = to;
  }
  return rest + text.slice(at);
}

/** W7: removes the elements that are not valid tasks from the list of a `write-all`. @returns them */
function removeUnreadable(request: Fields, excess: ReadonlyMap<number, OutOfBounds>): readonly Unreadable[] {
  const { data } = request;
  const holder = Array.isArray(request['tasks']) || !isObject(data) ? request : data;
  const list = holder['tasks'];
  if (!Array.isArray(list)) return none;
  const unreadable = list.flatMap((task: unknown, at): Unreadable[] => {
    const out = excess.get(at);
    if (out !== undefined) return [describe(parseJson(out.text), at, out.excess, out.text)];
    const wrong = wrongIn(task);
    return wrong === undefined ? [] : [describe(task, at, wrong, JSON.stringify(task))];
  });
  if (unreadable.length === 0) return none;
  const places = new Set(unreadable.map(({ place }) => place - 1));
  holder['tasks'] = list.filter((_, at) => !places.has(at));
  return unreadable;
}

/** @returns undefined for a valid task */
function wrongIn(task: unknown): string | undefined {
  if (!isObject(task)) return 'invalid task';
  if (task['id'] === 0) return 'invalid id';
  return isTask(task) ? undefined : `invalid ${wrongField(isTask)}`;
}

function describe(task: unknown, at: number, wrong: string, text: string): Unreadable {
  numberId(task, 'id');
  const { id, index, desc } = isObject(task) ? task : {};
  return {
    place: at + 1,
    wrong,
    id: typeof id === 'number' && Number.isSafeInteger(id) && id !== 0 ? id : undefined,
    index: typeof index === 'string' ? index : undefined,
    desc: typeof desc === 'string' ? desc : undefined,
    text,
  };
}

/** The one place where a check makes a type: the schema of `check` is the one the type was inferred from. */
function isRequest(value: unknown, check: Check): value is WireRequest {
  return check(value);
}

function isTaskValue(value: unknown): value is Task {
  return isTask(value);
}

/** The field an error is about, in words: `task_id` is "task id", `task.desc` is "desc". */
function wrongField(check: Check): string {
  const deepest = [...check.errors].sort((a, b) => b.instancePath.length - a.instancePath.length)[0];
  const path = (deepest?.instancePath ?? '').split('/').filter((part) => part !== '' && !/^\d+$/.test(part));
  const missing: unknown = deepest?.params['missingProperty'];
  const container = path.at(-1);
  const field =
    typeof missing === 'string'
      ? missing
      : container === undefined
        ? 'payload'
        : path.length > 1 && path[0] !== 'data'
          ? (path[1] ?? container)
          : container;
  return field.replaceAll('_', ' ');
}

export type { WireRequest, RequestType };
