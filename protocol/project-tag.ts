// The tag that stands for a project (rules N1 of README.md).

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

/**
 * A project that another one replaces takes its tag with it (N1.2).
 * @param former the project that is replaced, @param project the one that replaces it
 */
export function withoutTagOf(
  former: string | undefined,
  project: string | undefined,
  tags: readonly string[],
): readonly string[] {
  if (former === undefined || former === project) return tags;
  const tag = projectTag(former);
  return tags.filter((one) => one !== tag || (project !== undefined && projectTag(project) === tag));
}
