// Which tools have sent something to the hub, by the channels that have items. Pure.

export type ArrivedTool = 'wakatime' | 'aw' | 'tasks' | 'mob';

/** @param channel without the account @returns undefined if the channel says nothing about a tool */
export function toolOf(channel: string): ArrivedTool | undefined {
  if (channel === 'wakatime' || channel === 'tasks') return channel;
  if (channel.startsWith('aw/')) return 'aw';
  return channel === 'mob_turns' || channel.startsWith('mob/') ? 'mob' : undefined;
}

export function arrivedTools(
  channels: readonly { readonly channel: string; readonly items: number }[],
): ReadonlySet<ArrivedTool> {
  return new Set(channels.flatMap(({ channel, items }) => (items > 0 ? (toolOf(channel) ?? []) : [])));
}
