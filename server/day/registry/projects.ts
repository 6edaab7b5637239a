// The projects of an account: which name an alias means, and what renaming and merging make of the registry.

import { type DayProjectItem, isProjectItem } from '../../../protocol/day.ts';
import type { ChannelState } from '../../core/cached-channel.ts';

export interface NamedProject {
  readonly name: string;
  readonly project: DayProjectItem;
}

export function projectsIn({ items }: Pick<ChannelState, 'items'>): readonly NamedProject[] {
  return [...items.values()].flatMap(({ key, value }): NamedProject[] => {
    const project: unknown = JSON.parse(value);
    return isProjectItem(project) ? [{ name: key, project }] : [];
  });
}

/** Letter case does not count. A name wins over an alias; a name that nobody registered means itself. */
export function aliasLookup(projects: readonly NamedProject[]): (name: string) => string {
  const names = new Map<string, string>();
  for (const { name, project } of projects)
    for (const alias of project.aliases ?? []) names.set(alias.toLowerCase(), name);
  for (const { name } of projects) names.set(name.toLowerCase(), name);
  return (name) => names.get(name.toLowerCase()) ?? name;
}
