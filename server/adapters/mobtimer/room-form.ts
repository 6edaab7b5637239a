// Converts items that a client writes by the channel verbs to the form that a PUT stores, or refuses them. The clients of the original
// timer can read no other form, and so followers of the channel and viewers of the stream see the same.

import { refuse } from '../../../protocol/errors.ts';
import type { Item, Op } from '../../core/store.ts';
import type { ItemForm } from '../../wire/item-forms.ts';
import { goalData, requestData } from './event.ts';
import { nextUser } from './next-user.ts';
import { crowdedOut, goalKey, type RoomItem, readGoalItem, readRequestItem, readRoom } from './room-item.ts';
import {
  fieldsOf,
  longestText,
  readGoal,
  readText,
  readTimer,
  type TimerRequest,
  tooLongField,
} from './timer-request.ts';

const wrongTimer = refuse(
  'property',
  'item',
  'a room takes {"timer":10,"user":"ann"} or {"breaktimer":5,"user":"ann"}',
);
const wrongGoal = refuse(
  'property',
  'item',
  'the goal of a room is {"goal":"green tests","user":"ann"}; null deletes it',
);

export const roomForm: ItemForm = {
  prefix: 'mob/',
  ops(verb, items, known, at) {
    // Of several entries with one key the last one counts.
    const wanted = [...new Map(items.map((item) => [item.key, item.item]))];
    const byKey = new Map(known.map((item) => [item.key, item]));
    const remaining: readonly Item[] =
      verb === 'write-all' ? known.filter(({ key }) => wanted.some(([one]) => one === key)) : known;
    const state: RoomItem[] = [...remaining];
    const puts: Op[] = [];
    for (const [key, item] of wanted) {
      const tooLong = tooLongField(item);
      if (tooLong !== undefined) return refuse('property', 'item', `${tooLong} has ${longestText} characters at most`);
      const value =
        key === goalKey ? goalValue(item, byKey.get(key), at) : requestValue(key, item, byKey.get(key), state, at);
      if (value === undefined) return key === goalKey ? wrongGoal : wrongTimer;
      puts.push({ op: verb === 'create' ? 'add' : 'put', key, value });
      if (value !== byKey.get(key)?.value) state.push({ key, value, at });
    }
    const added = puts.flatMap((op) =>
      op.op === 'remove' || byKey.has(op.key) || op.key === goalKey ? [] : [op.value],
    );
    const removedKeys = new Set([
      ...known.filter((item) => !remaining.includes(item)).map(({ key }) => key),
      ...(added.length === 0 ? [] : crowdedOut(remaining, added)),
    ]);
    const removals = [...removedKeys].map((key): Op => ({ op: 'remove', key }));
    return { ok: true, ops: [...removals, ...puts.filter(({ key }) => !removedKeys.has(key))] };
  },
};

/** The text to store. If the item equals the stored request, the stored text, so that the write changes nothing. */
function requestValue(
  key: string,
  item: unknown,
  known: Item | undefined,
  state: readonly RoomItem[],
  at: number,
): string | undefined {
  const fields = fieldsOf(item);
  const asked = readTimer(item);
  if (fields === undefined || asked.asks !== 'something') return undefined;
  const { minutes, user } = asked.value;
  const type = fields.get('type') === 'BREAKTIMER' ? 'BREAKTIMER' : asked.value.type;
  const sentNext = fields.has('nextUser') ? readText(fields.get('nextUser')) : undefined;
  const before = known === undefined ? undefined : readRequestItem(known, () => []);
  const isSame = before?.type === type && before.minutes === minutes && before.user === user;
  if (known !== undefined && isSame && (sentNext === undefined || sentNext === before.nextUser)) return known.value;
  const history = readRoom(state.filter((one) => one.key !== key)).requests;
  const request: TimerRequest = {
    type,
    minutes,
    user,
    nextUser: sentNext === undefined ? nextUser(history, { type, minutes, user }) : sentNext,
    at,
  };
  return JSON.stringify(requestData(request));
}

function goalValue(item: unknown, known: Item | undefined, at: number): string | undefined {
  const asked = readGoal(item);
  if (asked.asks === 'wrong') return undefined;
  const user = readText(fieldsOf(item)?.get('user')) ?? null;
  const goal = asked.asks === 'something' ? asked.value : { text: null, user };
  const before = known === undefined ? undefined : readGoalItem(known);
  if (known !== undefined && before?.text === goal.text && before.user === goal.user) return known.value;
  return JSON.stringify(goalData({ ...goal, at }));
}
