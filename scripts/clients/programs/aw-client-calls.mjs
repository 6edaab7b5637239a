// Calls every method of npm's aw-client on a hub. Arguments: the folder that has it installed, the hub's URL.

import { strict as assert } from 'node:assert';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [folder = '', baseURL = ''] = process.argv.slice(2);
const { AWClient } = createRequire(join(folder, 'index.js'))('aw-client');
const client = new AWClient('clients-run', { baseURL });
const bucket = 'aw-js_host';
const start = new Date('2026-03-01T10:00:00Z');
const at = (seconds) => new Date(start.getTime() + seconds * 1000);

assert.ok((await client.getInfo()).version);
assert.deepEqual(await client.ensureBucket(bucket, 'app.editor.activity', 'host'), { alreadyExist: false });
assert.deepEqual(await client.ensureBucket(bucket, 'app.editor.activity', 'host'), { alreadyExist: true });
await client.createBucket('second', 'test', 'host');
assert.deepEqual(Object.keys(await client.getBuckets()).sort(), [bucket, 'second']);
await client.deleteBucket('second');
assert.equal((await client.getBucketInfo(bucket)).type, 'app.editor.activity');
await client.insertEvent(bucket, { timestamp: start, duration: 5, data: { file: 'a' } });
await client.insertEvents(
  bucket,
  [1, 2, 3].map((n) => ({ timestamp: at(n * 10), duration: 5, data: { file: `f${n}` } })),
);
const events = await client.getEvents(bucket);
assert.equal(events.length, 4);
assert.equal((await client.getEvents(bucket, { start, end: at(12), limit: 1 })).length, 1);
assert.equal(await client.countEvents(bucket), 4);
assert.equal(Number(await client.countEvents(bucket, start, at(60))), 4);
const [newest] = events;
assert.deepEqual((await client.getEvent(bucket, newest.id)).data, { file: 'f3' });
await client.replaceEvent(bucket, { ...newest, data: { file: 'replaced' } });
await client.replaceEvents(bucket, [{ ...newest, data: { file: 'replaced twice' } }]);
assert.deepEqual(
  (await client.getEvents(bucket)).map(({ data }) => data.file),
  ['replaced twice', 'f2', 'f1', 'a'],
);
await client.deleteEvent(bucket, newest.id);
assert.equal(await client.countEvents(bucket), 3);
await Promise.all(
  [0, 2, 4].map((n) => client.heartbeat(bucket, 5, { timestamp: at(100 + n), data: { file: 'beat' } })),
);
assert.equal((await client.getEvents(bucket, { limit: 1 }))[0].duration, 4);
const query = [`events = query_bucket("${bucket}");`, 'RETURN = sum_durations(events);'];
const period = [{ start, end: at(3600) }];
assert.deepEqual(await client.query(period, query), [19]);
assert.deepEqual(await client.query(period, query, { cache: true, name: 'n' }), [19]);
await client.set_setting('js', { a: 1 });
assert.deepEqual(await client.get_setting('js'), { a: 1 });
assert.deepEqual((await client.get_settings()).js, { a: 1 });
await client.abort('bye');
console.log('every call, a replaced event and a queue of three heartbeats among them');
