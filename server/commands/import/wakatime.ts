// `horai import wakatime FILE|URL`: sends heartbeats to a running hub as a plugin does. Heartbeats that are there already stay as
// they are, so a second run duplicates nothing.

import type { Checkpoint } from './checkpoint.ts';
import { ImportError, type ImportHubDeps } from './hub.ts';
import type { HeartbeatSource } from './wakatime-source.ts';

export interface HeartbeatImport {
  /** Stored now, or there already. */
  readonly taken: number;
  /** Heartbeats that no server would store, because they lack an entity, say. */
  readonly refused: number;
  readonly remarks: readonly string[];
}

/** @param told called with the progress after each batch */
export async function importHeartbeats(
  source: HeartbeatSource,
  hub: ImportHubDeps,
  checkpoint: Checkpoint,
  told: (progress: string) => void,
): Promise<HeartbeatImport> {
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
