#!/usr/bin/env node
// `k` is short for `kronos`.

require('./kronos.cjs');
