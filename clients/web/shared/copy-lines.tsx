// Lines to paste elsewhere, with a button that copies them.

import { useState } from 'preact/hooks';
import type { TextKey } from '../languages/en.ts';
import type { Texts } from '../languages/languages.ts';
import { copy } from './copy.ts';

export function CopyLines({ texts, lines }: { texts: Texts; lines: readonly string[] }) {
  const [answer, setAnswer] = useState<TextKey>('copy');
  const press = async () => {
    setAnswer((await copy(lines.join('\n'))) ? 'copied' : 'copy.failed');
    setTimeout(() => setAnswer('copy'), 2_000);
  };
  return (
    <div class="paste">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: lines that scroll must be reached by the keyboard */}
      <pre tabIndex={0}>
        <code>{lines.join('\n')}</code>
      </pre>
      <button
        type="button"
        class="copy"
        aria-label={`${texts.text(answer)}: ${lines[0] ?? ''}`}
        onClick={() => void press()}
      >
        {texts.text(answer)}
      </button>
    </div>
  );
}
