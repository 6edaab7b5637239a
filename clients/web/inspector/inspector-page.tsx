// The inspector: who is connected, which channels there are, and every change that passes.

import { useState } from 'preact/hooks';
import type { Texts } from '../languages/languages.ts';
import { ago } from '../shared/ago.ts';
import { ManagedPage } from '../shared/managed-page.tsx';
import { useWire, type Wire } from './use-wire.ts';
import { channelRows } from './wire-log.ts';

const figures = ['version', 'sessions', 'behind', 'accounts', 'channels', 'items', 'steps'] as const;

export function InspectorPage({ texts }: { texts: Texts }) {
  const wire = useWire();
  const { log, isLive } = wire;
  const words = {
    tone: isLive ? 'live' : 'connecting',
    state: texts.text(isLive ? 'live.live' : 'live.connecting'),
    detail: '',
  } as const;
  return (
    <ManagedPage texts={texts} title={texts.text('nav.inspector')} words={words} refused={log.refusal}>
      <dl class="figures">
        {figures.map((name) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{String(log.stats[name] ?? '–')}</dd>
          </div>
        ))}
      </dl>
      <div class="manage">
        <Connections wire={wire} texts={texts} />
        <Changes wire={wire} texts={texts} />
        <Channels wire={wire} texts={texts} />
      </div>
    </ManagedPage>
  );
}

interface PartProps {
  readonly wire: Wire;
  readonly texts: Texts;
}

function Connections({ wire, texts }: PartProps) {
  return (
    <section class="card wide">
      <h2>{texts.text('inspector.connections')}</h2>
      <ul class="rows">
        {wire.log.sessions.map(({ session, account, device, peer, since, following, behind }) => (
          <li key={session} class="row" data-session={session}>
            <div class="row-what">
              <strong>{account || '–'}</strong> <code>{device}</code>
              <p class="hint">
                {[peer, ago(since, Date.now(), texts.locale), following.join(', ')]
                  .filter((part) => part !== '')
                  .join(' · ')}
                {behind && ` · ${texts.text('inspector.behind')}`}
              </p>
            </div>
            <button type="button" onClick={() => wire.kick(session)}>
              {texts.text('inspector.close')}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Changes({ wire, texts }: PartProps) {
  const [pattern, setPattern] = useState('*');
  const clock = new Intl.DateTimeFormat(texts.locale, { timeStyle: 'medium' });
  return (
    <section class="card wide">
      <h2>{texts.text('inspector.changes')}</h2>
      <form
        class="token-line"
        onSubmit={(event) => {
          event.preventDefault();
          wire.tail(pattern.trim());
        }}
      >
        <input
          aria-label={texts.text('inspector.pattern')}
          value={pattern}
          spellcheck={false}
          autocapitalize="none"
          onInput={({ currentTarget }) => setPattern(currentTarget.value)}
        />
        <button type="submit">{texts.text('inspector.follow')}</button>
        <button type="button" aria-pressed={wire.isPaused} onClick={() => wire.pause(!wire.isPaused)}>
          {texts.text('inspector.pause')}
        </button>
      </form>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reached by the keyboard */}
      <section class="twin-scroll" tabIndex={0} aria-label={texts.text('inspector.changes')}>
        <table class="log">
          <tbody>
            {wire.log.changes.map(({ channel, type, seq, key, device, at, text }) => (
              <tr key={`${channel} ${seq}`} data-change={type}>
                <td>{clock.format(at)}</td>
                <th scope="row">{channel}</th>
                <td class="number">{seq}</td>
                <td>{type}</td>
                <td>{key}</td>
                <td>{device}</td>
                <td>
                  <code>{text}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {wire.log.changes.length === 0 && <p class="hint">{texts.text('inspector.none')}</p>}
    </section>
  );
}

function Channels({ wire, texts }: PartProps) {
  return (
    <section class="card wide">
      <h2>{texts.text('inspector.channels')}</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reached by the keyboard */}
      <section class="twin-scroll" tabIndex={0} aria-label={texts.text('inspector.channels')}>
        <table>
          <thead>
            <tr>
              <th scope="col">{texts.text('inspector.channel')}</th>
              <th scope="col" class="number">
                {texts.text('inspector.position')}
              </th>
              <th scope="col" class="number">
                {texts.text('inspector.items')}
              </th>
              <th scope="col">{texts.text('inspector.here')}</th>
            </tr>
          </thead>
          <tbody>
            {channelRows(wire.log).map(({ channel, seq, items, here }) => (
              <tr key={channel} data-channel={channel}>
                <th scope="row">{channel}</th>
                <td class="number">{seq}</td>
                <td class="number">{items}</td>
                <td>{here}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}
