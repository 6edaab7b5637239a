// The pages that every page leads to: by the palette, and by `g` and a letter. Their names are the texts `nav.<name>`.

import type { TextKey } from '../languages/en.ts';

export interface PagePlace {
  readonly name: TextKey;
  readonly path: string;
  /** `g t`; '' if there are none. */
  readonly keys: string;
}

export const places: readonly PagePlace[] = [
  { name: 'nav.day', path: '/day', keys: 'g t' },
  { name: 'nav.week', path: '/week', keys: 'g w' },
  { name: 'nav.month', path: '/month', keys: 'g m' },
  { name: 'nav.trends', path: '/trends', keys: 'g n' },
  { name: 'nav.reports', path: '/reports', keys: 'g e' },
  { name: 'nav.projects', path: '/projects', keys: 'g p' },
  { name: 'nav.tasks', path: '/tasks', keys: 'g k' },
  { name: 'nav.rooms', path: '/rooms', keys: 'g r' },
  { name: 'nav.goals', path: '/goals', keys: 'g o' },
  { name: 'nav.rules', path: '/rules', keys: 'g u' },
  { name: 'nav.history', path: '/history', keys: 'g h' },
  { name: 'nav.devices', path: '/devices', keys: 'g d' },
  { name: 'nav.settings', path: '/settings', keys: 'g s' },
  { name: 'nav.leaderboards', path: '/leaderboards', keys: '' },
  { name: 'nav.set-up', path: '/set-up', keys: '' },
  { name: 'nav.help', path: '/help', keys: '' },
];
