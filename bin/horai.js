#!/usr/bin/env node
// `horai` as an installed command, and what `npm start` runs. start-hub.js is imported after the check, because an older Node cannot load it.

import './check-node.cjs';

void import('./start-hub.js');
