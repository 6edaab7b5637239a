// The version of a change, which Kronos clients compare, and the version in the answer to a login (rules W5, M1 to M4). Pure functions of
// numbers.

/** How far a client's clock may run ahead before its versions are capped, in milliseconds. */
const aheadMs = 2_000;
/** Clients' clocks tick in whole seconds; versions are in milliseconds. */
const tickMs = 1_000;

/** L5: the version of tasks that were never written. */
export const noVersion = -1;

/** W5: a client's version, at most two seconds ahead of the hub's clock. Milliseconds since 1970. */
export function boundVersion(stated: number | undefined, now: number): number {
  return Math.floor(Math.min(stated ?? now, now + aheadMs));
}

/** W11: a change of id is sent as a delete, a create and an update. */
export const noticesOfNewId = 3;

/**
 * W5
 * @param notices number of messages in which a plain client is sent the change: each has its own version, and the result is the last
 */
export function nextVersion(last: number, stated: number | undefined, now: number, notices = 1): number {
  return Math.max(last + 1, boundVersion(stated, now)) + notices - 1;
}

/** The state that a device certainly has, and the versions that it may name. Times are milliseconds since 1970. */
export interface Base {
  /** The device has the tasks of this step, and its own writes since. */
  readonly seq: number;
  /** The last step when the device started from nothing: it no longer has what it wrote before. */
  readonly began?: number;
  /** The versions that the device names if it has edited nothing since. */
  readonly versions: readonly number[];
  /** M4.5: its clock less the hub's at its last write; 0 before that. */
  readonly offset: number;
  /** M4: the hub's clock at the last message of the device: the hub knows all edits until then. */
  readonly left: number;
  /** From this moment on, a list that the hub sent without a request may have replaced writes that the device sent meanwhile. */
  readonly doubt?: number;
}

/** M4: true if the device names this version and has edited nothing. */
function namesUnchanged(base: Base, version: number): boolean {
  if (!base.versions.includes(version)) return false;
  return version % tickMs !== 0 || base.left + base.offset >= version + tickMs;
}

/**
 * M1 to M3.
 * @param stated the version that the device names; undefined if it names none
 * @param hub the version and last step of the account's tasks
 * @param silent true if the device may change tasks without a new version (M13)
 */
export function loginVersion(
  base: Base | undefined,
  stated: number | undefined,
  hub: { version: number; seq: number },
  silent = false,
): number {
  if (base === undefined || stated === undefined || stated <= 0) return hub.version;
  if (silent || !namesUnchanged(base, stated)) return stated - 1;
  return hub.seq === base.seq || hub.version > stated ? hub.version : stated - 1;
}
