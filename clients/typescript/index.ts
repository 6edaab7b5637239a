// Entry point of the SDK for Node and browsers: `connect()` and its types. It imports no package. The storages for Node
// (file-storage.ts) and for browsers (browser-storage.ts) are separate entry points.

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
