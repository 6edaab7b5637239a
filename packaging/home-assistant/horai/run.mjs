// What the add-on runs: takes the options that Home Assistant wrote, gives the rights of root away, and becomes the hub.

import { chmodSync, lchownSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

/** The user `horai` of the image, in all its versions. */
const id = 5600;

const options = JSON.parse(readFileSync('/data/options.json', 'utf8'));
if (options.hosts) process.env.HORAI_HOSTS = options.hosts;
if (options.signup) process.env.HORAI_SIGNUP = options.signup;
for (const line of options.settings ?? []) {
  const [, name, value] = /^(HORAI_[A-Z_]+)=(.*)$/.exec(line) ?? [];
  if (name !== undefined) process.env[name] = value;
}

// The folder belongs to root: the hub passes through it, and reads nothing but its own.
chmodSync('/data', 0o711);
const folder = process.env.HORAI_DATA;
mkdirSync(folder, { recursive: true, mode: 0o700 });
lchownSync(folder, id, id);
// Files that came back with a backup belong to the hub again.
for (const name of readdirSync(folder, { recursive: true })) lchownSync(join(folder, name), id, id);
process.setgroups([id]);
process.setgid(id);
process.setuid(id);
process.env.HOME = folder;

await import('./bin/horai.js');
