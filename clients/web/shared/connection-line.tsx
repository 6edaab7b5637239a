// The state of the connection, always in sight.

import type { ConnectionWords } from './connection-words.ts';

export function ConnectionLine({ words }: { words: ConnectionWords }) {
  return (
    <p class="link" data-state={words.tone}>
      <span class="dot" aria-hidden="true" />
      <output>{words.state}</output>
      {words.detail !== '' && <span class="link-detail"> · {words.detail}</span>}
    </p>
  );
}
