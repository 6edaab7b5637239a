// ActivityWatch's REST interface at `/api/0`, as its watchers, libraries and web UI know it: puts the tables of the files beside this
// one together. ../README.md lists where it differs from the reference on purpose.

import { ownerName } from '../../../core/accounts.ts';
import type { Hub } from '../../../core/hub.ts';
import type { AuthenticationDeps } from '../../../http/authenticate.ts';
import { withDocs } from '../../../http/route-docs.ts';
import type { Route } from '../../../http/types.ts';
import { Buckets } from '../buckets/buckets.ts';
import { BodyWorkerPool } from '../events/body-worker-pool.ts';
import { Queries } from '../query/queries.ts';
import { RuleThreads } from '../rules/rule-threads.ts';
import { bucketResources } from './bucket-resources.ts';
import { eventResources } from './event-resources.ts';
import { queryResources } from './query-resources.ts';
import { reorganizeResources } from './reorganize-resources.ts';
import { type Context, type Resource, routesOf, unknownRoute } from './resource.ts';
import { activityWatchDocs, activityWatchUnlisted } from './route-docs.ts';
import { settingResources } from './setting-resources.ts';
import { transferResources } from './transfer-resources.ts';

export interface ActivityWatchDeps extends AuthenticationDeps {
  readonly hub: Hub;
  /** The name of this machine. */
  readonly hostname: string;
  readonly version: string;
  /** Buckets may be deleted without `force=1`. */
  readonly testing: boolean;
  /** Called after each write of a watcher: why it could not be stored, or null. */
  readonly reportWrite?: (fault: string | null) => void;
}

export interface ActivityWatch {
  readonly routes: readonly Route[];
  /** The one object through which an account's buckets are read and written. */
  readonly bucketsOf: (account: string) => Promise<Buckets>;
  /** Ends the threads of queries. */
  close(): Promise<void>;
}

const resources: readonly Resource[] = [
  ...bucketResources,
  ...eventResources,
  ...queryResources,
  ...transferResources,
  ...settingResources,
  ...reorganizeResources,
];

export function openActivityWatch(deps: ActivityWatchDeps): ActivityWatch {
  const { hub, hostname, version, testing, reportWrite = () => undefined, ...trust } = deps;
  const queries = new Queries(hub);
  const rules = new RuleThreads(hub.world);
  const opened = new Map<string, Promise<Buckets>>();
  const bucketsOf = (account: string): Promise<Buckets> => {
    const known = opened.get(account);
    if (known !== undefined) return known;
    const opening = Buckets.open(hub, account, rules);
    opened.set(account, opening);
    opening.catch(() => opened.delete(account));
    return opening;
  };
  const deviceId = async () => (await bucketsOf(ownerName)).remembered('device_id', () => hub.world.secret());
  const bodies = new BodyWorkerPool();
  const context: Context = {
    hub,
    trust,
    hostname,
    version,
    testing,
    queries,
    bodies,
    bucketsOf,
    deviceId,
    reportWrite,
  };
  const rows = [...resources.flatMap((resource) => routesOf(context, resource)), unknownRoute('/api/0/*')];
  const routes = withDocs(rows, activityWatchDocs, {
    keyOf: (path) => path.replace(/\/$/, ''),
    unlisted: activityWatchUnlisted,
  });
  const close = async () => {
    await Promise.all([queries.close(), rules.close()]);
  };
  return { routes, bucketsOf, close };
}
