// Heartbeats on their way in: from a request's body to ops, and the answers that keep every known plugin from sending them
// again for ever. Their exact form is explained in README.md; nothing here computes time.

import { replaceLoneSurrogates } from '../../../../protocol/well-formed.ts';
import type { Hub } from '../../../core/hub.ts';
import { json, type Reply, type Request } from '../../../http/types.ts';
import { keepHeartbeats } from '../index/write-heartbeats.ts';
import { proposeZone } from '../model/account-settings.ts';
import { isObject, type Limits, type Sender, takeHeartbeat } from '../model/heartbeat.ts';

/** Whose tools use a prefix: it decides the words of amounts, and whether stats include today. */
export type Manner = 'wakatime' | 'wakapi';

/**
 * How a single heartbeat is answered. `data`: 202 with the heartbeat, as WakaTime documents it. `responses`: 201 like a batch of one,
 * as Wakapi does.
 */
export type SingleForm = 'data' | 'responses';

const longestMachine = 255;

/** Never an error for the whole of a well-formed batch: plugins would send it for ever. */
export async function takeHeartbeats(
  hub: Hub,
  account: string,
  request: Request,
  {
    batch,
    single,
    limits,
  }: { readonly batch: boolean; readonly single: SingleForm; readonly limits?: Limits | undefined },
): Promise<Reply> {
  const body = parsedBody(request.body);
  if (!Array.isArray(body) && !isObject(body)) {
    return json(400, { error: 'the body must be a heartbeat, or a list of them, as JSON' });
  }
  const at = hub.world.now();
  const userAgent = request.headers.get('user-agent') ?? '';
  const sender = { userAgent, machine: machineOf(request), at, ...(limits === undefined ? {} : { limits }) };
  const all: readonly unknown[] = Array.isArray(body) ? body : [body];
  const taken = all.map((one) => takeHeartbeat(one, sender));
  const heartbeats = taken.flatMap((one) => (one.ok ? [one] : []));
  if (heartbeats.length > 0) {
    await keepHeartbeats(await hub.channel(`${account}/wakatime`), heartbeats, { origin: originOf(sender), at });
    await proposeZone(hub, account, request.headers.get('timezone') ?? '');
  }

  const [only] = taken;
  if (!batch && !Array.isArray(body) && single !== 'responses' && only !== undefined) {
    if (!only.ok) return json(400, { errors: only.errors });
    const { entity, type } = only.heartbeat;
    return json(202, { data: { id: only.key, entity, type, time: only.time / 1_000_000 } });
  }
  const responses = taken.map((one) => (one.ok ? accepted : ([{ errors: one.errors }, 400] as const)));
  return json(batch ? 202 : 201, { responses });
}

/** A repeated one too. An echo of the heartbeat is what older plugins choke on. */
const accepted = [{ data: null, error: null }, 201] as const;

/** Whatever its content type says; VS Code for the web packs the list into a text. */
export function parsedBody(body: Buffer): unknown {
  try {
    const once: unknown = JSON.parse(body.toString());
    return typeof once === 'string' ? JSON.parse(replaceLoneSurrogates(once)) : once;
  } catch {
    return undefined;
  }
}

/** Escaped as in a query; some command lines escape it again on each request of theirs, and a blank is a `+`, then `%2B`. */
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

/** The device that followers are told of. Stores take no NUL, and no half of a pair. */
function originOf({ machine }: Sender): string {
  return Buffer.from(machine.replaceAll('\0', '')).toString() || 'wakatime';
}
