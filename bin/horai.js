#!/usr/bin/env node
// `horai` as an installed command: plain JavaScript, so that Node can start it, which then reads TypeScript through tsx.

import { register } from 'tsx/esm/api';

register();
await import('../server/main.ts');
