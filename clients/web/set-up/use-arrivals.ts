// Follows which tools have sent something, while the page wants to know.

import { useEffect, useState } from 'preact/hooks';
import type { ChannelEvent, Connection, Subscription } from '../../typescript/index.ts';
import { type ArrivedTool, arrivalChannels, arrivedTools, toolOf } from './arrivals.ts';

/** @param connection undefined if nobody wants to know @returns undefined until the hub has answered */
export function useArrivals(connection: Connection | undefined): ReadonlySet<ArrivedTool> | undefined {
  const [arrived, setArrived] = useState<ReadonlySet<ArrivedTool>>();
  useEffect(() => {
    if (connection === undefined) return;
    let isWanted = true;
    const followed: Subscription<ChannelEvent<unknown>>[] = [];
    const add = (tools: Iterable<ArrivedTool>) => {
      if (isWanted) setArrived((now) => new Set([...(now ?? []), ...tools]));
    };
    const ask = async (): Promise<ReadonlySet<ArrivedTool>> => {
      const answer = await connection.channels();
      const tools = answer.ok ? arrivedTools(answer.channels) : new Set<ArrivedTool>();
      if (answer.ok) add(tools);
      return tools;
    };
    const follow = async (changes: Subscription<ChannelEvent<unknown>>) => {
      for await (const { type, channel } of changes) {
        const tool = type === 'create' || type === 'update' ? toolOf(channel) : undefined;
        if (tool !== undefined) add([tool]);
      }
    };
    const begin = async () => {
      const known = await ask();
      if (!isWanted) return;
      // Only what has nothing yet: a channel begins with all of its items, and a tool of years has millions.
      for (const { channel, tool } of arrivalChannels) {
        if (known.has(tool)) continue;
        const changes = connection.follow(channel);
        followed.push(changes);
        follow(changes).catch(() => undefined);
      }
      // Catches up with arrivals between the question and the subscriptions.
      await ask();
    };
    void begin();
    return () => {
      isWanted = false;
      for (const changes of followed) changes.close();
    };
  }, [connection]);
  return arrived;
}
