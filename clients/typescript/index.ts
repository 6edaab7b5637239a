// The SDK: `connect()` and what it speaks of, for Node and browsers. Nothing is imported from outside this repository. Storage on
// disk is in file-storage.ts and storage in a browser in browser-storage.ts, each imported by those who want it.

export type {
  Change,
  Channel,
  Connection,
  Failure,
  History,
  Item,
  Options,
  Past,
  Position,
  Queued,
  Range,
  Read,
  Refused,
  Settled,
  Socket,
  SocketMaker,
  Span,
  Subscription,
  Synced,
  Told,
} from './api.ts';
export { connect } from './client.ts';
export type { State } from './connection.ts';
export { MemoryStorage, type Storage } from './storage.ts';
