// Takes heartbeats: from a request's body to ops and the answer. README.md explains why the answer has exactly this form: with any
// other, some plugin sends the same heartbeats for ever.

import type { Hub } from '../../../core/hub.ts';
import { json, type Reply, type Request } from '../../../http/types.ts';
import { writeHeartbeats } from '../index/write-heartbeats.ts';
import { proposeZone } from '../model/account-settings.ts';
import { type HeartbeatLimits, isObject, parseHeartbeat, type Sender } from '../model/heartbeat.ts';

import { parseBody } from './parse-body.ts';

/**
 * How a single heartbeat is answered. `data`: 202 with the heartbeat, as WakaTime documents it. `responses`: 201 like a batch of one,
 * as Wakapi does.
 */
export type SingleForm = 'data' | 'responses';

const longestMachine = 255;

/** Stores the heartbeats of a request. A well-formed batch is never refused as a whole: plugins would send it again for ever. */
export async function ingestHeartbeats(
  hub: Hub,
  account: string,
  request: Request,
  {
    batch,
    single,
    limits,
  }: { readonly batch: boolean; readonly single: SingleForm; readonly limits?: HeartbeatLimits | undefined },
): Promise<Reply> {
  const body = parseBody(request.body);
  if (!Array.isArray(body) && !isObject(body)) {
    return json(400, { error: 'the body must be a heartbeat, or a list of them, as JSON' });
  }
  const at = hub.world.now();
  const userAgent = request.headers.get('user-agent') ?? '';
  const sender = { userAgent, machine: machineOf(request), at, ...(limits === undefined ? {} : { limits }) };
  const all: readonly unknown[] = Array.isArray(body) ? body : [body];
  const parsed = all.map((one) => parseHeartbeat(one, sender));
  const heartbeats = parsed.flatMap((one) => (one.ok ? [one] : []));
  if (heartbeats.length > 0) {
    await writeHeartbeats(await hub.channel(`${account}/wakatime`), heartbeats, { origin: originOf(sender), at });
    await proposeZone(hub, account, request.headers.get('timezone') ?? '');
  }

  const [only] = parsed;
  if (!batch && !Array.isArray(body) && single !== 'responses' && only !== undefined) {
    if (!only.ok) return json(400, { errors: only.errors });
    const { entity, type } = only.heartbeat;
    return json(202, { data: { id: only.key, entity, type, time: only.time / 1_000_000 } });
  }
  const responses = parsed.map((one) => (one.ok ? accepted : ([{ errors: one.errors }, 400] as const)));
  return json(batch ? 202 : 201, { responses });
}

/** The answer for each stored or repeated heartbeat. Older plugins fail on an echo of the heartbeat, so there is none. */
const accepted = [{ data: null, error: null }, 201] as const;

/**
 * The machine's name. It is escaped as in a query; some command lines escape it again at each request, and a blank is `+`, then
 * `%2B`.
 */
function machineOf(request: Request): string {
  let name = request.headers.get('x-machine-name') ?? '';
  for (let turn = 0; turn < 3; turn += 1) {
    try {
      const plain = decodeURIComponent(name.replaceAll('+', ' '));
      if (plain === name) break;
      name = plain;
    } catch {
      break;
    }
  }
  return name.trim().slice(0, longestMachine);
}

/** The origin that followers of the channel see. Stores refuse NUL. */
function originOf({ machine }: Sender): string {
  return Buffer.from(machine.replaceAll('\0', '')).toString() || 'wakatime';
}
