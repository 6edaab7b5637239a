// The keyboard map: which key does what, and when a key belongs to a field, a button or the browser instead.

export type Action = 'start-or-stop' | 'next' | 'turn' | 'break' | 'extend' | 'large' | 'keys';

export interface Press {
  readonly key: string;
  /** True if control, alt or meta is pressed. */
  readonly modified: boolean;
  readonly repeated: boolean;
  /** True if a field, button, link or open dialog has its own use for the key. */
  readonly taken: boolean;
}

export const keys: readonly {
  readonly key: string;
  readonly label: string;
  readonly action: Action;
}[] = [
  { key: ' ', label: 'space', action: 'start-or-stop' },
  { key: 'enter', label: 'Enter', action: 'next' },
  { key: 'n', label: 'n', action: 'turn' },
  { key: 'b', label: 'b', action: 'break' },
  { key: '+', label: '+', action: 'extend' },
  { key: 'f', label: 'f', action: 'large' },
  { key: '?', label: '?', action: 'keys' },
];

export function actionOf(press: Press): Action | undefined {
  if (press.modified || press.repeated || press.taken) return undefined;
  return keys.find(({ key }) => key === press.key.toLowerCase())?.action;
}
