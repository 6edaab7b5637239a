// Renaming and merging of projects, as the ops of one write each. Nothing that was said about a project changes: the old name becomes an
// alias of the new one, and the past follows at once.

import { type Static, Type } from '@sinclair/typebox';
import { compile } from '../../../protocol/check.ts';
import type { DayProjectItem } from '../../../protocol/day.ts';
import { refuse } from '../../../protocol/errors.ts';
import { Name } from '../../../protocol/names.ts';
import type { ChannelState } from '../../core/cached-channel.ts';
import type { Op } from '../../core/store.ts';
import type { Edited } from './edit-entries.ts';
import { projectsIn } from './projects.ts';

export const ProjectEdit = Type.Union([
  Type.Object({ do: Type.Literal('rename'), from: Name, to: Name }, { additionalProperties: false }),
  Type.Object(
    { do: Type.Literal('merge'), from: Type.Array(Name, { minItems: 1, maxItems: 100 }), into: Name },
    { additionalProperties: false },
  ),
]);
export type ProjectEdit = Static<typeof ProjectEdit>;

const check = compile(ProjectEdit);
export const isProjectEdit = (value: unknown): value is ProjectEdit => check(value);
const mostAliases = 256;

/** A project that nobody registered is one, too: facts name it. */
export function editProjects(view: Pick<ChannelState, 'items'>, edit: ProjectEdit): Edited {
  const known = new Map(projectsIn(view).map(({ name, project }) => [name, project]));
  const [names, into] = edit.do === 'rename' ? [[edit.from], edit.to] : [edit.from, edit.into];
  if (names.includes(into)) return refuse('property', edit.do === 'rename' ? 'to' : 'into', 'another name');
  if (edit.do === 'rename' && known.has(into)) return refuse('exists', 'project', 'merge them instead');
  const target: DayProjectItem = (edit.do === 'rename' ? known.get(edit.from) : known.get(into)) ?? {};
  const joined = names.flatMap((name) => [name, ...(known.get(name)?.aliases ?? [])]);
  const aliases = [...new Set([...(target.aliases ?? []), ...joined])].filter((alias) => alias !== into);
  if (aliases.length > mostAliases) return refuse('too_large', '', `a project has at most ${mostAliases} aliases`);
  const children = [...known].flatMap(([name, project]): Op[] =>
    project.parent !== undefined && names.includes(project.parent) && !names.includes(name) && name !== into
      ? [{ op: 'put', key: name, value: JSON.stringify({ ...project, parent: into }) }]
      : [],
  );
  const removed = names.filter((name) => known.has(name)).map((key): Op => ({ op: 'remove', key }));
  return {
    ok: true,
    ops: [...removed, { op: 'put', key: into, value: JSON.stringify({ ...target, aliases }) }, ...children],
  };
}
