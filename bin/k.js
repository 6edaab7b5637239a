#!/usr/bin/env node
// `k` is short for `kronos`.

import './kronos.js';
