// The connection's state machine and the keyboard map.

import { describe, expect, test } from '@jest/globals';
import { textsFor } from '../../../../clients/web/languages/languages.ts';
import { roomLanguages } from '../../../../clients/web/languages/room.ts';
import { begin, type LinkEvent, type RoomLink, step, words } from '../../../../clients/web/room/connection.ts';
import { actionOf, keys } from '../../../../clients/web/room/keys.ts';

function run(link: RoomLink, ...events: readonly (readonly [LinkEvent['type'] | number, number])[]): RoomLink {
  return events.reduce(
    (before, [type, now]) =>
      step(
        before,
        typeof type === 'number'
          ? { type: 'refused', status: type }
          : type === 'refused'
            ? { type, status: 500 }
            : { type },
        now,
        0.5,
      ),
    link,
  );
}

describe('the connection', () => {
  test('is live from the first message, and stays live while messages arrive', () => {
    expect(run(begin(0), ['heard', 100], ['tick', 14_000], ['heard', 14_500], ['tick', 29_000])).toEqual({
      state: 'live',
      heard: 14_500,
    });
  });

  test('silence for longer than three keep-alives is a lost connection', () => {
    expect(run(begin(0), ['heard', 0], ['tick', 15_000]).state).toBe('live');
    expect(run(begin(0), ['heard', 0], ['tick', 15_001])).toEqual({ state: 'waiting', tries: 1, until: 15_501 });
  });

  test('it waits longer each time, but never more than some ten seconds, and starts afresh once it was live', () => {
    let link = run(begin(0), ['heard', 0], ['lost', 0]);
    const waits: number[] = [];
    for (let tries = 0; tries < 7; tries += 1) {
      if (link.state !== 'waiting') throw new Error(link.state);
      waits.push(link.until);
      link = run(link, ['tick', link.until], ['lost', 0]);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    expect(run(link, ['wake', 0], ['heard', 0], ['lost', 0])).toMatchObject({ until: 500 });
  });

  test('pages that lose the hub together reconnect at different times', () => {
    const live = run(begin(0), ['heard', 0]);
    const [soon, late] = [0, 1].map((random) => step(live, { type: 'lost' }, 0, random));
    expect([soon, late]).toMatchObject([{ until: 375 }, { until: 625 }]);
  });

  test('an attempt without an answer is given up after ten seconds', () => {
    expect(run(begin(0), ['tick', 10_000]).state).toBe('connecting');
    expect(run(begin(0), ['tick', 10_001]).state).toBe('waiting');
  });

  test('a refusal of the hub ends the attempts; an error of a gateway does not', () => {
    for (const status of [401, 403, 404])
      expect(run(begin(0), [status, 1], ['tick', 60_000])).toEqual({ state: 'refused', status });
    for (const status of [429, 500, 502, 503]) expect(run(begin(0), [status, 1]).state).toBe('waiting');
    expect(run(begin(0), [401, 1], ['wake', 2]).state).toBe('connecting');
  });

  test('being looked at again ends a wait at once, and disturbs nothing else', () => {
    expect(run(begin(0), ['heard', 0], ['lost', 0], ['wake', 1]).state).toBe('connecting');
    const live = run(begin(0), ['heard', 0]);
    expect(run(live, ['wake', 5])).toBe(live);
  });

  test('every state has words', async () => {
    const texts = await textsFor(['en'], roomLanguages);
    const lost = run(begin(0), ['heard', 0], ['lost', 0]);
    expect(words(begin(0), 0, true, texts).state).toBe('Connecting…');
    expect(words(run(begin(0), ['heard', 0]), 0, true, texts).state).toBe('Connected');
    expect(words(lost, 0, true, texts)).toEqual({ state: 'Connection lost', detail: ', next try in 1 s' });
    expect(words(run(lost, ['wake', 1]), 1, true, texts)).toEqual({
      state: 'Connection lost',
      detail: ', trying again…',
    });
    expect(words(lost, 0, false, texts).state).toBe('You are offline');
    expect(words(run(begin(0), [401, 1]), 1, true, texts).state).toBe('For members only');
    expect(words(run(begin(0), [404, 1]), 1, true, texts).state).toBe('There is no such room');
  });
});

describe('keys', () => {
  const free = { modified: false, repeated: false, taken: false };

  test('space, n, b, ? and Enter do what the key list describes', () => {
    expect([' ', 'n', 'N', 'b', '?', 'x', 'Enter'].map((key) => actionOf({ key, ...free }))).toEqual([
      'start-or-stop',
      'turn',
      'turn',
      'break',
      'keys',
      undefined,
      'next',
    ]);
    expect(keys.map(({ label }) => label)).toEqual(['space', 'Enter', 'n', 'b', '+', 'f', '?']);
  });

  test('a key belongs to a field, a button, the browser or a held-down finger first', () => {
    for (const other of [{ modified: true }, { repeated: true }, { taken: true }]) {
      expect(actionOf({ key: ' ', ...free, ...other })).toBeUndefined();
    }
  });
});
