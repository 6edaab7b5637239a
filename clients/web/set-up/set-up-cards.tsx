// One card for each kind of tool: the lines to paste, with this hub's address in them, and whether the first event has arrived.

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { TextKey } from '../languages/en.ts';
import type { Texts } from '../languages/languages.ts';
import { copy } from '../shared/copy.ts';
import { remembered } from '../shared/settings.ts';
import { addressesOf } from './addresses.ts';
import type { ArrivedTool } from './arrivals.ts';
import { makeToken } from './make-token.ts';

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
  const addresses = addressesOf(location, kronosPort);
  const shownToken = token === '' ? `<${texts.text('set-up.token-place')}>` : token;
  const make = async () => {
    // Without a token this is the owner of a personal hub; the token that the SDK made for this browser may do less.
    const made = await makeToken(remembered().token, 'WakaTime', ['read:wakatime', 'write:wakatime']);
    if (made.ok) setToken(made.secret);
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
            <Lines texts={texts} lines={['[settings]', `api_url = ${addresses.wakatime}`, `api_key = ${shownToken}`]} />
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
            <Lines
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
            <Lines texts={texts} lines={['kronos add water the plants', 'kronos start 1']} />
            <p class="hint">
              {addresses.kronos !== '' && texts.text('set-up.vim-hint', { address: addresses.kronos })}{' '}
              <a href="/tasks">{texts.text('nav.tasks')}</a>
            </p>
          </>,
        )}
        {card(
          'mob',
          'set-up.mob',
          <>
            <p>{texts.text('set-up.mob-hint')}</p>
            <Lines
              texts={texts}
              lines={[`export MOB_TIMER_URL=${addresses.hub}`, 'export MOB_TIMER_ROOM=my-room', 'mob timer 10']}
            />
            <p class="hint">
              <a href="/rooms">{texts.text('nav.rooms')}</a>
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

function Lines({ texts, lines }: { texts: Texts; lines: readonly string[] }) {
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
