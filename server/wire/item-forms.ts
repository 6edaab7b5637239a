// Channels whose items have a fixed form: items that a client writes with the channel verbs are converted to that form, or refused, so that
// all followers see the same. The adapter that owns the channels supplies the form.

import type { RequestedItem } from '../../protocol/day.ts';
import type { Refusal } from '../../protocol/errors.ts';
import type { Item, Op } from '../core/store.ts';

export interface ItemForm {
  /** The channels whose names start with this. */
  readonly prefix: string;
  /**
   * @param verb `create` and `update` have one item; `write-all` has the complete new content
   * @param known the items of the channel, in the order of their last step
   * @param at the hub's clock, milliseconds since 1970: the time of the write
   */
  readonly ops: (
    verb: 'create' | 'update' | 'write-all',
    items: readonly RequestedItem[],
    known: readonly Item[],
    at: number,
  ) => { readonly ok: true; readonly ops: readonly Op[] } | Refusal;
}
