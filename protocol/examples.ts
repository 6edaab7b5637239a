// One example of each message of the wire, for the reference. A test checks each against its schema.

import type { Answers, Requests } from './messages.ts';

const userId = '0f8fad5b-d9cb-469f-a165-70867728950e';
const epoch = 'ziVF4iX7CndEKBz662nJ';
const key = 'ZSGzqjtWxBgWiWCdqHFH';
/** Milliseconds since 1970. */
const at = 1_795_867_200_000;
const task = { id: 1, desc: 'water the plants', tags: ['home'], active: 0, due: 0, done: 0 };
const item = { key, item: task, seq: 1, at, device_id: 'vim' };
const change = { type: 'create', seq: 1, key, item: task, device_id: 'vim', at } as const;
const token = { id: 'V1StGXR8', account: 'ann', name: 'laptop', scopes: ['read', 'write'], created: at, used: null };

export const requestExamples: { readonly [T in keyof Requests]: Requests[T] } = {
  login: { type: 'login', user_id: userId, device_id: 'vim', version: 0 },
  'read-all': { type: 'read-all', channel: 'notes', ref: 1 },
  'write-all': { type: 'write-all', tasks: [task], version: at },
  create: { type: 'create', task, version: at, ref: 2 },
  update: { type: 'update', channel: 'notes', key, item: { any: 'json' }, base: 1, write_id: 'w1', ref: 3 },
  delete: { type: 'delete', task_id: 1, version: at },
  subscribe: { type: 'subscribe', channel: 'tasks', seq: 7, epoch },
  unsubscribe: { type: 'unsubscribe', channel: 'tasks' },
  channels: { type: 'channels' },
  history: { type: 'history', channel: 'tasks', limit: 10 },
  revert: { type: 'revert', channel: 'tasks', to: 3, ref: 4 },
  ping: { type: 'ping', ref: 5 },
  help: { type: 'help' },
  stats: { type: 'stats' },
  who: { type: 'who' },
  tail: { type: 'tail', channel: '*' },
  kick: { type: 'kick', session: 'Uakgb_J5' },
  accounts: { type: 'accounts' },
  account: { type: 'account', name: 'ann' },
  tokens: { type: 'tokens', account: 'ann' },
  token: { type: 'token', name: 'laptop', scopes: ['read', 'write:tasks'] },
  revoke: { type: 'revoke', token: 'V1StGXR8' },
};

export const answerExamples: { readonly [T in keyof Answers]: Answers[T] } = {
  error: {
    success: false,
    error: 'stale',
    code: 'stale',
    hint: 'read the channel and try again',
    ref: 3,
    seq: 2,
    epoch,
  },
  ack: { success: true, type: 'ack', ref: 2, seq: 1, epoch },
  login: { success: true, type: 'login', user_id: userId, device_id: 'vim', version: -1 },
  'read-all': { success: true, type: 'read-all', tasks: [task], version: at },
  items: { success: true, type: 'read-all', channel: 'notes', epoch, seq: 1, items: [item], ref: 1 },
  task: { success: true, type: 'create', task, device_id: 'vim', version: at },
  task_deleted: { success: true, type: 'delete', task_id: 1, device_id: 'vim', version: at },
  change: { success: true, channel: 'tasks', ...change },
  snapshot: { success: true, type: 'snapshot', channel: 'tasks', epoch, seq: 1, items: [item] },
  changes: { success: true, type: 'changes', channel: 'tasks', epoch, seq: 1, changes: [change] },
  reset: {
    success: true,
    type: 'reset',
    channel: 'tasks',
    epoch,
    seq: 1,
    reason: 'the position is of another epoch',
    items: [item],
  },
  following: { success: true, type: 'subscribe', channel: 'aw/*', channels: [{ channel: 'aw/window', seq: 12 }] },
  unsubscribe: { success: true, type: 'unsubscribe', channel: 'tasks' },
  channels: { success: true, type: 'channels', channels: [{ channel: 'tasks', seq: 1, items: 1 }] },
  history: { success: true, type: 'history', channel: 'tasks', epoch, seq: 1, changes: [change] },
  pong: { success: true, type: 'pong', ref: 5 },
  help: {
    success: true,
    type: 'help',
    verbs: { 'read-all': 'read a channel; tasks without a name' },
    examples: [{ type: 'read-all' }],
    type_one_of: ['read-all'],
  },
  stats: {
    success: true,
    type: 'stats',
    version: '0.2.0',
    sessions: 3,
    behind: 0,
    accounts: 1,
    channels: 4,
    items: 120,
    steps: 1_500,
  },
  who: {
    success: true,
    type: 'who',
    sessions: [
      {
        session: 'Uakgb_J5',
        account: 'ann',
        device_id: 'vim',
        token: 'V1StGXR8',
        scopes: ['read', 'write'],
        peer: '127.0.0.1/1',
        since: at,
        following: ['ann/tasks'],
        behind: false,
      },
    ],
  },
  tail: { success: true, type: 'tail', tailing: '*' },
  kick: { success: true, type: 'kick', session: 'Uakgb_J5' },
  accounts: { success: true, type: 'accounts', accounts: [{ name: 'ann', created: at }] },
  account: { success: true, type: 'account', account: 'ann', secret: userId, token },
  tokens: { success: true, type: 'tokens', tokens: [token] },
  token: { success: true, type: 'token', secret: userId, token },
  revoke: { success: true, type: 'revoke', token: 'V1StGXR8' },
  away: { success: true, type: 'away', retry_ms: 2_000 },
};
