// The page of leaderboards: the one of the hub, and private ones, as WakaTime's API answers them.

import { useState } from 'preact/hooks';
import type { Texts } from '../languages/languages.ts';
import { pathTo } from '../shared/address.ts';
import { openPage } from '../shared/frame.ts';
import { isObject } from '../shared/hub-values.ts';
import { dataOf, LiveAnswer } from '../shared/live-answer.ts';
import { LivePage } from '../shared/live-page.tsx';
import { TableTwin } from '../shared/table-twin.tsx';
import { TimeFormat } from '../shared/time-format.ts';
import { useLive } from '../shared/use-live.ts';

interface Leader {
  readonly rank: number;
  readonly running_total: { readonly total_seconds: number; readonly daily_average: number };
  readonly user: { readonly username: string | null; readonly display_name: string };
}

interface PrivateBoard {
  readonly id: string;
  readonly name: string;
}

interface Boards {
  readonly leaders: readonly Leader[];
  readonly boards: readonly PrivateBoard[];
}

function isLeader(value: unknown): value is Leader {
  return isObject(value) && isObject(value['running_total']) && isObject(value['user']);
}

function isBoard(value: unknown): value is PrivateBoard {
  return isObject(value) && typeof value['id'] === 'string' && typeof value['name'] === 'string';
}

function LeaderboardsPage({ texts, board }: { texts: Texts; board: string }) {
  const live = useLive(
    (changed) =>
      new LiveAnswer<Boards>({
        changed,
        load: async (connection) => {
          const own = '/api/v1/users/current/leaderboards';
          const [leaders, boards] = await Promise.all([
            connection.get(board === '' ? '/api/v1/leaders' : `${own}/${encodeURIComponent(board)}/leaders`),
            connection.get(own),
          ]);
          if (!leaders.ok) return leaders;
          const list = boards.ok ? dataOf(boards.value, isBoard) : [];
          return { ok: true, value: { leaders: dataOf(leaders.value, isLeader), boards: list } };
        },
      }),
    [board],
  );
  const [tableShown, showTable] = useState(location.hash === '#table');
  const format = new TimeFormat(texts, 'UTC');
  const { leaders = [], boards = [] } = live.value ?? {};
  const seconds = (amount: number) => format.duration(amount * 1_000_000);
  return (
    <LivePage
      texts={texts}
      title={boards.find(({ id }) => id === board)?.name ?? texts.text('nav.leaderboards')}
      subtitle={texts.text('leaders.range')}
      source={live}
      format={format}
      neighbours={
        boards.length > 0 && (
          <>
            <a class="button" href={pathTo('/leaderboards')}>
              {texts.text('leaders.all')}
            </a>
            {boards.map(({ id, name }) => (
              <a key={id} class="button" href={pathTo(`/leaderboards/${id}`)}>
                {name}
              </a>
            ))}
          </>
        )
      }
      deeds={{ table: { does: 'keys.table', run: () => showTable(!tableShown) } }}
      content={() => (
        <>
          {leaders.length === 0 ? (
            <p class="sentence">{texts.text('leaders.empty')}</p>
          ) : (
            <ol class="card leaders">
              {leaders.map(({ rank, user, running_total: total }) => (
                <li key={rank}>
                  <span class="rank">{rank}</span>
                  {user.username === null ? (
                    <span>{user.display_name}</span>
                  ) : (
                    <a href={pathTo(`/profile/${encodeURIComponent(user.username)}`)}>{user.display_name}</a>
                  )}
                  <data value={total.total_seconds}>{seconds(total.total_seconds)}</data>
                  <span class="soft">{texts.text('leaders.daily', { time: seconds(total.daily_average) })}</span>
                </li>
              ))}
            </ol>
          )}
          <p class="hint">{texts.text('leaders.hint')}</p>
          <TableTwin
            tables={
              tableShown
                ? [
                    {
                      name: 'leaders',
                      title: texts.text('nav.leaderboards'),
                      columns: ['#', texts.text('leaders.person'), texts.text('table.time')],
                      rows: leaders.map(({ rank, user, running_total: total }) => [
                        { text: String(rank) },
                        { text: user.display_name },
                        { duration: total.total_seconds * 1_000_000 },
                      ]),
                    },
                  ]
                : []
            }
            file="leaderboard"
            texts={texts}
            isOpen={tableShown}
            toggle={showTable}
          />
        </>
      )}
    />
  );
}

await openPage('leaderboards', (texts, path) => (
  <LeaderboardsPage texts={texts} board={decodeURIComponent(path.split('/')[2] ?? '')} />
));
