// The check of imports, with invented sources that violate each of its rules.

import { describe, expect, test } from '@jest/globals';
import { findViolations } from '../../../scripts/check-boundaries.ts';

describe('the check of boundaries', () => {
  test.each([
    ['protocol/codec.ts', `import { Hub } from '../server/core/hub.ts';`],
    ['protocol/codec.ts', `import { readFileSync } from 'node:fs';`],
    ['server/core/hub.ts', `import { listen } from '../transport/listen.ts';`],
    ['server/core/hub.ts', `import type { Config } from '../config.ts';`],
    ['server/core/hub.ts', `import { WebSocket } from 'ws';`],
    ['server/core/hub.ts', `import {\n  a,\n  b,\n} from '../http/types.ts';`],
    ['server/core/hub.ts', `const late = await import('../storage/memory.ts');`],
    ['server/storage/memory.ts', `export { x } from '../transport/listen.ts';`],
    ['server/transport/ws.ts', `import { task } from '../adapters/kronos/tasks.ts';`],
    ['server/transport/ws.ts', `import uws from 'uWebSockets.js';`],
    ['server/adapters/kronos/tasks.ts', `import { room } from '../mobtimer/room.ts';`],
    ['server/adapters/kronos/tasks.ts', `import { MemoryStore } from '../../storage/memory.ts';`],
    ['server/http/types.ts', `import { room } from '../adapters/mobtimer/room.ts';`],
    ['server/http/router.ts', `import { open } from '../wire/conversation.ts';`],
    ['server/wire/conversation.ts', `import { openTaskClients } from '../adapters/kronos/task-requests.ts';`],
    ['server/wire/admin.ts', `import { room } from '../adapters/mobtimer/rooms.ts';`],
    ['server/edge/edge.ts', `import { compose } from '../compose.ts';`],
    ['server/edge/edge.ts', `import { Tasks } from '../adapters/kronos/tasks.ts';`],
    ['server/adapters/activitywatch/routes/edge-batches.ts', `import { Upstream } from '../../../edge/upstream.ts';`],
    ['server/compose.ts', `import uws from 'uWebSockets.js';`],
    ['server/compose.ts', `import { sync } from '../clients/typescript/index.ts';`],
    ['clients/web/page.ts', `import { Hub } from '../../../server/core/hub.ts';`],
    ['clients/typescript/index.ts', `import { page } from '../web/page.ts';`],
    ['server/core/hub.ts', 'const at = Date.now();'],
    ['server/core/hub.ts', 'setTimeout(() => 1, 5);'],
    ['server/http/types.ts', 'const x = Math.random();'],
    ['server/compose.ts', 'if (process.env.DEBUG) run();'],
    ['server/storage/memory.ts', 'setInterval(sweep, 1_000);'],
    ['server/day/readers/spans.ts', `import { Rooms } from '../../adapters/mobtimer/rooms.ts';`],
    ['server/day/engine/sums.ts', `import { Hub } from '../../core/hub.ts';`],
    ['server/transport/ws.ts', 'const now = new Date();'],
  ])('in %s refuses: %s', (path, source) => {
    expect(findViolations(path, source)).toHaveLength(1);
  });

  test.each([
    [
      'server/core/hub.ts',
      `import { refuse } from '../../protocol/errors.ts';\nimport { createHash } from 'node:crypto';`,
    ],
    ['server/storage/sqlite/store.ts', `import type { Store } from '../../core/store.ts';`],
    ['server/transport/ws.ts', `import { json } from '../http/types.ts';\nsetTimeout(close, 10);`],
    ['server/transport/uws.ts', `const { App } = await import('uWebSockets.js');`],
    [
      'server/adapters/kronos/tasks.ts',
      `import { json } from '../../http/types.ts';\nimport { Device } from './device.ts';`,
    ],
    [
      'server/edge/edge.ts',
      `import { listen } from '../transport/listen.ts';\nimport { version } from '../version.ts';`,
    ],
    ['server/world.ts', 'const now = () => Date.now();'],
    ['server/main.ts', 'process.exit(0);'],
    ['server/day/engine/pieces.ts', `type Span = Pick<DayEvent, 'from' | 'to'>;`],
    ['server/core/hub.ts', `// Date.now is not for us\nconst text = 'setTimeout'; /* Math.random */`],
    ['server/core/hub.ts', `const url = 'http://example.org'; // import { x } from '../main.ts'`],
    ['clients/web/page.ts', `import { connect } from '../typescript/index.ts';\nsetTimeout(act, 5);`],
    ['tests/any.test.ts', `import { Hub } from '../server/core/hub.ts';\nDate.now();`],
  ])('in %s lets pass: %s', (path, source) => {
    expect(findViolations(path, source)).toEqual([]);
  });
});
