// The text that a page shows after a change, with the way back.

import type { TextKey } from '../languages/en.ts';
import type { Texts } from '../languages/languages.ts';
import type { EditMessage, PageEdits } from './edits.ts';

const keys: Readonly<Record<EditMessage['kind'], TextKey>> = {
  saved: 'edit.saved',
  undone: 'edit.undone',
  nothing: 'edit.nothing',
  'changed since': 'edit.changed-since',
  failed: 'edit.failed',
};

export function EditLine({ edits, texts, undo }: { edits: PageEdits; texts: Texts; undo: () => void }) {
  const { message } = edits;
  return (
    <output class="said" data-shown={message !== undefined}>
      {message !== undefined && texts.text(keys[message.kind], { reason: message.reason })}
      {message?.kind === 'saved' && edits.canUndo && (
        <button type="button" aria-keyshortcuts="z" onClick={undo}>
          {texts.text('edit.undo')}
        </button>
      )}
    </output>
  );
}
