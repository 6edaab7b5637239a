// The version of a change, as Kronos clients compare it, and what a login is answered so that nothing is lost (rules W5, M1 to M4).
// Numbers in, numbers out.

/** How far a client's clock may run ahead before its versions are held back, in milliseconds. */
const aheadMs = 2_000;
/** Clients' clocks tick in whole seconds, told in milliseconds. */
const tickMs = 1_000;

/** Never written to. */
export const noVersion = -1;

/** A client's version, no further ahead than the hub's clock allows. */
export function bounded(stated: number | undefined, now: number): number {
  return Math.floor(Math.min(stated ?? now, now + aheadMs));
}

/** W5 */
export function nextVersion(last: number, stated: number | undefined, now: number): number {
  return Math.max(last + 1, bounded(stated, now));
}

/** What a device surely has, and what it would call itself. Times in milliseconds since 1970. */
export interface Base {
  /** The tasks after this step, and the device's own writes since. */
  readonly seq: number;
  /** The last step when it began from nothing: what it wrote before, it no longer has. */
  readonly began?: number;
  /** The versions that the device may name having edited nothing since. */
  readonly versions: readonly number[];
  /** Its clock less the hub's, as last seen; 0 while nothing is known. */
  readonly offset: number;
  /** The hub's clock when the device was last heard, or left in good order: it had no edits then that the hub does not know. */
  readonly left: number;
  /** From this moment on, a list sent to it unasked may have made it forget writes of its own that crossed. */
  readonly doubt?: number;
}

/** M4: whether the device named this version without having edited anything. */
function namesUnchanged(base: Base, version: number): boolean {
  if (!base.versions.includes(version)) return false;
  return version % tickMs !== 0 || base.left + base.offset >= version + tickMs;
}

/**
 * M1 to M3.
 * @param stated the version that the device names; undefined when it names none
 * @param hub the version and last step of the account's tasks
 */
export function loginVersion(
  base: Base | undefined,
  stated: number | undefined,
  hub: { version: number; seq: number },
): number {
  if (base === undefined || stated === undefined || stated <= 0) return hub.version;
  if (!namesUnchanged(base, stated)) return stated - 1;
  return hub.seq === base.seq || hub.version > stated ? hub.version : stated - 1;
}
