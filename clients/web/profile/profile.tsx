// The page of a person: what they share with everybody, as WakaTime's API answers it.

import { useState } from 'preact/hooks';
import type { Texts } from '../languages/languages.ts';
import { openPage } from '../shared/frame.ts';
import { dataRecord, type NamedSeconds, namedSeconds } from '../shared/hub-values.ts';
import { LiveAnswer } from '../shared/live-answer.ts';
import { LivePage } from '../shared/live-page.tsx';
import { NamedBars, namedTable } from '../shared/named-bars.tsx';
import { TableTwin } from '../shared/table-twin.tsx';
import { TimeFormat } from '../shared/time-format.ts';
import { useLive } from '../shared/use-live.ts';

const lists = [
  ['languages', 'trends.languages'],
  ['projects', 'projects'],
  ['editors', 'trends.editors'],
] as const;

interface Profile {
  readonly name: string;
  /** Seconds of the last seven days; undefined if they are not shared. */
  readonly total: number | undefined;
  readonly lists: Readonly<Record<string, readonly NamedSeconds[]>>;
}

function ProfilePage({ texts, name }: { texts: Texts; name: string }) {
  const live = useLive(
    (changed) =>
      new LiveAnswer<Profile>({
        changed,
        load: async (connection) => {
          const address = `/api/v1/users/${encodeURIComponent(name)}`;
          const person = await connection.get(address);
          if (!person.ok) return { ok: true, value: { name: '', total: undefined, lists: {} } };
          const stats = await connection.get(`${address}/stats/last_7_days`);
          const data = stats.ok ? dataRecord(stats.value) : {};
          const total = data['total_seconds'];
          return {
            ok: true,
            value: {
              name: String(dataRecord(person.value)['display_name'] ?? name),
              total: typeof total === 'number' ? total : undefined,
              lists: Object.fromEntries(lists.map(([key]) => [key, namedSeconds(data[key])])),
            },
          };
        },
      }),
    [name],
  );
  const format = new TimeFormat(texts, 'UTC');
  const { value } = live;
  const [tableShown, showTable] = useState(location.hash === '#table');
  const shown = lists.flatMap(([key, title]) => {
    const rows = value?.lists[key] ?? [];
    return rows.length === 0 ? [] : [{ key, title: texts.text(title), rows }];
  });
  return (
    <LivePage
      texts={texts}
      title={value === undefined || value.name === '' ? name : value.name}
      subtitle={texts.text('leaders.range')}
      source={live}
      format={format}
      deeds={shown.length > 0 ? { table: { does: 'keys.table', run: () => showTable(!tableShown) } } : {}}
      content={() => (
        <>
          <p class="sentence">
            {value?.name === ''
              ? texts.text('profile.nobody', { name })
              : value?.total === undefined
                ? texts.text('profile.nothing')
                : format.duration(value.total * 1_000_000)}
          </p>
          <div class="lists">
            {shown.map(({ key, title, rows }) => (
              <NamedBars key={key} title={title} rows={rows} format={format} />
            ))}
          </div>
          {shown.length > 0 && (
            <TableTwin
              tables={tableShown ? shown.map(({ key, title, rows }) => namedTable(key, title, rows, texts)) : []}
              file="profile"
              texts={texts}
              isOpen={tableShown}
              toggle={showTable}
            />
          )}
        </>
      )}
    />
  );
}

await openPage('profile', (texts, path) => (
  <ProfilePage texts={texts} name={decodeURIComponent(path.split('/')[2] ?? '')} />
));
