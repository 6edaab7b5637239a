// `horai import wakatime FILE|URL`: heartbeats into a running hub by the same door that plugins use. What is there already stays as
// it is, so a second run, after an interruption or for nothing, doubles nothing.

import type { Checkpoint } from './checkpoint.ts';
import { type HubDeps, ImportError } from './hub.ts';
import type { Source } from './wakatime-source.ts';

export interface Imported {
  /** Taken now, or there already. */
  readonly taken: number;
  /** What no server would take: without an entity, say. */
  readonly refused: number;
  readonly remarks: readonly string[];
}

/** @param told how far it is, after each batch */
export async function importHeartbeats(
  source: Source,
  hub: HubDeps,
  checkpoint: Checkpoint,
  told: (progress: string) => void,
): Promise<Imported> {
  let [taken, refused] = [0, 0];
  for await (const { heartbeats, mark, at } of source.batches(await checkpoint.read())) {
    if (heartbeats.length > 0) {
      const answer = await hub.post('api/v1/users/current/heartbeats.bulk', JSON.stringify(heartbeats));
      const fine = countTaken(answer);
      taken += fine;
      refused += heartbeats.length - fine;
    }
    await checkpoint.write(mark);
    told(`${taken} heartbeats … ${at}`.trimEnd());
  }
  await checkpoint.done();
  return { taken, refused, remarks: source.remarks };
}

function countTaken(answer: string): number {
  const { responses }: { responses?: unknown } = JSON.parse(answer);
  if (!Array.isArray(responses)) throw new ImportError('The hub gave an answer that is not understood.');
  return responses.filter((one) => Array.isArray(one) && one[1] === 201).length;
}
