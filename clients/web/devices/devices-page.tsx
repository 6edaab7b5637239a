// The page of devices and tokens: whether everything is flowing, browsers that are signed in, a phone to pair, and tokens.

import type { Texts } from '../languages/languages.ts';
import { pathTo } from '../shared/address.ts';
import { ago } from '../shared/ago.ts';
import { ManagedPage, polledWords } from '../shared/managed-page.tsx';
import { type ListedToken, TokenList } from '../shared/token-list.tsx';
import { usePolled } from '../shared/use-polled.ts';
import { type DevicesAnswer, type FlowingTool, flowOf } from './devices-view.ts';
import { MakeToken } from './make-token.tsx';
import { PairPhone } from './pair-phone.tsx';

export function DevicesPage({ texts }: { texts: Texts }) {
  const devices = usePolled<DevicesAnswer>('/-/devices');
  const tokens = usePolled<{ readonly tokens: readonly ListedToken[] }>('/-/tokens');
  const refused = devices.status === 401 ? devices.problem : '';
  const all = tokens.value?.tokens ?? [];
  const now = (devices.value?.now ?? Date.now() * 1_000) / 1_000;
  const note = ({ id }: ListedToken) => noteOf(id, devices.value, now, texts);
  const list = (kind: ListedToken['kind']) => (
    <TokenList
      texts={texts}
      tokens={all.filter((token) => token.kind === kind).sort((a, b) => (b.used ?? 0) - (a.used ?? 0))}
      now={now}
      note={note}
      changed={() => void Promise.all([tokens.again(), devices.again()])}
    />
  );
  return (
    <ManagedPage texts={texts} title={texts.text('nav.devices')} words={polledWords(devices, texts)} refused={refused}>
      <div class="manage">
        <section class="card wide">
          <h2>{texts.text('devices.tools')}</h2>
          <Tools devices={devices.value} texts={texts} />
        </section>
        <section class="card">
          <h2>{texts.text('devices.browsers')}</h2>
          {list('session')}
          {tokens.value !== undefined && !all.some(({ kind }) => kind === 'session') && (
            <p class="hint">{texts.text('devices.no-browsers')}</p>
          )}
          <PairPhone texts={texts} />
        </section>
        <section class="card">
          <h2>{texts.text('devices.tokens')}</h2>
          {list('token')}
          <MakeToken texts={texts} made={() => void tokens.again()} />
        </section>
      </div>
    </ManagedPage>
  );
}

function noteOf(id: string, devices: DevicesAnswer | undefined, now: number, texts: Texts): string {
  const count = devices?.connections.filter(({ token }) => token === id).length ?? 0;
  const edge = devices?.edges.find(({ token }) => token === id);
  return [
    count > 0 ? texts.text('devices.connected') : '',
    edge === undefined
      ? ''
      : texts.text('devices.edge', { count: edge.waiting, time: ago(edge.at, now, texts.locale) }),
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

function Tools({ devices, texts }: { devices: DevicesAnswer | undefined; texts: Texts }) {
  if (devices === undefined) return <p class="hint">{texts.text('loading')}</p>;
  if (devices.tools.length === 0) {
    return (
      <p class="hint">
        {texts.text('set-up.first')} <a href={pathTo('/set-up')}>{texts.text('empty.connect')}</a>
      </p>
    );
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reached by the keyboard
    <section class="twin-scroll" data-table="tools" tabIndex={0} aria-label={texts.text('devices.tools')}>
      <table>
        <thead>
          <tr>
            <th scope="col">{texts.text('devices.tool')}</th>
            <th scope="col">{texts.text('devices.machine')}</th>
            <th scope="col">{texts.text('devices.last')}</th>
            <th scope="col" class="number">
              {texts.text('today')}
            </th>
          </tr>
        </thead>
        <tbody>
          {devices.tools.map((tool) => (
            <Tool key={`${tool.kind} ${tool.name} ${tool.device}`} tool={tool} now={devices.now} texts={texts} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Tool({ tool, now, texts }: { tool: FlowingTool; now: number; texts: Texts }) {
  const { kind, name, device, last, today, isMore } = tool;
  const flow = flowOf(tool, now);
  const shown = kind === 'tasks' || kind === 'mob' ? texts.text(`lane.${kind === 'mob' ? 'mob' : 'task'}`) : name;
  return (
    <tr data-flow={flow}>
      <th scope="row">{shown === '' ? texts.text('devices.unnamed') : shown}</th>
      <td>{device === '' ? '–' : device}</td>
      <td>
        <span class="flow" aria-hidden="true" /> {ago(last / 1_000, now / 1_000, texts.locale)}
        <span class="unseen"> ({texts.text(`flow.${flow}`)})</span>
      </td>
      <td class="number">
        <data value={today}>{isMore ? `${today}+` : today}</data>
      </td>
    </tr>
  );
}
