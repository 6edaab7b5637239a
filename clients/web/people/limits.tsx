// The limits of all accounts, or of one: what is used of them, and a field to change each.

import { useEffect, useState } from 'preact/hooks';
import type { Texts } from '../languages/languages.ts';
import { askWire } from '../shared/ask-wire.ts';
import { type LimitRow, limitIn, limitText } from './limits-view.ts';

export interface LimitsProps {
  readonly texts: Texts;
  /** '' for all accounts. */
  readonly account: string;
}

export function Limits({ texts, account }: LimitsProps) {
  const [rows, setRows] = useState<readonly LimitRow[]>([]);
  const [problem, setProblem] = useState('');
  const about = account === '' ? {} : { account };
  const ask = async (change: object = {}) => {
    const answer = await askWire<{ readonly limits: readonly LimitRow[] }>({ type: 'limits', ...about, ...change });
    setProblem(answer.ok ? '' : answer.reason);
    if (answer.ok && !('name' in change)) setRows(answer.value.limits);
    if (answer.ok && 'name' in change) await ask();
  };
  useEffect(() => void ask(), [account]);
  const change = (name: string, typed: string) => {
    const size = limitIn(typed);
    if (size === undefined) setProblem(texts.text('limits.wrong'));
    else void ask({ name, size });
  };
  return (
    <>
      <div class="fields limits">
        {rows.map((row) => (
          <label key={row.name}>
            <span>
              <code>{row.name}</code> <span class="hint">{row.about}</span>
            </span>
            <input
              name={row.name}
              spellcheck={false}
              autocapitalize="none"
              placeholder={limitText(row.default, row, texts.locale)}
              value={row.size === row.default ? '' : limitText(row.size, row, 'en')}
              onChange={({ currentTarget }) => change(row.name, currentTarget.value)}
            />
            {row.used !== undefined && (
              <span class="hint">
                {texts.text('limits.used', {
                  used: limitText(row.used, row, texts.locale),
                  size: limitText(row.size, row, texts.locale),
                })}
              </span>
            )}
          </label>
        ))}
      </div>
      <p role="alert">{problem}</p>
    </>
  );
}
