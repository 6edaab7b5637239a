// The page of changes: what was changed, by which device, and the way back.

import { useMemo, useState } from 'preact/hooks';
import type { Change } from '../../typescript/index.ts';
import type { Texts } from '../languages/languages.ts';
import { pathTo } from '../shared/address.ts';
import { Dialog } from '../shared/dialog.tsx';
import { openPage } from '../shared/frame.ts';
import { LiveAnswer, type LoadedAnswer } from '../shared/live-answer.ts';
import type { LiveConnection } from '../shared/live-connection.ts';
import { LivePage } from '../shared/live-page.tsx';
import { TableTwin } from '../shared/table-twin.tsx';
import { TimeFormat } from '../shared/time-format.ts';
import { useLive } from '../shared/use-live.ts';
import {
  type HistoryChannel,
  type HistoryRow,
  historyChannels,
  historyRows,
  isHistoryChannel,
} from './history-view.ts';

const pageSize = 100;

interface Changes {
  readonly zone: string;
  readonly changes: readonly Change<unknown>[];
  /** The newest step of each channel. */
  readonly newest: ReadonlyMap<string, number>;
}

/** @param only a channel, or undefined for all */
async function loadChanges(
  { connection }: LiveConnection,
  only: HistoryChannel | undefined,
): Promise<LoadedAnswer<Changes>> {
  const names = only === undefined ? historyChannels : [only];
  const today = await connection.day('today');
  const answers = await Promise.all(names.map((name) => connection.channel(name).history({ limit: pageSize })));
  const changes = answers.flatMap((answer) => (answer.ok ? answer.changes : []));
  const refused = answers.find((answer) => !answer.ok);
  if (refused?.ok === false && answers.every((answer) => !answer.ok)) return { ok: false, reason: refused.error };
  const newest = new Map(
    answers.flatMap((answer, at) => (answer.ok ? [[names[at] ?? '', answer.position.seq] as const] : [])),
  );
  return { ok: true, value: { zone: today.ok ? today.day.zone : 'UTC', changes, newest } };
}

function HistoryPage({ texts }: { texts: Texts }) {
  const channel = new URLSearchParams(location.search).get('channel') ?? '';
  const [only, setOnly] = useState<HistoryChannel | undefined>(isHistoryChannel(channel) ? channel : undefined);
  const live = useLive(
    (changed) =>
      new LiveAnswer<Changes>({
        changed,
        channels: historyChannels,
        load: (connection) => loadChanges(connection, only),
      }),
    [only],
  );
  const [opened, open] = useState<HistoryRow>();
  const [tableShown, showTable] = useState(location.hash === '#table');
  const { value } = live;
  const format = useMemo(() => new TimeFormat(texts, value?.zone ?? 'UTC'), [texts, value?.zone]);
  const rows = useMemo(() => historyRows(value?.changes ?? []), [value]);
  const choose = (name: string) => {
    setOnly(isHistoryChannel(name) ? name : undefined);
    history.replaceState(null, '', isHistoryChannel(name) ? `?channel=${name}` : pathTo('/history'));
  };
  return (
    <LivePage
      texts={texts}
      title={texts.text('nav.history')}
      source={live}
      format={format}
      neighbours={
        <select
          aria-label={texts.text('history.of')}
          value={only ?? ''}
          onChange={(event) => choose(event.currentTarget.value)}
        >
          <option value="">{texts.text('history.all')}</option>
          {historyChannels.map((name) => (
            <option key={name} value={name}>
              {texts.text(`history.${name}`)}
            </option>
          ))}
        </select>
      }
      deeds={{ table: { does: 'keys.table', run: () => showTable(!tableShown) } }}
      content={() => (
        <>
          {rows.length === 0 ? (
            <p class="sentence">{texts.text('history.empty')}</p>
          ) : (
            <ol class="card changes">
              {rows.slice(0, 2 * pageSize).map((row) => (
                <ChangeRow
                  key={`${row.channel} ${row.seq}`}
                  row={row}
                  texts={texts}
                  format={format}
                  open={() => open(row)}
                />
              ))}
            </ol>
          )}
          <TableTwin
            tables={tableShown ? [tableOf(rows, texts, format)] : []}
            file="history"
            texts={texts}
            isOpen={tableShown}
            toggle={showTable}
          />
          <Dialog
            title={texts.text('history.back')}
            open={opened !== undefined}
            close={() => open(undefined)}
            closeText={texts.text('edit.cancel')}
          >
            {opened !== undefined && (
              <GoBack
                row={opened}
                newest={value?.newest.get(opened.channel) ?? opened.seq}
                live={live}
                texts={texts}
                format={format}
                done={() => open(undefined)}
              />
            )}
          </Dialog>
        </>
      )}
    />
  );
}

function channelText(channel: string, texts: Texts): string {
  return isHistoryChannel(channel) ? texts.text(`history.${channel}`) : channel;
}

function tableOf(rows: readonly HistoryRow[], texts: Texts, format: TimeFormat) {
  return {
    name: 'changes',
    title: texts.text('nav.history'),
    columns: [
      texts.text('history.when'),
      texts.text('history.of'),
      texts.text('history.what'),
      texts.text('history.device'),
    ],
    rows: rows.map(({ at, channel, verb, name, device }) => [
      { text: format.moment(at * 1_000) },
      { text: channelText(channel, texts) },
      { text: texts.text(verb, { name }) },
      { text: device },
    ]),
  };
}

interface ChangeRowProps {
  readonly row: HistoryRow;
  readonly texts: Texts;
  readonly format: TimeFormat;
  readonly open: () => void;
}

function ChangeRow({ row: { at, channel, verb, name, device }, texts, format, open }: ChangeRowProps) {
  const what = texts.text(verb, { name });
  return (
    <li>
      <span class="soft">{format.moment(at * 1_000)}</span>
      <span class="change-what">
        <span class="tag">{channelText(channel, texts)}</span> {what}
      </span>
      <span class="soft change-device">{device}</span>
      <button type="button" aria-label={`${texts.text('history.undo')}: ${what}`} onClick={open}>
        {texts.text('history.undo')}
      </button>
    </li>
  );
}

interface GoBackProps extends Omit<ChangeRowProps, 'open'> {
  /** The newest step of the channel. */
  readonly newest: number;
  readonly live: LiveAnswer<Changes>;
  readonly done: () => void;
}

/** A channel goes back as a whole: what came after the change goes, too, and the dialog says how much that is. */
function GoBack({ row, newest, live, texts, format, done }: GoBackProps) {
  const [problem, setProblem] = useState('');
  const later = Math.max(0, newest - row.seq);
  const goBack = async () => {
    const channel = live.live.connection.channel(row.channel);
    const queued = await channel.revert(row.seq - 1);
    const outcome = queued.ok ? await queued.settled : queued;
    if (!outcome.ok) return setProblem(outcome.error);
    await live.ask();
    done();
  };
  return (
    <>
      <p>
        {texts.text('history.back-to', {
          channel: channelText(row.channel, texts),
          time: format.moment(row.at * 1_000),
          what: texts.text(row.verb, { name: row.name }),
        })}
      </p>
      {later > 0 && (
        <p class="hint">
          {texts.text(format.isOne(later) ? 'history.later-one' : 'history.later-other', { count: later })}
        </p>
      )}
      {problem !== '' && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <p class="buttons">
        <button type="button" class="primary" onClick={() => void goBack()}>
          {texts.text('history.back')}
        </button>
      </p>
    </>
  );
}

await openPage('history', (texts) => <HistoryPage texts={texts} />);
