// The operations of clients of several nodes and the messages that they received, as data: the input of
// check-history.ts. All moments are milliseconds of one clock, that of the process that drove the clients.

import type { Keep } from '../../../server/core/store.ts';

/** A change as a client or the history shows it. `value` is the item as text; null for a delete. */
export interface HistoryStep {
  readonly seq: number;
  readonly kind: 'create' | 'update' | 'delete';
  readonly key: string;
  readonly value: string | null;
}

export interface HistoryItem {
  readonly key: string;
  readonly value: string;
  readonly seq: number;
}

interface Asked {
  /** Who asked, for the text of a fault. */
  readonly client: string;
  /** The token of the connection. */
  readonly token: string;
  readonly channel: string;
  /** When the request was sent for the first time. */
  readonly sent: number;
  /** When its answer arrived; infinite if it never did. */
  readonly answered: number;
}

export type WriteResult =
  | { readonly name: 'accepted'; readonly seq: number; readonly epoch: string }
  /** The hub has decided that the write is not made. `seq` is that of the refusal, if it has one. */
  | { readonly name: 'refused'; readonly code: string }
  /** No answer, or one that leaves open whether the write was made. */
  | { readonly name: 'unknown' };

export interface RecordedWrite extends Asked {
  readonly type: 'write';
  readonly kind: HistoryStep['kind'];
  /** '' for a create whose key the hub makes, while it is not known. */
  readonly key: string;
  /** Different in every write; null for a delete. */
  readonly value: string | null;
  /** The step that the write depends on, if it does. */
  readonly base?: number;
  /** The epoch of that step. */
  readonly baseEpoch?: string;
  /**
   * True if the SDK made it: its updates create a deleted item again, and its answer may name a later step, if it found the item as wanted
   * when it came back.
   */
  readonly isThroughSdk?: boolean;
  readonly result: WriteResult;
}

/** A whole channel, read at once and answered. */
export interface RecordedRead extends Asked {
  readonly type: 'read';
  readonly seq: number;
  readonly epoch: string;
  readonly items: readonly HistoryItem[];
}

export type Operation = RecordedWrite | RecordedRead;

/** The messages that a follower received, in order. */
export type FollowerMessage = { readonly at: number } & (
  | { readonly type: 'start' }
  | {
      readonly type: 'snapshot' | 'reset';
      readonly epoch: string;
      readonly seq: number;
      readonly more: boolean;
      readonly items: readonly HistoryItem[];
    }
  | {
      readonly type: 'changes';
      readonly epoch: string;
      readonly seq: number;
      readonly more: boolean;
      readonly changes: readonly HistoryStep[];
    }
  | { readonly type: 'change'; readonly step: HistoryStep }
);

export interface RecordedFollower {
  readonly client: string;
  readonly token: string;
  readonly channel: string;
  /**
   * A follower that reads steadily is sent every step, once it has caught up. One that pauses may be sent states instead, and some changes
   * twice (U2, U4). The SDK hides its reconnects: it may skip steps, and repeats none.
   */
  readonly reads: 'steadily' | 'with pauses' | 'through the SDK';
  /** False if it ended before the writes did. */
  readonly isConnectedAtEnd: boolean;
  readonly messages: readonly FollowerMessage[];
}

/** A node's answer about a channel after all faults, when nobody writes any more. */
export interface FinalState {
  readonly node: string;
  readonly epoch: string;
  readonly seq: number;
  /** Ascending. In a channel that keeps last values: the last step of each item. */
  readonly steps: readonly HistoryStep[];
  readonly items: readonly HistoryItem[];
}

export interface RecordedChannel {
  readonly name: string;
  readonly keep: Keep;
  /** One for each node. */
  readonly finals: readonly FinalState[];
}

export interface NodeHistory {
  readonly channels: readonly RecordedChannel[];
  readonly operations: readonly Operation[];
  readonly followers: readonly RecordedFollower[];
  /** When the revocation of each token was acknowledged. */
  readonly revocations: ReadonlyMap<string, number>;
  /** Milliseconds after that in which a node may still accept the token. */
  readonly rightsLimitMs: number;
  /** Periods whose acknowledged writes may be gone, because a standby without them took over. Each makes one new epoch. */
  readonly losses: readonly { readonly from: number; readonly until: number }[];
}
