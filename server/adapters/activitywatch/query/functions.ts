// The functions of the query language of both servers, as one table. No function changes its arguments. evaluate.ts calls them and
// handles errors.

import { Float, repr, same } from '../events/python-compat.ts';
import { Memo } from './cache.ts';
import { byTime, flood, intersect, union, unionNoOverlap } from './periods.ts';
import { compile, type Search, tryCompile } from './regex.ts';
import { urlFields } from './urls.ts';
import {
  field,
  isDict,
  isFloat,
  isList,
  isMoment,
  Moment,
  QueryError,
  ResultWriter,
  showValue,
  typeName,
  type Value,
  withField,
} from './values.ts';

/** Where a query gets its events. */
export interface Source {
  /** In order of creation. */
  readonly buckets: readonly { readonly id: string; readonly hostname: string }[];
  /** Events newest first, cut to the period, whose ends are included. */
  events(bucket: string, from: number, to: number): readonly Moment[];
  count(bucket: string, from: number, to: number): number;
}

export interface QueryContext {
  readonly source: Source;
  /** The current STARTTIME and ENDTIME in microseconds. */
  readonly span: () => readonly [from: number, to: number];
  /** Counts work, and ends the query when it exceeds the limit. */
  readonly spend: (steps: number) => void;
  readonly print: (values: readonly Value[]) => void;
}

type Moments = readonly Moment[];

interface Definition {
  readonly least: number;
  readonly most: number;
  readonly call: (args: Args, context: QueryContext) => Value;
}

/** The error of Python's server for any TypeError inside a function. */
export function wrongArguments(name: string): never {
  throw new QueryError('QueryInterpretException', `Tried to call function ${name} with invalid amount of arguments`);
}

function fail(message: string): never {
  throw new QueryError('QueryFunctionException', message);
}

/** Shared by all queries of this thread. */
const memos = {
  data: new Memo<Value>(),
  matches: new Memo<boolean>(),
  groups: new Memo<{ readonly text: string; readonly data: Value }>(),
};

/** The arguments of one call, read with their expected types. */
export class Args {
  readonly name: string;
  readonly all: readonly Value[];

  constructor(name: string, all: readonly Value[]) {
    this.name = name;
    this.all = all;
  }

  /** Names everything that the call depends on, except its first argument, the events. */
  key(withName = true): string {
    return `${withName ? this.name : ''}${new ResultWriter().text(this.all.slice(1))}`;
  }

  at(index: number): Value {
    return this.all[index] ?? null;
  }

  text(index: number): string {
    const value = this.at(index);
    return typeof value === 'string' ? value : failOnType(value, 'str');
  }

  list(index: number): readonly Value[] {
    const value = this.at(index);
    return isList(value) ? value : failOnType(value, 'list');
  }

  count(index: number): number {
    const value = this.at(index);
    const found = isFloat(value) ? value.value : value;
    return typeof found === 'number' ? Math.trunc(found) : failOnType(value, 'int');
  }

  events(index: number): Moments {
    const list = this.list(index);
    return list.every(isMoment) ? list : wrongArguments(this.name);
  }

  texts(index: number): readonly string[] {
    const list = this.list(index);
    return list.every((value): value is string => typeof value === 'string') ? list : wrongArguments(this.name);
  }
}

function failOnType(value: Value, wanted: string): never {
  return fail(
    `Variable '${showValue(value)}' passed to function call is of invalid type. Expected <class '${wanted}'> but was ${typeName(value)}`,
  );
}

function define(least: number, most: number, call: Definition['call']): Definition {
  return { least, most, call };
}

export const functions: ReadonlyMap<string, Definition> = new Map(
  Object.entries({
    nop: define(0, 0, () => 1),
    print: define(0, 100, ({ all }, { print }) => {
      print(all);
      return null;
    }),

    query_bucket: define(1, 1, (args, context) => {
      const id = checkBucket(args.text(0), context);
      return context.source.events(id, ...context.span());
    }),
    query_bucket_eventcount: define(1, 1, (args, context) => {
      const id = checkBucket(args.text(0), context);
      return context.source.count(id, ...context.span());
    }),
    query_bucket_names: define(0, 0, (_, { source }) => source.buckets.map(({ id }) => id)),
    find_bucket: define(1, 2, (args, { source }) => {
      const part = args.text(0);
      const hostname = args.all.length > 1 ? args.text(1) : undefined;
      const found = source.buckets.find(
        (bucket) => bucket.id.includes(part) && (hostname === undefined || bucket.hostname === hostname),
      );
      return (
        found?.id ?? fail(`Unable to find bucket matching '${part}' (hostname filter set to '${hostname ?? 'None'}')`)
      );
    }),

    flood: define(1, 1, (args) => flood(args.events(0))),
    filter_period_intersect: define(2, 2, (args) => intersect(args.events(0), args.events(1))),
    period_union: define(2, 2, (args) => union(args.events(0), args.events(1))),
    union_no_overlap: define(2, 2, (args) => unionNoOverlap(args.events(0), args.events(1))),
    concat: define(1, 100, (args) => args.all.flatMap((_, index) => args.list(index))),

    sort_by_timestamp: define(1, 1, (args) => byTime(args.events(0))),
    sort_by_duration: define(1, 1, (args) => [...args.events(0)].sort((a, b) => b.duration - a.duration)),
    limit_events: define(2, 2, (args) => args.list(0).slice(0, args.count(1))),
    sum_durations: define(1, 1, (args) => {
      return new Float(args.events(0).reduce((sum, { duration }) => sum + duration, 0) / 1_000_000);
    }),

    filter_keyvals: define(3, 3, (args) => args.events(0).filter(hasValue(args, true))),
    exclude_keyvals: define(3, 3, (args) => args.events(0).filter(hasValue(args, false))),
    filter_keyvals_regex: define(3, 3, (args) => {
      const [events, key, regex] = [args.events(0), args.text(1), args.text(2)];
      const matches = memos.matches.of(args.key(), () => {
        const search = compile(regex);
        return (data) => {
          const value = field(data, key);
          if (value === undefined) return false;
          return typeof value === 'string' ? search(value) : wrongArguments(args.name);
        };
      });
      return events.filter(({ data }) => matches(data));
    }),

    merge_events_by_keys: define(2, 2, (args) => mergedByKeys(args)),
    chunk_events_by_key: define(2, 2, (args) => chunkEvents(args.events(0), args.text(1))),

    split_url_events: define(1, 1, (args) => {
      const split = memos.data.of(args.key(), () => (data) => {
        const url = field(data, 'url');
        return typeof url === 'string' && isDict(data) ? { ...data, ...urlFields(url) } : data;
      });
      return args.events(0).map((event) => event.with(split(event.data)));
    }),
    simplify_window_titles: define(2, 2, (args) => {
      const key = args.text(1);
      const simplify = memos.data.of(args.key(), () => (data) => {
        const title = field(data, key);
        return typeof title === 'string'
          ? withField(data, key, simpler(title, key === 'title' && field(data, 'app') !== undefined))
          : data;
      });
      return args.events(0).map((event) => event.with(simplify(event.data)));
    }),

    categorize: define(2, 2, (args, context) => {
      const listed = args.list(1);
      const categorized = memos.data.of(args.key(), () => {
        const rules = listed.map((rule) => readRule(rule, args.name, context));
        const categories = rules.map(({ names }) => (isList(names) ? names : wrongArguments(args.name)));
        return (data) => {
          let category: readonly Value[] = ['Uncategorized'];
          for (const [index, { matches }] of rules.entries()) {
            const other = categories[index] ?? [];
            // The deepest category wins; of equally deep ones the last.
            if (other.length >= category.length && matches(data)) category = other;
          }
          return withField(data, '$category', category);
        };
      });
      return args.events(0).map((event) => event.with(categorized(event.data)));
    }),
    tag: define(2, 2, (args, context) => {
      const listed = args.list(1);
      const tagged = memos.data.of(args.key(), () => {
        const rules = listed.map((rule) => readRule(rule, args.name, context));
        return (data) => {
          const tags = rules.filter(({ matches }) => matches(data)).map(({ names }) => names);
          return withField(data, '$tags', tags);
        };
      });
      return args.events(0).map((event) => event.with(tagged(event.data)));
    }),

    contains: define(2, 2, (args) => {
      const [container, value] = [args.at(0), args.at(1)];
      if (isList(container)) return container.some((one) => same(one, value));
      return isDict(container)
        ? typeof value === 'string' && Object.hasOwn(container, value)
        : failOnType(container, 'list');
    }),
  }),
);

function checkBucket(id: string, { source }: QueryContext): string {
  return source.buckets.some((bucket) => bucket.id === id) ? id : fail(`There's no bucket named '${id}'`);
}

function hasValue(args: Args, wanted: boolean): (event: Moment) => boolean {
  const [key, values] = [args.text(1), args.list(2)];
  const has = memos.matches.of(`has${args.key(false)}`, () => (data) => {
    const value = field(data, key);
    return value !== undefined && values.some((one) => same(one, value));
  });
  return ({ data }) => has(data) === wanted;
}

function mergedByKeys(args: Args): Moments {
  const [events, keys] = [args.events(0), args.texts(1)];
  if (keys.length === 0) return events;
  const groupOf = memos.groups.of(args.key(), () => (data) => {
    const present = keys.filter((key) => field(data, key) !== undefined);
    const values = present.map((key) => field(data, key) ?? null);
    if (values.some(isDict)) wrongArguments(args.name);
    return { text: repr(values), data: Object.fromEntries(present.map((key, index) => [key, values[index] ?? null])) };
  });
  const groups = new Map<string, { readonly time: number; readonly data: Value; duration: number }>();
  for (const event of events) {
    const { text, data } = groupOf(event.data);
    const group = groups.get(text);
    if (group === undefined) groups.set(text, { time: event.time, data, duration: event.duration });
    else group.duration += event.duration;
  }
  return [...groups.values()].map(({ time, data, duration }) => new Moment(null, time, duration, data));
}

/** Merges neighbours with an equal value; stops at the first event that lacks the key. */
function chunkEvents(events: Moments, key: string): Moments {
  const chunks: { readonly value: Value; readonly subevents: Moment[]; duration: number; readonly time: number }[] = [];
  for (const event of events) {
    const value = field(event.data, key);
    if (value === undefined) break;
    const last = chunks.at(-1);
    if (last !== undefined && same(last.value, value)) {
      last.subevents.push(event);
      last.duration += event.duration;
    } else {
      chunks.push({ value, subevents: [event], duration: event.duration, time: event.time });
    }
  }
  return chunks.map(({ value, subevents, duration, time }) => {
    return new Moment(
      null,
      time,
      duration,
      Object.fromEntries<Value>([
        [key, value],
        ['subevents', subevents],
      ]),
    );
  });
}

function simpler(title: string, ofWindow: boolean): string {
  const unread = title.replace(/^\(\d+\)\s*/, '');
  return ofWindow ? unread.replace(/FPS:\s+[0-9.]+/g, 'FPS: ...').replace(/^[●*]\s*/, '') : unread;
}

interface Rule {
  /** The path of a category, or a tag. */
  readonly names: Value;
  readonly matches: (data: Value) => boolean;
}

/** A rule with an invalid regular expression matches nothing, and the log says so: one rule must not break a page. */
function readRule(value: Value, name: string, { print }: QueryContext): Rule {
  const [names, rule] = isList(value) ? value : [];
  if (names === undefined || rule === undefined || !isDict(rule)) return wrongArguments(name);
  const regex = field(rule, 'regex') ?? null;
  const keys = field(rule, 'select_keys') ?? null;
  if ((regex !== null && typeof regex !== 'string') || (keys !== null && !isList(keys))) return wrongArguments(name);
  if (regex === null || regex === '') return { names, matches: () => false };
  const compiled = tryCompile(regex, field(rule, 'ignore_case') === true);
  if (!compiled.ok) {
    print([`the rule of ${showValue(names)} matches nothing: ${compiled.error}`]);
    return { names, matches: () => false };
  }
  const { search } = compiled;
  return { names, matches: (data) => valuesOf(data, keys ?? []).some((one) => matchesText(one, search)) };
}

function valuesOf(data: Value, keys: readonly Value[]): readonly Value[] {
  if (!isDict(data)) return [];
  if (keys.length === 0) return Object.values(data);
  return keys.map((key) => (typeof key === 'string' ? (field(data, key) ?? null) : null));
}

function matchesText(value: Value, search: Search): boolean {
  return typeof value === 'string' && search(value);
}
