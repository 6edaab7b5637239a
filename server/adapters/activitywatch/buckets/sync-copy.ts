// Buckets that aw-sync copied from another device: `<bucket>-synced-from-<host>`. A copy holds events of the original bucket, so an
// import writes them there.

const mark = '-synced-from-';

export interface SyncCopy {
  /** The id of the bucket on the device that it was copied from. */
  readonly original: string;
  /** The name of that device; '' if the id does not say it. */
  readonly hostname: string;
}

/** @returns undefined if the id is not one of a copy. A copy of a copy belongs to the first original. */
export function readSyncCopy(id: string): SyncCopy | undefined {
  const at = id.indexOf(mark);
  if (at <= 0) return undefined;
  const [hostname = ''] = id.slice(at + mark.length).split(mark);
  return { original: id.slice(0, at), hostname: hostname === 'unknown' ? '' : hostname };
}
