// The SDK: `connect()` and what it speaks of, for Node and browsers. Nothing is imported from outside this repository. Storage on
// disk is in file-storage.ts and storage in a browser in browser-storage.ts, each imported by those who want it.

export type {
  ChannelEvent,
  Connection,
  ConnectOptions,
  HistoryOptions,
  HistoryResult,
  ItemSpan,
  QueuedWrite,
  ReadOptions,
  ReadResult,
  RefusedWrite,
  SdkChange as Change,
  SdkChannel as Channel,
  SdkDayOptions as DayOptions,
  SdkFailure as Failure,
  SdkItem as Item,
  SdkPosition as Position,
  SdkSocket as Socket,
  SdkSocketClass as SocketClass,
  Subscription,
  SyncResult,
  WriteOutcome,
} from './api.ts';
export { connect } from './client.ts';
export type { ConnectionState } from './connection.ts';
export { MemoryStorage, type Storage } from './storage.ts';
