// Which of the palette's colours a project has. A project keeps its colour from day to day; among the projects of one page each has its
// own, as long as there are colours. The colours themselves are in day.css, for both themes.

export const paletteSize = 8;

/** @returns 0 to `paletteSize` - 1 by name */
export function colorsOf(projects: readonly string[]): ReadonlyMap<string, number> {
  const colors = new Map<string, number>();
  const taken = new Set<number>();
  for (const project of [...new Set(projects)].sort()) {
    let color = hash(project) % paletteSize;
    while (taken.has(color) && taken.size < paletteSize) color = (color + 1) % paletteSize;
    colors.set(project, color);
    taken.add(color);
  }
  return colors;
}

/** The class of style of a project; null is unassigned. */
export function colorClass(project: string | null, colors: ReadonlyMap<string, number>): string {
  return project === null ? 'none' : `p${colors.get(project) ?? 0}`;
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value >>> 0;
}
