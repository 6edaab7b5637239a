// Decides whether the clock is right before data is removed because of its age. A clock that jumps far ahead (a dead battery, a wrong setting)
// would make everything too old at once, and what is removed does not come back. So after a jump nothing is removed until the clock has shown
// times of one more day without jumping again. The moments are stored: a machine that is off every night is not one whose clock jumps.

import { type Static, Type } from '@sinclair/typebox';
import { compile } from '../../protocol/check.ts';
import type { Hub } from '../core/hub.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** A step of the clock, between two calls, that is not a jump: a night or a day off. */
const longestStepMs = 1.5 * dayMs;
const channelName = '@hub/clock';
const key = 'retention';

/** Milliseconds since 1970: the last moment that was believed; and since when later ones are waited for. */
const Moments = Type.Object({ believed: Type.Number(), since: Type.Optional(Type.Number()) });
type Moments = Static<typeof Moments>;
const check = compile(Moments);
const isMoments = (value: unknown): value is Moments => check(value);

export class TrustedClock {
  readonly #hub: Hub;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** Looks at the clock. @returns whether data may be removed that is too old by it */
  async isTrusted(): Promise<boolean> {
    const now = this.#hub.world.now();
    const channel = await this.#hub.channel(channelName);
    const [item] = await channel.read({ key });
    const stored: unknown = item === undefined ? undefined : JSON.parse(item.value);
    const next = nextMoments(isMoments(stored) ? stored : undefined, now);
    const value = JSON.stringify(next);
    if (value !== item?.value) {
      await channel.write({ ops: [{ op: 'put', key, value }], origin: 'hub', at: now });
      if (next.since === now)
        this.#hub.world.log.warn(
          { before: next.believed, now },
          'day: the clock moved far ahead: data expires again when it has run for a day',
        );
    }
    return next.since === undefined;
  }
}

function nextMoments(stored: Moments | undefined, now: number): Moments {
  if (stored === undefined) return { believed: now };
  const { believed, since } = stored;
  if (now <= believed) {
    // Nothing is too old by a clock that was set back.
    return believed - now < hourMs ? { believed } : { believed: now };
  }
  if (now - believed <= longestStepMs)
    return now - believed < hourMs && since === undefined ? stored : { believed: now };
  const waited = since === undefined ? Number.NaN : now - since;
  if (waited >= dayMs && waited <= dayMs + longestStepMs) return { believed: now };
  return waited >= 0 && waited < dayMs ? stored : { believed, since: now };
}
