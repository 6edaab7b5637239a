// The texts that a rule of the day can look at. A file of its own, because pages use it without the schemas of day.ts.

/** Texts that a rule can test. `folder` matches any path in the folder; `tag` matches one of several tags. */
export const dayRuleTexts = [
  'app',
  'title',
  'url',
  'host',
  'path',
  'folder',
  'branch',
  'language',
  'room',
  'tag',
  'device',
  'project',
] as const;
export type DayRuleText = (typeof dayRuleTexts)[number];
