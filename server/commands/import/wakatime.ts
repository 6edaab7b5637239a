// `horai import wakatime FILE|URL`: sends heartbeats to a running hub as a plugin does. Heartbeats that the hub already has do not change, so
// a second run duplicates nothing.

import type { Checkpoint } from './checkpoint.ts';
import { ImportError, type ImportHub } from './hub.ts';
import type { HeartbeatSource } from './wakatime-source.ts';

export interface HeartbeatImport {
  /** The number of heartbeats that the hub has now, including those that it had before. */
  readonly stored: number;
  /** The number of heartbeats that the hub refused, because they lack an entity, for example. */
  readonly refused: number;
  readonly remarks: readonly string[];
}

/** @param onProgress called with the progress after each batch */
export async function importHeartbeats(
  source: HeartbeatSource,
  hub: ImportHub,
  checkpoint: Checkpoint,
  onProgress: (progress: string) => void,
): Promise<HeartbeatImport> {
  let [stored, refused] = [0, 0];
  for await (const { heartbeats, mark, at } of source.batches(await checkpoint.read())) {
    if (heartbeats.length > 0) {
      const answer = await hub.post('api/v1/users/current/heartbeats.bulk', JSON.stringify(heartbeats));
      const added = countStored(answer);
      stored += added;
      refused += heartbeats.length - added;
    }
    await checkpoint.write(mark);
    onProgress(`${stored} heartbeats … ${at}`.trimEnd());
  }
  await checkpoint.done();
  return { stored, refused, remarks: source.remarks };
}

function countStored(answer: string): number {
  const { responses }: { responses?: unknown } = JSON.parse(answer);
  if (!Array.isArray(responses)) throw new ImportError('The hub’s answer has an unknown form.');
  return responses.filter((one) => Array.isArray(one) && one[1] === 201).length;
}
