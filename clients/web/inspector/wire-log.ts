// The inspector's memory of the wire: answers to its questions, and the newest changes. Pure.

export interface WireChange {
  readonly channel: string;
  readonly type: string;
  readonly seq: number;
  readonly key: string;
  readonly device: string;
  /** Milliseconds since 1970, by the hub. */
  readonly at: number;
  /** The item as JSON, shortened. */
  readonly text: string;
}

export interface WireSession {
  readonly session: string;
  readonly account: string;
  readonly device: string;
  readonly peer: string;
  readonly since: number;
  readonly following: readonly string[];
  readonly behind: boolean;
}

export interface WireLog {
  /** The newest first. */
  readonly changes: readonly WireChange[];
  readonly sessions: readonly WireSession[];
  readonly channels: readonly { readonly channel: string; readonly seq: number; readonly items: number }[];
  /** Who follows which channel, on all nodes, by its name. */
  readonly here: ReadonlyMap<string, string>;
  readonly stats: Readonly<Record<string, unknown>>;
  /** Why the hub refused; '' if it did not. */
  readonly refusal: string;
}

export const emptyLog: WireLog = { changes: [], sessions: [], channels: [], here: new Map(), stats: {}, refusal: '' };

const mostChanges = 200;
const mostText = 200;

/** The log after one message of the hub. */
export function logMessage(log: WireLog, text: string): WireLog {
  const message: unknown = JSON.parse(text);
  if (!isFields(message)) return log;
  if (message['success'] === false) return { ...log, refusal: textOf(message['hint']) || textOf(message['error']) };
  switch (message['type']) {
    case 'who':
      return { ...log, sessions: listOf(message['sessions']).map(readSession) };
    case 'channels':
      return { ...log, channels: listOf(message['channels']).map(readChannel) };
    case 'presence':
      return { ...log, here: new Map(listOf(message['channels']).map(readHere)) };
    case 'stats':
      return { ...log, stats: message };
    case 'create':
    case 'update':
    case 'delete':
      return { ...log, changes: [readChange(message), ...log.changes].slice(0, mostChanges) };
    default:
      return log;
  }
}

/** The channels that have been written, and those that somebody follows though they were not, each with who follows it. */
export function channelRows({ channels, here }: WireLog) {
  const written = new Set(channels.map(({ channel }) => channel));
  const others = [...here.keys()].filter((channel) => !written.has(channel));
  return [...channels, ...others.map((channel) => ({ channel, seq: 0, items: 0 }))].map((row) => ({
    ...row,
    here: here.get(row.channel) ?? '',
  }));
}

type Fields = Readonly<Record<string, unknown>>;

function readChange(message: Fields): WireChange {
  return {
    channel: textOf(message['channel']),
    type: textOf(message['type']),
    seq: numberOf(message['seq']),
    key: textOf(message['key']),
    device: textOf(message['device_id']),
    at: numberOf(message['at']),
    text: message['item'] === undefined ? '' : JSON.stringify(message['item']).slice(0, mostText),
  };
}

function readSession(fields: Fields): WireSession {
  const following = fields['following'];
  return {
    session: textOf(fields['session']),
    account: textOf(fields['account']),
    device: textOf(fields['device_id']),
    peer: textOf(fields['peer']),
    since: numberOf(fields['since']),
    following: Array.isArray(following) ? following.map(String) : [],
    behind: fields['behind'] === true,
  };
}

function readChannel(fields: Fields): WireLog['channels'][number] {
  return { channel: textOf(fields['channel']), seq: numberOf(fields['seq']), items: numberOf(fields['items']) };
}

/** The accounts in a channel, each with its number of connections where that is not one; visitors as a number. */
function readHere(fields: Fields): [string, string] {
  const accounts = listOf(fields['accounts']).map((one) => {
    const connections = numberOf(one['connections']);
    return `${textOf(one['account'])}${connections > 1 ? ` ×${connections}` : ''}`;
  });
  const anonymous = numberOf(fields['anonymous']);
  return [textOf(fields['channel']), [...accounts, ...(anonymous > 0 ? [`+${anonymous}`] : [])].join(', ')];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
