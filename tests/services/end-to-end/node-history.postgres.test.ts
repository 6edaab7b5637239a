// Three nodes on one database, over both relays, while nodes, database and relay fail as a seed says: what all clients saw could have come
// from one hub that never fails. `npm run prove -- nodes` runs as many seeds as one likes.

import { expect, jest, test } from '@jest/globals';
import { proveNodes } from '../../../scripts/prove/nodes.ts';
import { natsServer } from '../../harness/nats.ts';
import { postgresBin } from '../../harness/postgres.ts';

const seeds = 20;
const limitMs = 900_000;

jest.setTimeout(limitMs);

if (postgresBin === undefined || natsServer === undefined) {
  test.skip('PostgreSQL or NATS is not installed', () => undefined);
} else {
  test(`the history of ${seeds} seeds has no contradiction`, async () => {
    const printed: string[] = [];
    const { faults, least, ...proof } = await proveNodes(seeds, 1, (line) => printed.push(line));
    expect({ faults, printed: faults.length === 0 ? [] : printed }).toEqual({ faults: [], printed: [] });
    expect(proof.seeds).toBe(seeds);
    expect(least.writes).toBeGreaterThanOrEqual(1_000);
    expect(least.failures).toBeGreaterThanOrEqual(3);
  });
}
