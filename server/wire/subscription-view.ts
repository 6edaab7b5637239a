// How subscribers see a channel: items and changes as JSON text. Values are JSON text already and are inserted as they are, so that a
// change is encoded once for all of its followers. Plain task clients have a view of their own, in the Kronos adapter.

import { type Identity, shortName } from '../core/access.ts';
import type { Channel } from '../core/channel.ts';
import type { Page, PagedView } from '../core/session.ts';
import type { Change, Item } from '../core/store.ts';

/** The fields of an item or change, without type and braces. */
function fields(item: Item | Change): string {
  const span = `${item.time === null ? '' : `,"time":${item.time}`}${item.end === null ? '' : `,"end":${item.end}`}`;
  const value = item.value === null ? '' : `,"item":${item.value}`;
  return `"seq":${item.seq},"key":${JSON.stringify(item.key)}${value}${span},"device_id":${JSON.stringify(item.origin)},"at":${item.at}`;
}

export function itemText(item: Item | Change): string {
  return `{${fields(item)}}`;
}

export function changeText(change: Change): string {
  return `{"type":"${change.kind}",${fields(change)}}`;
}

export function joinTexts<T>(items: readonly T[], text: (item: T) => string): string {
  return `[${items.map(text).join(',')}]`;
}

/** S4.4: one change as a message. */
export function notification(name: string, change: Change): string {
  return `{"success":true,"type":"${change.kind}","channel":${JSON.stringify(name)},${fields(change)}}`;
}

function pageText(name: string, page: Page): string {
  const { epoch, seq } = page.position;
  const reason = page.kind === 'reset' ? `,"reason":${JSON.stringify(page.reason)}` : '';
  const head = `{"success":true,"type":"${page.kind}","channel":${JSON.stringify(name)},"epoch":${JSON.stringify(epoch)},"seq":${seq}${reason}`;
  const body =
    page.kind === 'changes'
      ? `"changes":${joinTexts(page.changes, changeText)}`
      : `"items":${joinTexts(page.changes, itemText)}`;
  return `${head},${body}${page.more ? ',"more":true' : ''}}`;
}

const subscriptions = new WeakMap<Channel, Map<string, PagedView>>();

/**
 * The view of a channel for one session. Views are shared: sessions of the account see its short name, administrators of other accounts
 * the full one, so a channel has at most two.
 */
export function subscription(who: Identity, channel: Channel): PagedView {
  const name = shortName(who, channel.name);
  const known = subscriptions.get(channel) ?? new Map<string, PagedView>();
  subscriptions.set(channel, known);
  const view = known.get(name) ?? subscriptionAs(name);
  known.set(name, view);
  return view;
}

function subscriptionAs(name: string): PagedView {
  const prefix = `"channel":${JSON.stringify(name)},"seq":`;
  return {
    key: `items ${name}`,
    echo: true,
    live: (change) => notification(name, change),
    page: (page) => pageText(name, page),
    seqOf: (text) => {
      const at = text.indexOf(prefix);
      return at === -1 || at > 40 ? undefined : Number.parseInt(text.slice(at + prefix.length), 10);
    },
  };
}
