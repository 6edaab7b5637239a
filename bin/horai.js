#!/usr/bin/env node
// The command `horai`, in plain JavaScript, so that Node runs it directly. It loads the hub's TypeScript through tsx.

import { register } from 'tsx/esm/api';

register();
await import('../server/main.ts');
