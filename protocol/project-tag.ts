// The tag that stands for a project.

/**
 * The tag by which clients that know no projects see one: `home_garden` for `home.garden` (N1.2). Letters lose their accents; '' if nothing
 * is left.
 */
export function projectTag(project: string): string {
  return project
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^0-9a-zA-Z\-_]+/g, '_')
    .replace(/^_+|_+$/g, '');
}
