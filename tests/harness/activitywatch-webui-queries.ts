// The queries that the web UI sends, written down from its requirements: for tests, and for the benchmark.

export interface Desktop {
  readonly window: string;
  readonly afk: string;
  /** Bucket by the name of the browser, and what the window watcher calls that browser. */
  readonly browsers?: readonly { readonly name: string; readonly bucket: string; readonly apps: readonly string[] }[];
  readonly stopwatch?: string;
  readonly alwaysActive?: string;
  readonly audible?: boolean;
  readonly filterAfk?: boolean;
  readonly categories?: readonly (readonly [readonly string[], object])[];
  readonly only?: readonly (readonly string[])[];
}

export function canonicalEvents(asked: Desktop): readonly string[] {
  const {
    window,
    afk,
    browsers = [],
    stopwatch,
    alwaysActive,
    audible = true,
    filterAfk = true,
    categories = [],
  } = asked;
  const lines = [
    `events = flood(query_bucket("${window}"));`,
    `not_afk = flood(query_bucket("${afk}"));`,
    'not_afk = filter_keyvals(not_afk, "status", ["not-afk"]);',
  ];
  for (const key of alwaysActive === undefined ? [] : ['app', 'title']) {
    lines.push(
      `not_treat_as_afk = filter_keyvals_regex(events, "${key}", "${alwaysActive}");`,
      'not_afk = period_union(not_afk, not_treat_as_afk);',
    );
  }
  lines.push('browser_events = [];');
  for (const { name, bucket, apps } of browsers) {
    lines.push(
      `events_${name} = flood(query_bucket("${bucket}"));`,
      `window_${name} = filter_keyvals(events, "app", ${JSON.stringify(apps)});`,
      `window_${name}_re = filter_keyvals_regex(events, "app", "(?i)^${name}$");`,
      `window_${name} = sort_by_timestamp(concat(window_${name}, window_${name}_re));`,
      `events_${name} = filter_period_intersect(events_${name}, window_${name});`,
      `events_${name} = split_url_events(events_${name});`,
      `browser_events = concat(browser_events, events_${name});`,
      'browser_events = sort_by_timestamp(browser_events);',
    );
  }
  if (audible) {
    lines.push(
      'audible_events = filter_keyvals(browser_events, "audible", [true]);',
      'not_afk = period_union(not_afk, audible_events);',
    );
  }
  if (filterAfk) lines.push('events = filter_period_intersect(events, not_afk);');
  if (stopwatch === undefined) lines.push('stopwatch_events = [];');
  else {
    lines.push(
      `stopwatch_events = query_bucket("${stopwatch}");`,
      'events = union_no_overlap(stopwatch_events, events);',
    );
  }
  if (categories.length > 0) {
    // As the web UI does: JSON, with backslashes as the query language has them.
    lines.push(`events = categorize(events, ${JSON.stringify(categories).replaceAll('\\\\', '\\')});`);
  }
  if (asked.only !== undefined)
    lines.push(`events = filter_keyvals(events, "$category", ${JSON.stringify(asked.only)});`);
  return lines;
}

export function fullDesktopQuery(asked: Desktop): readonly string[] {
  const top = (name: string, from: string, key: string) =>
    `${name} = limit_events(sort_by_duration(merge_events_by_keys(${from}, ["${key}"])), 100);`;
  return [
    ...canonicalEvents(asked),
    'title_events = sort_by_duration(merge_events_by_keys(events, ["app", "title"]));',
    'app_events = sort_by_duration(merge_events_by_keys(title_events, ["app"]));',
    'cat_events = sort_by_duration(merge_events_by_keys(events, ["$category"]));',
    'app_events = limit_events(app_events, 100);',
    'title_events = limit_events(title_events, 100);',
    'duration = sum_durations(events);',
    'browser_events = split_url_events(browser_events);',
    top('browser_urls', 'browser_events', 'url'),
    top('browser_domains', 'browser_events', '$domain'),
    top('browser_titles', 'browser_events', 'title'),
    'browser_duration = sum_durations(browser_events);',
    top('stopwatch_events', 'stopwatch_events', 'label'),
    `RETURN = {
      "window": {"app_events": app_events, "title_events": title_events, "cat_events": cat_events,
                 "active_events": not_afk, "duration": duration},
      "browser": {"domains": browser_domains, "urls": browser_urls, "titles": browser_titles,
                  "duration": browser_duration},
      "stopwatch": {"stopwatch_events": stopwatch_events}
    };`,
  ];
}

export function categoryQuery(asked: Desktop): readonly string[] {
  return [
    ...canonicalEvents(asked),
    'cat_events = sort_by_duration(merge_events_by_keys(events, ["$category"]));',
    'RETURN = {"cat_events": cat_events};',
  ];
}

export function appQuery(bucket: string, categories: Desktop['categories'] = []): readonly string[] {
  return [
    `events = flood(query_bucket("${bucket}"));`,
    'events = merge_events_by_keys(events, ["app", "title"]);',
    'stopwatch_events = [];',
    `events = categorize(events, ${JSON.stringify(categories)});`,
    'title_events = sort_by_duration(merge_events_by_keys(events, ["app", "classname", "title"]));',
    'app_events = sort_by_duration(merge_events_by_keys(title_events, ["app"]));',
    'cat_events = sort_by_duration(merge_events_by_keys(events, ["$category"]));',
    'events = sort_by_timestamp(events);',
    'duration = sum_durations(events);',
    'RETURN = {"app_events": app_events, "title_events": title_events, "cat_events": cat_events, "duration": duration, "active_events": app_events};',
  ];
}

export function activityQuery(buckets: readonly string[]): readonly string[] {
  return [
    'not_afk_events = [];',
    ...buckets.flatMap((bucket) => [
      `not_afk_curr = filter_keyvals(flood(query_bucket("${bucket}")), "status", ["not-afk"]);`,
      'not_afk_events = union_no_overlap(not_afk_events, not_afk_curr);',
    ]),
    'not_afk_events = merge_events_by_keys(not_afk_events, ["status"]);',
    'RETURN = not_afk_events;',
  ];
}

export function multideviceQuery(hosts: readonly (Desktop & { readonly host: string })[]): readonly string[] {
  const names = hosts.map(({ host }) => host.replaceAll(/[^a-zA-Z0-9_]/g, ''));
  return [
    ...hosts.flatMap((host, index) => [
      ...canonicalEvents(host),
      `events_${names[index]} = events;`,
      `not_afk_${names[index]} = not_afk;`,
    ]),
    'events = [];',
    'not_afk = [];',
    ...names.flatMap((name) => [
      `events = union_no_overlap(events, events_${name});`,
      `not_afk = union_no_overlap(not_afk, not_afk_${name});`,
    ]),
    'RETURN = {"duration": sum_durations(events), "active": sum_durations(not_afk)};',
  ];
}

export function editorQuery(buckets: readonly string[]): readonly string[] {
  const top = (key: string) => `sort_by_duration(merge_events_by_keys(events, [${key}]))`;
  return [
    'events = [];',
    ...buckets.map((bucket) => `events = concat(events, flood(query_bucket("${bucket}")));`),
    `RETURN = {"files": limit_events(${top('"file", "language"')}, 100), "languages": limit_events(${top('"language"')}, 100),
      "projects": limit_events(${top('"project"')}, 100), "duration": sum_durations(events)};`,
  ];
}
