// Today without time: how to connect each tool where nothing has arrived yet, and a hint otherwise.

import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';
import type { Connection } from '../../typescript/index.ts';
import type { Texts } from '../languages/languages.ts';
import { SetUpCards } from '../set-up/set-up-cards.tsx';
import { useArrivals } from '../set-up/use-arrivals.ts';

interface FirstDayProps {
  readonly connection: Connection;
  readonly texts: Texts;
  /** The port of Kronos clients; '' if there is none. */
  readonly kronosPort: string;
  /** The content when something arrived on other days. */
  readonly otherwise: ComponentChild;
}

export function FirstDay({ connection, texts, kronosPort, otherwise }: FirstDayProps) {
  const arrivals = useArrivals(connection);
  // Cards that were open stay, with their ticks, until the day has time to show.
  const [isNew, setNew] = useState(false);
  if (arrivals?.size === 0 && !isNew) setNew(true);
  if (arrivals === undefined) return <p class="hint">{texts.text('loading')}</p>;
  if (!isNew) return otherwise;
  return <SetUpCards texts={texts} arrived={arrivals} kronosPort={kronosPort} isFirst />;
}
