// The keyboard map: which key does what, and when a key belongs to somebody else (a field, a button, the browser).

export type Action = 'start or stop' | 'turn' | 'break' | 'keys';

export interface Press {
  readonly key: string;
  /** Any of control, alt, meta. */
  readonly modified: boolean;
  readonly repeated: boolean;
  /** In a field or on a button or link, which have their own use for keys, or while a dialog is open. */
  readonly taken: boolean;
}

export const keys: readonly {
  readonly key: string;
  readonly label: string;
  readonly does: string;
  readonly action: Action;
}[] = [
  { key: ' ', label: 'space', does: 'start your turn, or stop what is running', action: 'start or stop' },
  { key: 'n', label: 'n', does: 'next: start your turn now', action: 'turn' },
  { key: 'b', label: 'b', does: 'break', action: 'break' },
  { key: '?', label: '?', does: 'these keys', action: 'keys' },
];

export function actionOf(press: Press): Action | undefined {
  if (press.modified || press.repeated || press.taken) return undefined;
  return keys.find(({ key }) => key === press.key.toLowerCase())?.action;
}
