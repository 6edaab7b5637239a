// ActivityWatch's REST interface: each path as its watchers, libraries and web UI know it, from request to reply. What buckets and
// events are is in the files beside this one; README.md lists where we differ from the reference on purpose.

import { may, type Verb } from '../../../core/access.ts';
import { ownerName } from '../../../core/accounts.ts';
import type { Hub } from '../../../core/hub.ts';
import { authenticate, type Trust } from '../../../http/authenticate.ts';
import { held } from '../../../http/retry-until-stored.ts';
import { withDocs } from '../../../http/route-docs.ts';
import type { Flow, Reply, Request, Route } from '../../../http/types.ts';
import type { Span } from '../buckets/bucket.ts';
import { type Author, Buckets, readPrivacy } from '../buckets/buckets.ts';
import { type Description, descriptionText, guess, isBucketId, readSaid } from '../buckets/description.ts';
import { exported, importAll } from '../buckets/transfer.ts';
import { type Read, Readings, smallBody, type Task } from '../events/body-worker-pool.ts';
import { type Event, EventWriter, endOf, type NewEvent, readEvent } from '../events/event.ts';
import { formatInstant, normalInstant, parseInstant } from '../events/instant.ts';
import { compactSorted, repr, spaced } from '../events/python-compat.ts';
import { privacySetting, screenOf } from '../privacy.ts';
import type { Period } from '../query/evaluate.ts';
import { Queries } from '../query/queries.ts';
import { corsHeaders } from './origins.ts';
import {
  answer,
  gathered,
  inPieces,
  invalid,
  isObject,
  jsonBody,
  jsonText,
  objectBody,
  refused,
  textsIn,
} from './request-body.ts';
import { activityWatchDocs, activityWatchUnlisted } from './route-docs.ts';

export interface ActivityWatchDeps extends Trust {
  readonly hub: Hub;
  /** What this machine is called. */
  readonly hostname: string;
  readonly version: string;
  /** Buckets are deleted without being asked twice. */
  readonly testing: boolean;
  /** Told of each write of a watcher whether it could be kept: why not, or null. */
  readonly kept?: (fault: string | null) => void;
}

/** What a route knows of who asks. */
interface Visit {
  readonly request: Request;
  readonly buckets: Buckets;
  readonly author: Author;
  readonly may: (verb: Verb, channel: string) => boolean;
}

type Act = (visit: Visit) => Promise<Reply | Flow>;
/** For a route below one bucket: `id` is the bucket's, as it is called here. */
type ActInBucket = (visit: Visit, id: string) => Promise<Reply | Flow>;

interface Place {
  readonly path: string;
  readonly methods: Readonly<Record<string, Route['handle']>>;
  readonly limit?: number;
}

const mebibyte = 1_048_576;

export interface ActivityWatch {
  readonly routes: readonly Route[];
  /** All that an account's buckets are asked for goes through one object. */
  readonly bucketsOf: (account: string) => Promise<Buckets>;
  /** Ends what runs beside the hub's own thread. */
  close(): Promise<void>;
}

export function openActivityWatch(deps: ActivityWatchDeps): ActivityWatch {
  const { hub, testing, kept = () => undefined, ...trust } = deps;
  const queries = new Queries(hub);
  const readings = new Readings();
  const opened = new Map<string, Promise<Buckets>>();
  const bucketsOf = (account: string): Promise<Buckets> => {
    const known = opened.get(account);
    if (known !== undefined) return known;
    const opening = Buckets.open(hub, account);
    opened.set(account, opening);
    opening.catch(() => opened.delete(account));
    return opening;
  };
  const deviceId = async () => (await bucketsOf(ownerName)).remembered('device_id', () => hub.world.secret());
  const now = () => hub.world.now() * 1_000;

  const visit =
    (act: Act): Route['handle'] =>
    async (request) => {
      const admitted = authenticate(trust, request);
      if (!admitted.ok) {
        const message = "Missing or invalid API key. Set 'Authorization: Bearer <key>' header.";
        return admitted.code === 'too_many'
          ? refused(429, admitted.hint ?? admitted.error)
          : { ...refused(401, message), headers: { 'content-type': 'application/json', 'www-authenticate': 'Bearer' } };
      }
      const who = admitted.identity;
      const tokens = who.token === '' ? [] : trust.accounts.tokens(who.account);
      const device = tokens.find(({ id }) => id === who.token)?.name ?? '';
      const buckets = await bucketsOf(who.account);
      return act({
        request,
        buckets,
        author: { origin: device === '' ? 'activitywatch' : device, device },
        may: (verb, channel) => may(who, verb, channel),
      });
    };

  const waiting = (handle: Route['handle']) => held(hub.world, kept, handle);
  const forbidden = refused(403, 'This token may not.');
  const noBucket = (id: string) => refused(404, `There's no bucket named ${id}`);

  /** The bucket may be missing, but its name is one and the caller may. */
  const toward = (verb: Verb, act: ActInBucket): Route['handle'] =>
    visit(async (visiting) => {
      const id = visiting.request.params.get('id') ?? '';
      if (!isBucketId(id)) return refused(400, 'A bucket id is 1 to 200 printable characters.');
      return visiting.may(verb, visiting.buckets.channelOf(id)) ? act(visiting, id) : forbidden;
    });

  const inBucket = (verb: Verb, act: ActInBucket): Route['handle'] =>
    toward(verb, async (visiting, said) => {
      const id = visiting.buckets.resolve(said, visiting.author);
      return visiting.buckets.find(id) === undefined ? noBucket(said) : act(visiting, id);
    });

  /** The document that descriptions and settings are in. */
  const settings = (verb: Verb, act: Act): Route['handle'] =>
    visit(async (visiting) => {
      if (!visiting.may(verb, `${visiting.buckets.account}/aw`)) return forbidden;
      await visiting.buckets.settled();
      return act(visiting);
    });

  const readable = async ({ buckets, may: allowed }: Visit): Promise<readonly Description[]> => {
    await buckets.settled();
    return buckets.list().filter(({ id }) => allowed('read', buckets.channelOf(id)));
  };

  const attachment = ({ buckets }: Visit, descriptions: readonly Description[], name: string) => {
    const headers = { 'content-type': 'application/json', 'content-disposition': `attachment; filename=${name}` };
    return gathered(headers, inPieces(exported(buckets, descriptions)));
  };

  /** Of a body that is read in a thread. */
  const read = async (
    request: Request,
    buckets: Buckets,
    what: Task['what'],
    use: (found: Extract<Read, { readonly ok: true }>) => Promise<Reply>,
  ): Promise<Reply> => {
    const texts = textsIn(request);
    if (!texts.ok) return texts.reply;
    const { body } = request;
    const task = { body, boundary: texts.boundary, what, now: now(), privacy: await buckets.privacyText() };
    return readings.read(task, hub.world.log, async (found) =>
      found.ok ? use(found) : refused(found.status, found.message),
    );
  };

  const withLocal = async <T extends { readonly hostname?: string }>(said: T) => {
    if (said.hostname !== '!local') return { said, data: undefined };
    return { said: { ...said, hostname: deps.hostname }, data: { device_id: await deviceId() } };
  };

  const places: readonly Place[] = [
    {
      path: '/api/0/info',
      methods: {
        GET: async () =>
          answer(200, { hostname: deps.hostname, version: deps.version, testing, device_id: await deviceId() }),
      },
    },
    {
      path: '/api/0/buckets',
      methods: {
        GET: visit(async (visiting) => {
          const texts = (await readable(visiting)).map(async (description) => {
            const newest = await (await visiting.buckets.bucket(description.id)).newest();
            const updated = newest === undefined ? '' : `, "last_updated": "${formatInstant(endOf(newest))}"`;
            return `${spaced(description.id)}: ${descriptionText(description, updated)}`;
          });
          return jsonText(200, `{${(await Promise.all(texts)).join(', ')}}`);
        }),
      },
    },
    {
      path: '/api/0/buckets/:id',
      methods: {
        GET: inBucket('read', async ({ buckets }, id) => {
          await buckets.settled();
          const description = buckets.find(id);
          return description === undefined ? noBucket(id) : jsonText(200, descriptionText(description));
        }),
        POST: waiting(
          toward('write', async ({ request, buckets, author }, id) => {
            const body = objectBody(request);
            if (!body.ok) return body.reply;
            const read = readSaid(body.fields);
            if (!read.ok) return invalid(read.errors);
            const { said, data } = await withLocal(read.said);
            const made = await buckets.create(id, said, author, data === undefined ? {} : { data });
            return made ? answer(200, {}) : { status: 304, headers: {}, body: '' };
          }),
        ),
        PUT: inBucket('write', async ({ request, buckets, author }, id) => {
          const body = objectBody(request);
          if (!body.ok) return body.reply;
          const changed = [...body.fields].filter(([name]) => ['type', 'client', 'hostname', 'data'].includes(name));
          const fits = ([name, value]: [string, unknown]) =>
            name === 'data' ? isObject(value) : typeof value === 'string';
          const wrong = changed.filter((field) => !fits(field));
          if (wrong.length > 0) {
            const errors = wrong.map(([name, value]) => {
              return [name, `${repr(value)} is not of type '${name === 'data' ? 'object' : 'string'}'`];
            });
            return invalid(Object.fromEntries(errors));
          }
          const { said, data } = await withLocal<{ hostname?: string }>(Object.fromEntries(changed));
          const updated = await buckets.update(id, data === undefined ? said : { ...said, data }, author);
          return updated ? answer(200, {}) : noBucket(id);
        }),
        DELETE: toward('write', async ({ request, buckets, author }, said) => {
          if (!testing && query(request).get('force') !== '1') {
            const message = 'Deleting buckets is only permitted if aw-server is running in testing mode or if ?force=1';
            return refused(401, message);
          }
          const deleted = await buckets.delete(buckets.resolve(said, author), author);
          return deleted ? answer(200, {}) : noBucket(said);
        }),
      },
    },
    {
      path: '/api/0/buckets/:id/events',
      limit: 64 * mebibyte,
      methods: {
        GET: inBucket('read', async ({ request, buckets }, id) => {
          const asked = readSpan(request);
          if (!asked.ok) return asked.reply;
          const pages = (await buckets.bucket(id)).clippedPages(asked.span, readLimit(request));
          return gathered({ 'content-type': 'application/json' }, inPieces(listed(pages)));
        }),
        POST: inBucket('write', async ({ request, buckets, author }, id) => {
          const where = { bucket: id, type: buckets.find(id)?.type ?? '' };
          const bucket = await buckets.bucket(id);
          if (request.body.length > smallBody) {
            return read(request, buckets, { kind: 'events', ...where }, async ({ batches }) => {
              for await (const { events } of batches) await bucket.insert(events, author.origin);
              return jsonText(200, 'null');
            });
          }
          const body = jsonBody(request);
          if (!body.ok) return body.reply;
          if (typeof body.value !== 'object' || body.value === null) return refused(400, '');
          const events: NewEvent[] = [];
          const at = now();
          const screened = await screenOf(buckets, where);
          if (!screened.ok) return refused(400, screened.error);
          for (const value of Array.isArray(body.value) ? body.value : [body.value]) {
            const read = readEvent(value, at);
            if (!read.ok) return refused(400, read.error);
            const data = screened.screen(read.event.data);
            if (data !== null) events.push({ ...read.event, data });
          }
          await bucket.insert(events, author.origin);
          return jsonText(200, 'null');
        }),
      },
    },
    {
      path: '/api/0/buckets/:id/events/count',
      methods: {
        GET: inBucket('read', async ({ request, buckets }, id) => {
          const asked = readSpan(request);
          if (!asked.ok) return asked.reply;
          return answer(200, await (await buckets.bucket(id)).count(asked.span));
        }),
      },
    },
    {
      path: '/api/0/buckets/:id/events/:event',
      methods: {
        GET: inBucket('read', async ({ request, buckets }, id) => {
          const event = readEventId(request);
          if (event === undefined) return unknownPath;
          const found = await (await buckets.bucket(id)).event(event);
          return found === undefined ? jsonText(404, 'null') : jsonText(200, new EventWriter().text(found));
        }),
        DELETE: inBucket('write', async ({ request, buckets, author }, id) => {
          const event = readEventId(request);
          if (event === undefined) return unknownPath;
          const removed = await (await buckets.bucket(id)).remove(event, author.origin);
          return answer(200, { success: removed ? 1 : 0 });
        }),
      },
    },
    {
      path: '/api/0/buckets/:id/heartbeat',
      methods: {
        POST: waiting(
          toward('write', async ({ request, buckets, author }, id) => {
            const body = objectBody(request);
            if (!body.ok) return body.reply;
            const errors = heartbeatErrors(body.fields);
            if (errors !== undefined) return invalid(errors);
            const read = readEvent(body.value, now());
            if (!read.ok) return refused(400, read.error);
            const pulsetime = query(request).get('pulsetime');
            if (pulsetime === null) return refused(400, 'Missing required parameter pulsetime');
            const pulse = Number(pulsetime) * 1_000_000;
            if (pulsetime.trim() === '' || !Number.isFinite(pulse)) {
              return refused(400, `pulsetime ${repr(pulsetime)} is not a number of seconds`);
            }
            const said = body.fields.get('data');
            const type = buckets.find(buckets.resolve(id, author))?.type ?? guess(id, said).type;
            const screened = await screenOf(buckets, { bucket: id, type });
            if (!screened.ok) return refused(400, screened.error);
            const data = screened.screen(read.event.data);
            // Its watcher must not take it for lost.
            if (data === null) return jsonText(200, new EventWriter().text({ ...read.event, id: null }));
            const bucket = await buckets.forHeartbeat(id, said, author);
            const event = await bucket.heartbeat({ ...read.event, data }, Math.round(pulse), author.origin);
            return jsonText(200, new EventWriter().text(event));
          }),
        ),
      },
    },
    {
      path: '/api/0/buckets/:id/export',
      methods: {
        GET: inBucket('read', async (visiting, id) => {
          const described = visiting.buckets.list().filter((one) => one.id === id);
          return attachment(visiting, described, `aw-bucket-export_${headerSafe(id)}.json`);
        }),
      },
    },
    {
      path: '/api/0/query',
      limit: 4 * mebibyte,
      methods: {
        POST: visit(async (visiting) => {
          const { request, buckets } = visiting;
          const body = objectBody(request);
          if (!body.ok) return body.reply;
          const read = readQuery(body.fields);
          if (!read.ok) return read.reply;
          const described = await readable(visiting);
          const question = {
            buckets: described.map(({ id, hostname }) => ({ id, hostname, channel: buckets.channelOf(id) })),
            text: read.text,
            name: query(request).get('name') ?? '',
            periods: read.periods,
          };
          const answered = await queries.ask(buckets.account, question, () => request.aborted());
          if (!answered.ok) return answer(400, { type: answered.type, message: answered.message });
          return { status: 200, headers: { 'content-type': 'application/json' }, body: answered.results };
        }),
      },
    },
    {
      path: '/api/0/export',
      methods: {
        GET: visit(async (visiting) => attachment(visiting, await readable(visiting), 'aw-buckets-export.json')),
      },
    },
    {
      path: '/api/0/import',
      limit: 256 * mebibyte,
      methods: {
        POST: visit(({ request, buckets, author, may: allowed }) =>
          read(request, buckets, { kind: 'buckets' }, async (found) => {
            if (found.buckets.some(({ id }) => !allowed('write', buckets.channelOf(id)))) return forbidden;
            if (found.skipped > 0) {
              hub.world.log.warn({ events: found.skipped }, 'activitywatch: not imported, no events');
            }
            await importAll(buckets, found, author, hub.world.log);
            return jsonText(200, 'null');
          }),
        ),
      },
    },
    {
      path: '/api/0/settings',
      methods: {
        GET: settings('read', async ({ buckets }) => {
          // The web UI asks for them before anything else.
          queries.warm();
          const values = [...buckets.settings()].map(([key, value]) => [key, parseOwn(value)]);
          return jsonText(200, compactSorted(Object.fromEntries(values)));
        }),
        POST: settings('write', async () => refused(400, 'Missing required parameter key')),
      },
    },
    {
      path: '/api/0/settings/:key',
      methods: {
        GET: settings('read', async ({ request, buckets }) => {
          const value = buckets.settings().get(request.params.get('key') ?? '');
          return jsonText(200, compactSorted(parseOwn(value ?? 'null')));
        }),
        POST: waiting(
          settings('write', async ({ request, buckets, author }) => {
            const key = request.params.get('key') ?? '';
            if (Buffer.byteLength(key) >= 128) return refused(400, 'Too long key');
            const body = jsonBody(request);
            if (!body.ok) return body.reply;
            const text = JSON.stringify(body.value);
            if (key === privacySetting) {
              const read = readPrivacy(text);
              if (!read.ok) return refused(400, `${privacySetting}: ${read.error}`);
            }
            await buckets.set(key, text, author);
            return answer(200, body.value);
          }),
        ),
        DELETE: waiting(
          settings('write', async ({ request, buckets, author }) => {
            await buckets.set(request.params.get('key') ?? '', null, author);
            return answer(200, {});
          }),
        ),
      },
    },
  ];
  const unknown: Route = { method: '*', path: '/api/0/*', handle: async (request) => withCors(request, unknownPath) };
  const routes = withDocs([...places.flatMap(routesOf), unknown], activityWatchDocs, {
    keyOf: (path) => path.replace(/\/$/, ''),
    unlisted: activityWatchUnlisted,
  });
  return { routes, bucketsOf, close: () => queries.close() };
}

/** What a query's body says, or what the reference's schema finds in it. */
function readQuery(
  fields: ReadonlyMap<string, unknown>,
):
  | { readonly ok: true; readonly text: string; readonly periods: readonly Period[] }
  | { readonly ok: false; readonly reply: Reply } {
  const errors: [string, string][] = [];
  for (const name of ['query', 'timeperiods']) {
    if (!fields.has(name)) errors.push([name, `'${name}' is a required property`]);
  }
  const texts = (name: string): readonly string[] => {
    const value = fields.get(name) ?? [];
    if (!Array.isArray(value)) {
      errors.push([name, `${repr(value)} is not of type 'array'`]);
      return [];
    }
    return value.map((one: unknown, index) => {
      if (typeof one === 'string') return one;
      errors.push([`${name}.${index}`, `${repr(one)} is not of type 'string'`]);
      return '';
    });
  };
  const [said, lines] = [texts('timeperiods'), texts('query')];
  if (errors.length > 0) return { ok: false, reply: invalid(Object.fromEntries(errors)) };
  const periods: Period[] = [];
  for (const text of said) {
    const [start, end] = text.split('/', 2).map(normalInstant);
    if (start === undefined || end === undefined) {
      return { ok: false, reply: refused(400, `timeperiod ${repr(text)} is not two ISO 8601 times joined by a /`) };
    }
    periods.push({ start, end });
  }
  return { ok: true, text: lines.join('\n'), periods };
}

/** A list of events, in as many texts as there are pages. */
async function* listed(pages: AsyncIterable<readonly Event[]>): AsyncGenerator<string> {
  const writer = new EventWriter();
  let before = '[';
  for await (const page of pages) {
    if (page.length === 0) continue;
    yield `${before}${page.map((event) => writer.text(event)).join(', ')}`;
    before = ', ';
  }
  yield before === '[' ? '[]\n' : ']\n';
}

/** Clients of either server come with a last slash or without one. */
function routesOf({ path, methods, limit }: Place): readonly Route[] {
  const allow = [...Object.keys(methods), ...('GET' in methods ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  const others: Route['handle'] = async (request) => {
    if (request.method === 'OPTIONS') {
      return withCors(request, {
        status: 200,
        headers: { 'content-type': 'text/html; charset=utf-8', allow },
        body: '',
      });
    }
    const reply = refused(405, 'The method is not allowed for the requested URL.');
    return withCors(request, { ...reply, headers: { ...reply.headers, allow } });
  };
  return [path, `${path}/`].flatMap((either) => [
    ...Object.entries(methods).map(
      ([method, handle]): Route => ({
        method,
        path: either,
        ...(limit === undefined ? {} : { limit }),
        handle: async (request) => {
          const reply = await handle(request);
          return 'open' in reply ? reply : withCors(request, reply);
        },
      }),
    ),
    { method: '*', path: either, handle: others },
  ]);
}

const unknownPath = refused(404, 'The requested URL was not found on the server.');

function withCors<T extends Reply | Flow>(request: Request, reply: T): T {
  return { ...reply, headers: { ...reply.headers, ...corsHeaders(request) } };
}

function query(request: Request): URLSearchParams {
  return new URLSearchParams(request.query);
}

function readSpan(
  request: Request,
): { readonly ok: true; readonly span: Span } | { readonly ok: false; readonly reply: Reply } {
  const asked = query(request);
  const span: { from?: number; to?: number } = {};
  for (const [name, bound] of [
    ['start', 'from'],
    ['end', 'to'],
  ] as const) {
    const text = asked.get(name);
    if (text === null) continue;
    const instant = parseInstant(text);
    if (instant === undefined) {
      const hint = text.includes(' ') ? ' (write + as %2B in a URL)' : '';
      return { ok: false, reply: refused(400, `${name} ${repr(text)} is not ISO 8601${hint}`) };
    }
    span[bound] = instant;
  }
  return { ok: true, span };
}

/** Less than none, and what is no number, is no limit. */
function readLimit(request: Request): number {
  const text = query(request).get('limit') ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
}

function readEventId(request: Request): number | undefined {
  const text = request.params.get('event') ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** As the reference's schema finds them, all at once. */
function heartbeatErrors(fields: ReadonlyMap<string, unknown>): Record<string, string> | undefined {
  const errors: [string, string][] = [];
  const check = (name: string, type: string, fits: (value: unknown) => boolean): void => {
    const value = fields.get(name);
    if (fields.has(name) && !fits(value)) errors.push([name, `${repr(value)} is not of type '${type}'`]);
  };
  if (!fields.has('timestamp')) errors.push(['timestamp', "'timestamp' is a required property"]);
  check('timestamp', 'string', (value) => typeof value === 'string');
  check('duration', 'number', (value) => typeof value === 'number');
  check('data', 'object', isObject);
  return errors.length === 0 ? undefined : Object.fromEntries(errors);
}

/** Of text that was checked when it came in. */
function parseOwn(text: string): unknown {
  return JSON.parse(text);
}

function headerSafe(id: string): string {
  return id.replace(/[^\x20-\x7e]|["\\]/g, '_');
}
