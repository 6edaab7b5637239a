// Which tools have sent something to the hub, by the channels that have items. Pure.

export type ArrivedTool = 'wakatime' | 'aw' | 'tasks' | 'mob';

/**
 * The channels to follow to hear of a tool. Not `*`: the end of such a subscription ends those of all channels of the connection, and the page
 * follows its day on the same one.
 */
export const arrivalChannels: readonly { readonly channel: string; readonly tool: ArrivedTool }[] = [
  { channel: 'wakatime', tool: 'wakatime' },
  { channel: 'tasks', tool: 'tasks' },
  { channel: 'aw/*', tool: 'aw' },
  { channel: 'mob_turns', tool: 'mob' },
  { channel: 'mob/*', tool: 'mob' },
];

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
