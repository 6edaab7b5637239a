// Links by which calendar programs show a person's time: made, copied and ended here.

import { useState } from 'preact/hooks';
import { CopyLines } from '../shared/copy-lines.tsx';
import type { ReportPartProps } from './live-report.ts';

export function FeedsCard({ shown, live, texts }: Omit<ReportPartProps, 'format'>) {
  const [titles, showTitles] = useState(false);
  const [problem, setProblem] = useState('');
  const send = async (method: 'POST' | 'DELETE', path: string, body?: object) => {
    const answer = await live.live.send(method, path, body);
    setProblem(answer.ok ? '' : answer.reason);
    await live.ask();
  };
  return (
    <section class="card">
      <h2>{texts.text('reports.feeds')}</h2>
      <p class="hint">{texts.text('reports.feeds-hint')}</p>
      <ul class="plain-list">
        {shown.feeds.map(({ id, url, days, titles: hasTitles }) => (
          <li key={id} data-feed={id}>
            <p class="hint">
              {texts.text('reports.feed-about', { days })},{' '}
              {texts.text(hasTitles ? 'reports.feed-titles' : 'reports.feed-projects')}
            </p>
            <CopyLines texts={texts} lines={[url]} />
            <button
              type="button"
              aria-label={`${texts.text('reports.feed-end')}: ${url}`}
              onClick={() => void send('DELETE', `/-/feeds/${encodeURIComponent(id)}`)}
            >
              {texts.text('reports.feed-end')}
            </button>
          </li>
        ))}
      </ul>
      <label class="switch">
        <input type="checkbox" checked={titles} onChange={() => showTitles(!titles)} />
        {texts.text('reports.feed-titles')}
      </label>
      <p class="buttons">
        <button type="button" onClick={() => void send('POST', '/-/feeds', { titles })}>
          {texts.text('reports.feed-make')}
        </button>
      </p>
      <p role="alert">{problem}</p>
    </section>
  );
}
