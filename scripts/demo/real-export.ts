// One day with the shape of a real export: 2,427 window, 1,280 browser and 71 AFK events in 17.3 hours, of which 54 AFK events overlap; 35 %
// of the window events last no time, and the browser does not say where it runs.

import { Chance } from '../../server/commands/demo/chance.ts';
import type { DemoBucket, DemoEvent } from '../../server/commands/demo/generate.ts';
import { pages, titles } from '../../server/commands/demo/people.ts';

export const exportShape = { window: 2_427, web: 1_280, afk: 71, overlapping: 54, hours: 17.3 } as const;

/** @param from when the day begins: milliseconds since 1970 */
export function generateExport(seed: number, from: number): readonly DemoBucket[] {
  const chance = new Chance(seed);
  const length = exportShape.hours * 3_600_000;
  const at = (count: number, index: number): number =>
    from + Math.round((index / count) * length + chance.number() * (length / count));
  const windows = Array.from({ length: exportShape.window }, (_, index): DemoEvent => {
    const browses = index % 2 === 0;
    return makeEvent(at(exportShape.window, index), Math.min(chance.glance(), 20), {
      app: browses ? 'firefox' : chance.one(['code', 'kitty', 'Slack']),
      title: chance.one(titles),
    });
  });
  const web = Array.from({ length: exportShape.web }, (_, index): DemoEvent => {
    const [url, title] = chance.one(pages);
    return makeEvent(at(exportShape.web, index), Math.min(chance.glance(), 40), {
      url,
      title,
      audible: false,
      incognito: false,
    });
  });
  return [
    {
      id: 'aw-watcher-window_anvil',
      type: 'currentwindow',
      client: 'aw-watcher-window',
      hostname: 'anvil',
      events: windows,
    },
    {
      id: 'aw-watcher-afk_anvil',
      type: 'afkstatus',
      client: 'aw-watcher-afk',
      hostname: 'anvil',
      events: absences(chance, from, length),
    },
    {
      id: 'aw-watcher-web-firefox',
      type: 'web.tab.current',
      client: 'aw-watcher-web-firefox',
      hostname: 'unknown',
      events: web,
    },
  ];
}

/** 17 events apart from one another, and 54 in pairs of which each covers a part of the other. */
function absences(chance: Chance, from: number, length: number): readonly DemoEvent[] {
  const alone = exportShape.afk - exportShape.overlapping;
  const slots = alone + exportShape.overlapping / 2;
  const slot = length / slots;
  const events: DemoEvent[] = [];
  for (let index = 0; index < slots; index += 1) {
    const begin = from + index * slot;
    const status = chance.happens(0.6) ? 'not-afk' : 'afk';
    const seconds = (slot * (0.5 + chance.number() * 0.4)) / 1_000;
    events.push(makeEvent(begin, seconds, { status }));
    if (index >= alone)
      events.push(makeEvent(begin + 1_000 + chance.number() * seconds * 500, seconds * 0.45, { status: 'not-afk' }));
  }
  return events;
}

function makeEvent(at: number, duration: number, data: Readonly<Record<string, unknown>>): DemoEvent {
  return { timestamp: new Date(Math.round(at)).toISOString(), duration: Math.round(duration * 1_000) / 1_000, data };
}
