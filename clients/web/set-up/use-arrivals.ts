// Follows which tools have sent something, while the page wants to know.

import { useEffect, useState } from 'preact/hooks';
import type { Connection } from '../../typescript/index.ts';
import { type ArrivedTool, arrivedTools, toolOf } from './arrivals.ts';

/** @param connection undefined if nobody wants to know @returns undefined until the hub has answered */
export function useArrivals(connection: Connection | undefined): ReadonlySet<ArrivedTool> | undefined {
  const [arrived, setArrived] = useState<ReadonlySet<ArrivedTool>>();
  useEffect(() => {
    if (connection === undefined) return;
    let isWanted = true;
    const changes = connection.follow('*');
    const hear = async () => {
      for await (const { type, channel } of changes) {
        const tool = type === 'create' || type === 'update' ? toolOf(channel) : undefined;
        if (tool !== undefined && isWanted) setArrived((now) => new Set([...(now ?? []), tool]));
      }
    };
    const ask = async () => {
      const answer = await connection.channels();
      if (answer.ok && isWanted) setArrived((now) => new Set([...(now ?? []), ...arrivedTools(answer.channels)]));
    };
    hear().catch(() => undefined);
    void ask();
    return () => {
      isWanted = false;
      changes.close();
    };
  }, [connection]);
  return arrived;
}
