// A day without time: what there is instead.

import type { Texts } from '../languages/languages.ts';
import { pathTo } from '../shared/address.ts';
import { shiftDate } from '../shared/dates.ts';

export function EmptyDay({ texts, date, isToday }: { texts: Texts; date: string; isToday: boolean }) {
  return (
    <section class="empty">
      <p class="sentence">{texts.text(isToday ? 'empty.today' : 'empty.past')}</p>
      {isToday && <p class="hint">{texts.text('empty.hint')}</p>}
      <p class="buttons">
        <a class="button" href={pathTo(`/day/${shiftDate(date, -1)}`)}>
          {texts.text('empty.yesterday')}
        </a>
        {isToday && (
          <a class="button" href={pathTo('/set-up')}>
            {texts.text('empty.connect')}
          </a>
        )}
      </p>
    </section>
  );
}
