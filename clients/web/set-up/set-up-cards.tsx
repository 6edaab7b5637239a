// One card for each kind of tool: the lines to paste, with this hub's address in them, and whether the first event has arrived.

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { TextKey } from '../languages/en.ts';
import type { Texts } from '../languages/languages.ts';
import { hubUrl, pathTo } from '../shared/address.ts';
import { ask } from '../shared/ask.ts';
import { CopyLines } from '../shared/copy-lines.tsx';
import { addressesOf } from './addresses.ts';
import type { ArrivedTool } from './arrivals.ts';

export interface SetUpCardsProps {
  readonly texts: Texts;
  readonly arrived: ReadonlySet<ArrivedTool>;
  /** The port of Kronos clients; '' if there is none. */
  readonly kronosPort: string;
  /** True if the hub has nothing yet. */
  readonly isFirst?: boolean;
}

export function SetUpCards({ texts, arrived, kronosPort, isFirst }: SetUpCardsProps) {
  const [token, setToken] = useState('');
  const [refusal, setRefusal] = useState('');
  const addresses = addressesOf(location, hubUrl(), kronosPort);
  const shownToken = token === '' ? `<${texts.text('set-up.token-place')}>` : token;
  const make = async () => {
    const scopes = ['read:wakatime', 'write:wakatime'];
    const made = await ask<{ readonly secret: string }>('POST', '/-/tokens', { name: 'WakaTime', scopes });
    if (made.ok) setToken(made.value.secret);
    else setRefusal(made.reason);
  };
  const card = (tool: ArrivedTool, title: TextKey, content: ComponentChildren) => (
    <Card texts={texts} title={title} tool={tool} isArrived={arrived.has(tool)}>
      {content}
    </Card>
  );
  return (
    <div class="set-up">
      <p class="sentence">{texts.text(isFirst === true ? 'set-up.first' : 'set-up.again')}</p>
      <ul class="cards">
        {card(
          'wakatime',
          'set-up.wakatime',
          <>
            <p>{texts.text('set-up.wakatime-hint')}</p>
            <CopyLines
              texts={texts}
              lines={['[settings]', `api_url = ${addresses.wakatime}`, `api_key = ${shownToken}`]}
            />
            {token === '' && refusal === '' && (
              <button type="button" onClick={() => void make()}>
                {texts.text('set-up.make-token')}
              </button>
            )}
            <p class="hint" aria-live="polite">
              {token !== '' && texts.text('set-up.token-made')}
              {refusal !== '' && texts.text('set-up.token-refused', { reason: refusal })}{' '}
              {refusal !== '' && <code>horai token create</code>}
            </p>
          </>,
        )}
        {card(
          'aw',
          'set-up.aw',
          <>
            <p>{texts.text(addresses.isAwDefault ? 'set-up.aw-hint-default' : 'set-up.aw-hint')}</p>
            <CopyLines
              texts={texts}
              lines={['aw-watcher-afk', 'aw-watcher-window'].map((name) => `${name}${addresses.awOptions}`)}
            />
          </>,
        )}
        {card(
          'tasks',
          'set-up.tasks',
          <>
            <p>{texts.text('set-up.tasks-hint')}</p>
            <CopyLines texts={texts} lines={['kronos add water the plants', 'kronos start 1']} />
            <p class="hint">
              {addresses.kronos !== '' && texts.text('set-up.vim-hint', { address: addresses.kronos })}{' '}
              <a href={pathTo('/tasks')}>{texts.text('nav.tasks')}</a>
            </p>
          </>,
        )}
        {card(
          'mob',
          'set-up.mob',
          <>
            <p>{texts.text('set-up.mob-hint')}</p>
            <CopyLines
              texts={texts}
              lines={[`export MOB_TIMER_URL=${addresses.hub}`, 'export MOB_TIMER_ROOM=my-room', 'mob timer 10']}
            />
            <p class="hint">
              <a href={pathTo('/rooms')}>{texts.text('nav.rooms')}</a>
            </p>
          </>,
        )}
      </ul>
    </div>
  );
}

interface CardProps {
  readonly texts: Texts;
  readonly title: TextKey;
  readonly tool: ArrivedTool;
  readonly isArrived: boolean;
  readonly children: ComponentChildren;
}

function Card({ texts, title, tool, isArrived, children }: CardProps) {
  return (
    <li class="card tool" data-tool={tool} data-arrived={isArrived}>
      <h2>{texts.text(title)}</h2>
      <output class="arrival">
        <span class="tick" aria-hidden="true">
          {isArrived ? '✓' : '…'}
        </span>{' '}
        {texts.text(isArrived ? 'set-up.arrived' : 'set-up.waiting')}
      </output>
      {children}
    </li>
  );
}
