// The states of an account at Debian's mosquitto, as Home Assistant would find them: discovery, each change, a broker that restarts, and a hub
// that is killed.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DayHub } from '../../harness/day-hub.ts';
import { eventually } from '../../harness/eventually.ts';
import { hasMosquitto, Mosquitto } from '../../harness/mosquitto.ts';
import { HubProcess, Leftovers } from '../../harness/process.ts';

/** Milliseconds: shorter than a connection may be silent. */
const step = 10_000;
let broker: Mosquitto;

beforeEach(async () => {
  if (hasMosquitto) broker = await Mosquitto.start({ isSecure: true });
});

afterEach(async () => {
  if (hasMosquitto) await broker.close();
});

const login = () => ({ name: 'home', kind: 'mqtt', url: broker.url, user: broker.user, password: broker.password });

/** The retained payload of a topic of the one target. */
function topic(name: string): string | undefined {
  return [...broker.topics].find(([one]) => one.startsWith('horai/') && one.endsWith(`/${name}`))?.[1];
}

const topicToBe = (name: string, wanted: string) =>
  eventually(() => topic(name) === wanted, `${name} to be ${wanted}`, { instead: () => topic(name) });

// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
function discovered(): Map<string, any> {
  return new Map(
    [...broker.topics]
      .filter(([one]) => one.startsWith('homeassistant/'))
      .map(([one, payload]) => [one.split('/').at(-2) ?? '', JSON.parse(payload)]),
  );
}

(hasMosquitto ? describe : describe.skip)('a hub with a broker', () => {
  let hub: DayHub;

  beforeEach(async () => {
    hub = await DayHub.start({ outboxAllow: ['127.0.0.1', 'localhost'] });
  });

  afterEach(async () => {
    await hub.close();
  });

  const connect = async (more: object = {}) => {
    const made = await hub.post('/-/relays', { ...login(), ...more }, {}, 201);
    return String(Object(made).id);
  };
  const state = async () => (await hub.get('/-/relays')).relays[0];
  /** As time passes, a second after the other. */
  const pass = (ms: number, name: string, wanted: string) =>
    eventually(
      async () => {
        hub.world.pass(ms);
        await hub.write({ type: 'ping' });
        return topic(name) === wanted;
      },
      `${name} to be ${wanted}`,
      { instead: () => topic(name) },
    );

  test('says what there is, in the form that Home Assistant finds by itself', async () => {
    const id = await connect();
    await topicToBe('status', 'online');
    await topicToBe('present', 'OFF');
    expect([topic('today'), topic('project'), topic('task'), topic('running')]).toEqual(['0', 'None', 'None', 'None']);
    const entities = discovered();
    expect([...entities.keys()].sort()).toEqual(['present', 'project', 'running', 'task', 'today']);
    for (const [name, entity] of entities) {
      expect(entity).toMatchObject({
        unique_id: `horai_${id}_${name}`,
        name: expect.stringMatching(/./),
        state_topic: `horai/${id}/${name}`,
        availability_topic: `horai/${id}/status`,
        device: { identifiers: [`horai_${id}`], name: 'Horai (owner)', manufacturer: 'Horai' },
      });
      expect(broker.topics.has(entity.state_topic)).toBe(true);
    }
    expect(entities.get('today')).toMatchObject({ device_class: 'duration', unit_of_measurement: 's' });
    expect(entities.get('present')).toMatchObject({ device_class: 'occupancy' });
    expect(await eventually(async () => (await state()).delivered === 1 && state(), 'the connection')).toMatchObject({
      kind: 'mqtt',
      to: broker.url,
      waiting: 0,
      failing: null,
    });
  });

  test('says each change: the project of a heartbeat, the running task, that somebody left, and how far a goal is', async () => {
    hub.moveTo('09:00');
    await hub.write({ type: 'ping' });
    await hub.post('/api/v1/users/current/goals', { title: 'half an hour', delta: 'day', seconds: 1_800 }, {}, 201);
    await connect();
    await topicToBe('present', 'OFF');
    await hub.heartbeats('08:45', '09:00', 1, { project: 'horai' });
    await pass(1_000, 'project', 'horai');
    await pass(1_000, 'present', 'ON');
    expect(Number(topic('today'))).toBe(900);
    const goal = await eventually(async () => {
      hub.world.pass(1_000);
      await hub.write({ type: 'ping' });
      return [...discovered().keys()].find((name) => name.startsWith('goal_'));
    }, 'the goal');
    await pass(1_000, goal, '50');
    await pass(step, 'present', 'OFF');
    expect([topic('project'), topic('task')]).toEqual(['None', 'None']);
    const id = 7;
    await hub.write({ type: 'create', task: { id, desc: 'water the plants', tags: [], active: 0 } });
    await hub.write({
      type: 'update',
      task: { id, desc: 'water the plants', tags: [], active: hub.world.now() / 1_000 },
    });
    await pass(1_000, 'running', 'water the plants');
    await pass(1_000, 'task', 'water the plants');
    expect(topic('present')).toBe('ON');
  });

  test('comes back after the broker was away, and says everything again to one that has forgotten it', async () => {
    await connect();
    await topicToBe('status', 'online');
    await broker.down();
    const failing = await eventually(async () => (await state()).failing, 'the end of the connection');
    expect(failing).toMatchObject({ tries: 1, error: expect.stringMatching(/./) });
    const next = failing.next - hub.world.now();
    expect(next).toBeGreaterThan(0);
    hub.world.pass(next);
    await eventually(async () => (await state()).failing?.tries === 2, 'a try in vain');
    await broker.up();
    await eventually(async () => {
      hub.world.pass(step);
      await hub.write({ type: 'ping' });
      return topic('status') === 'online';
    }, 'the hub to come back');
    await topicToBe('today', '0');
    expect([...discovered().keys()]).toContain('today');
    expect((await state()).failing).toBeNull();
  });

  test('leaves nothing at the broker when it is removed, and says that it is away when the hub stops', async () => {
    const id = await connect();
    await topicToBe('status', 'online');
    await topicToBe('present', 'OFF');
    await fetch(new URL(`/-/relays/${id}`, hub.node.hub.url), { method: 'DELETE' });
    await eventually(() => broker.topics.size === 0, 'an empty broker', { instead: () => [...broker.topics.keys()] });
    await connect();
    await topicToBe('status', 'online');
    await hub.node.hub.stop();
    await topicToBe('status', 'offline');
    expect(topic('today')).toBe('0');
  });

  test('with a wrong password, a certificate that nobody vouches for, or another kind of server says so and tries again', async () => {
    const failure = async (more: object) => {
      const id = await connect(more);
      const { failing } = await eventually(async () => {
        const now = await state();
        return now.failing === null ? undefined : now;
      }, 'a failed try');
      await fetch(new URL(`/-/relays/${id}`, hub.node.hub.url), { method: 'DELETE' });
      return failing.error;
    };
    expect(await failure({ password: 'wrong' })).toMatch(/user and password|let this user in/);
    expect(await failure({ url: broker.secureUrl })).toMatch(/self.signed/);
    expect(await failure({ url: `mqtt://127.0.0.1:${new URL(hub.node.hub.url).port}` })).toMatch(/./);
    expect(broker.topics.size).toBe(0);
  });

  test('shows the password to nobody, and calls no private address that is not allowed', async () => {
    await connect();
    await topicToBe('status', 'online');
    const shown = [await hub.get('/-/relays'), await hub.write({ type: 'read-all', channel: 'outbox' })];
    expect(JSON.stringify(shown)).not.toContain(broker.password);
    const refused = async (url: string) => hub.post('/-/relays', { ...login(), url }, {}, 400);
    expect(await refused('mqtts://192.168.1.1')).toMatchObject({ hint: expect.stringMatching(/public internet/) });
    expect(await refused('mqtt://broker.example.org')).toMatchObject({ hint: expect.stringMatching(/mqtts:/) });
    expect(await refused('https://broker.example.org')).toMatchObject({ hint: expect.stringMatching(/mqtts:/) });
    expect(await refused('mqtts://a:b@broker.example.org')).toMatchObject({ hint: expect.stringMatching(/without/) });
  });
});

(hasMosquitto ? test : test.skip)(
  'the broker says the last will of a hub that is killed, over TLS',
  async () => {
    const leftovers = new Leftovers();
    const env = {
      HORAI_DATA: leftovers.folder(),
      HORAI_OUTBOX_ALLOW: 'localhost',
      NODE_EXTRA_CA_CERTS: broker.certificate,
    };
    const first = new HubProcess(leftovers, env);
    const url = await first.up();
    const made = await fetch(new URL('/-/relays', url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...login(), url: broker.secureUrl }),
    });
    expect(made.status).toBe(201);
    await topicToBe('status', 'online');
    await topicToBe('present', 'OFF');
    first.signal('SIGKILL');
    await first.ended;
    await topicToBe('status', 'offline');
    const second = new HubProcess(leftovers, env);
    await second.up();
    await topicToBe('status', 'online');
    await second.stop();
    await topicToBe('status', 'offline');
    await leftovers.clear();
  },
  120_000,
);
