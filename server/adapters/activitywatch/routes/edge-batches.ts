// The route for edges (`horai edge`): a process on a person's machine sends the events that it received as batches. Each batch is written
// exactly once, however often it is sent. The edge chooses event ids; bucket names are resolved as for every other device.

import { type Static, Type } from '@sinclair/typebox';
import { outOfBounds } from '../../../../protocol/bounds.ts';
import { compile } from '../../../../protocol/check.ts';
import { parseJson } from '../../../../protocol/json.ts';
import { type Identity, isAllowed } from '../../../core/access.ts';
import type { EdgeQueues } from '../../../core/edge-queues.ts';
import type { Hub } from '../../../core/hub.ts';
import type { Op } from '../../../core/store.ts';
import { type AuthenticationDeps, type AuthenticationResult, authenticate } from '../../../http/authenticate.ts';
import { withDocs } from '../../../http/route-docs.ts';
import { json, type Reply, type Request, type Route } from '../../../http/types.ts';
import type { Author, Buckets } from '../buckets/buckets.ts';
import { isBucketId } from '../buckets/description.ts';
import { edgeDocs } from './route-docs.ts';
import type { ActivityWatch } from './routes.ts';

const number = Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER });

const Batch = Type.Object({
  /** Names the batch: a batch whose id was seen before is not written again. */
  write_id: Type.String({ minLength: 1, maxLength: 100 }),
  /** The description of the bucket, in case it has to be made. */
  about: Type.Object({
    type: Type.String(),
    client: Type.String(),
    hostname: Type.String(),
    created: Type.String(),
    data: Type.Record(Type.String(), Type.Unknown()),
  }),
  /** Each event replaces the one with its id. Microseconds since 1970; `data` is compact JSON text. */
  events: Type.Array(Type.Object({ id: number, time: number, end: number, data: Type.String() })),
  removed: Type.Array(number),
  /** Events that still wait on the edge's machine after this batch. Older edges do not say. */
  waiting: Type.Optional(Type.Integer({ minimum: 0 })),
});
export type Batch = Static<typeof Batch>;

/** The answer to the edge. */
export const BatchAnswer = Type.Object({
  epoch: Type.String(),
  /** The bucket's name at the hub, which may differ from the edge's. */
  bucket: Type.String(),
});
export const EdgeAnswer = Type.Object({ epoch: Type.String() });

const checkBatch = compile(Batch);
const isBatch = (value: unknown): value is Batch => checkBatch(value);

/** Bytes: an event may be as large as one that is posted. */
const limit = 68_157_440;

/** The header in which an edge says how many events wait on its machine for the hub. */
export const backlogHeader = 'horai-edge-backlog';
/** An edge asks for the epoch each minute. After this time without a request it counts as away, in milliseconds. */
const edgeAwayMs = 300_000;

/** The edges that use this node, by token. */
export class ConnectedEdges {
  readonly #hub: Hub;
  readonly #edges = new Map<string, { at: number; backlog: number }>();

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** Takes note of a request of an edge, and reports the first after it was away. */
  noteRequest({ account, token }: Identity, { address, headers }: Request): void {
    const at = this.#hub.world.now();
    const name = `${account} ${token}`;
    const known = this.#edges.get(name);
    if (known === undefined || at - known.at > edgeAwayMs) {
      this.#hub.events.report({ event: 'edge_connected', account, token, address });
    }
    const stated = Number(headers.get(backlogHeader) ?? Number.NaN);
    const backlog = Number.isSafeInteger(stated) && stated >= 0 ? stated : (known?.backlog ?? 0);
    this.#edges.set(name, { at, backlog });
  }

  /** The edges that are not away, and the events that wait on them. */
  count(): { readonly connected: number; readonly backlog: number } {
    const now = this.#hub.world.now();
    for (const [name, { at }] of this.#edges) if (now - at > edgeAwayMs) this.#edges.delete(name);
    const backlog = [...this.#edges.values()].reduce((sum, edge) => sum + edge.backlog, 0);
    return { connected: this.#edges.size, backlog };
  }
}

export interface EdgeDeps extends AuthenticationDeps {
  readonly hub: Hub;
  /** Hears which edges are there, and how much waits at each. */
  readonly connected?: ConnectedEdges;
  /** The same objects through which watchers write, so that their writes are serialized. */
  readonly bucketsOf: ActivityWatch['bucketsOf'];
  /** Hears how much waits at each edge. */
  readonly edges?: EdgeQueues;
}

export function edgeRoutes({ hub, bucketsOf, edges, connected, ...trust }: EdgeDeps): readonly Route[] {
  /** The id of a device's bucket, by device and name: looking it up would cost a write each time. */
  const places = new Map<string, string>();

  const placeOf = async (buckets: Buckets, id: string, about: Batch['about'], author: Author): Promise<string> => {
    const name = JSON.stringify([buckets.account, author.device, id]);
    const known = places.get(name);
    if (known !== undefined && buckets.find(known) !== undefined) return known;
    const { type, client, hostname, created, data } = about;
    await buckets.create(id, { type, client, hostname }, author, { created, data });
    const place = buckets.resolve(id, author);
    places.set(name, place);
    return place;
  };

  const take = async (request: Request): Promise<Reply> => {
    const admitted = authenticate(trust, request);
    if (!admitted.ok) return refuseUnauthorized(admitted);
    const { account, token } = admitted.identity;
    const id = request.params.get('bucket') ?? '';
    const batch = parseJson(request.body.toString());
    if (!isBucketId(id) || !isBatch(batch)) {
      const [first] = checkBatch.errors ?? [];
      return json(400, { error: `not a batch: ${first?.instancePath ?? ''} ${first?.message ?? 'bucket id'}` });
    }
    const at = hub.world.now();
    if (batch.waiting !== undefined) edges?.note(token, { waiting: batch.waiting, at });
    const buckets = await bucketsOf(account);
    const texts: string[] = [];
    for (const { id: event, data } of batch.events) {
      const value = outOfBounds(data) === undefined ? parseJson(data) : undefined;
      if (value === undefined) return json(400, { error: `event ${event}: its data are no JSON within bounds` });
      texts.push(JSON.stringify(value));
    }
    const privacy = await buckets.applyPrivacy({ bucket: id, type: batch.about.type }, texts);
    // The batch is fine and the hub is up: the edge sends it again until the rules are valid.
    if (!privacy.ok) return json(409, { error: privacy.error });
    const ops: Op[] = batch.removed.map((removed) => ({ op: 'remove', key: String(removed) }));
    for (const [position, { id: event, time, end }] of batch.events.entries()) {
      const visible = privacy.data[position] ?? null;
      if (visible !== null) ops.push({ op: 'put', key: String(event), value: visible, time, end });
    }
    const device = trust.accounts.tokens(account).find((one) => one.id === token)?.name ?? '';
    const author = { origin: device === '' ? 'activitywatch' : device, device };
    const allowed = (bucket: string) => isAllowed(admitted.identity, 'write', buckets.channelOf(bucket));
    const known = buckets.resolve(id, author);
    if (!allowed(known)) return json(403, { error: 'This token may not.' });
    const { epoch } = hub.store;
    // There is nothing to remove from a bucket that does not exist, so it is not made.
    const idle = batch.events.length === 0 && batch.removed.length > 0;
    if (idle && buckets.find(known) === undefined) return json(200, { epoch, bucket: known });
    const place = await placeOf(buckets, id, batch.about, author);
    if (!allowed(place)) return json(403, { error: 'This token may not.' });
    if (ops.length > 0) {
      const { channel } = await buckets.bucket(place);
      await channel.write({ ops, origin: author.origin, at, writeId: `edge/${batch.write_id}` });
    }
    return json(200, { epoch, bucket: place } satisfies Static<typeof BatchAnswer>);
  };

  const routes: readonly Route[] = [
    {
      method: 'GET',
      path: '/-/edge',
      handle: async (request) => {
        const admitted = authenticate(trust, request);
        if (!admitted.ok) return refuseUnauthorized(admitted);
        if (!admitted.identity.scopes.some(writesBuckets)) return json(403, { error: 'This token may not.' });
        connected?.noteRequest(admitted.identity, request);
        return json(200, { epoch: hub.store.epoch } satisfies Static<typeof EdgeAnswer>);
      },
    },
    { method: 'POST', path: '/-/edge/:bucket', limit, handle: take },
  ];
  return withDocs(routes, edgeDocs);
}

/** True for a scope of an edge: it may write some bucket. */
function writesBuckets(scope: string): boolean {
  return ['write', 'write:*', 'write:aw*'].includes(scope) || scope.startsWith('write:aw/');
}

function refuseUnauthorized(refusal: Extract<AuthenticationResult, { readonly ok: false }>): Reply {
  return json(refusal.code === 'too_many' ? 429 : 401, { error: refusal.error });
}
