// Takes an export of ActivityWatch or a dump of WakaTime in, with progress. Importing the same file twice changes nothing.

import { useState } from 'preact/hooks';
import type { Texts } from '../languages/languages.ts';
import { pathTo } from '../shared/address.ts';
import { ask } from '../shared/ask.ts';
import { heartbeatsOf, importKind, piecesOf } from './settings-view.ts';

/** Heartbeats in one request. */
const pieceSize = 1_000;

interface Progress {
  readonly done: number;
  readonly total: number;
}

export function ImportFile({ texts }: { texts: Texts }) {
  const [progress, setProgress] = useState<Progress>();
  const [message, setMessage] = useState('');
  const take = async (file: File) => {
    setMessage('');
    const problem = await importFile(file, setProgress, texts);
    setProgress(undefined);
    setMessage(problem === '' ? texts.text('import.done', { name: file.name }) : problem);
  };
  return (
    <section class="card">
      <h2>{texts.text('import.title')}</h2>
      <p class="hint">{texts.text('import.hint')}</p>
      <div class="fields">
        <label>
          {texts.text('import.file')}
          <input
            type="file"
            accept=".json,application/json"
            disabled={progress !== undefined}
            onChange={({ currentTarget }) => {
              const [file] = currentTarget.files ?? [];
              if (file !== undefined) void take(file);
            }}
          />
        </label>
      </div>
      {progress !== undefined && (
        <progress aria-label={texts.text('import.title')} value={progress.done} max={progress.total} />
      )}
      <output>{message}</output>
    </section>
  );
}

/** @returns why it failed; '' if it did not */
async function importFile(file: File, show: (progress: Progress) => void, texts: Texts): Promise<string> {
  let value: unknown;
  try {
    value = JSON.parse(await file.text());
  } catch {
    return texts.text('import.wrong', { name: file.name });
  }
  const kind = importKind(value);
  if (kind === undefined) return texts.text('import.wrong', { name: file.name });
  if (kind === 'activitywatch') return upload('/api/0/import', file, show);
  const heartbeats = heartbeatsOf(value);
  let done = 0;
  for (const piece of piecesOf(heartbeats, pieceSize)) {
    show({ done, total: heartbeats.length });
    const answer = await ask('POST', '/api/v1/users/current/heartbeats.bulk', piece);
    if (!answer.ok) return answer.reason;
    done += piece.length;
  }
  return '';
}

/** `fetch` does not tell how much of a body was sent. */
function upload(path: string, body: File, show: (progress: Progress) => void): Promise<string> {
  const request = new XMLHttpRequest();
  return new Promise((resolve) => {
    request.upload.onprogress = ({ loaded, total }) => show({ done: loaded, total });
    request.onload = () => resolve(request.status < 400 ? '' : request.responseText.slice(0, 500));
    request.onerror = () => resolve('the hub cannot be reached');
    request.open('POST', pathTo(path));
    request.setRequestHeader('content-type', 'application/json');
    request.send(body);
  });
}
