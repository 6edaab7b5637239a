// Channels whose items have one form: what a client writes there by the channel verbs is brought into that form, or refused, so that all
// followers see the same. The adapter that owns the channels supplies the form.

import type { SaidItem } from '../../protocol/day.ts';
import type { Refusal } from '../../protocol/errors.ts';
import type { Item, Op } from '../core/store.ts';

export interface ItemForm {
  /** The channels: those whose name starts so. */
  readonly prefix: string;
  /**
   * @param verb `create` and `update` have one item; `write-all` has all that the channel is to hold
   * @param known the items of the channel, in the order of their last step
   * @param at the hub's clock, milliseconds since 1970: the time of the write
   */
  readonly ops: (
    verb: 'create' | 'update' | 'write-all',
    items: readonly SaidItem[],
    known: readonly Item[],
    at: number,
  ) => { readonly ok: true; readonly ops: readonly Op[] } | Refusal;
}
