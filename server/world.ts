// The real World: the wall clock, timers that never keep the process alive, ids from nanoid, random UUIDs as secrets, and a log of JSON
// lines on stderr. Tests have their own World.

import { randomUUID } from 'node:crypto';
import { customAlphabet } from 'nanoid';
import { pino, stdSerializers } from 'pino';
import type { Config } from './config.ts';
import type { World } from './core/world.ts';

const stderr = 2;

/** 119 bits. Without `-` and `_`: people type ids as arguments of commands, and click on them twice. */
const name = customAlphabet('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', 20);

export function realWorld(level: Config['log']): World {
  // Synchronous, so that the last line before an exit is not lost. A closed stderr is not an error.
  const lines = pino.destination({ fd: stderr, sync: true }).on('error', () => undefined);
  return {
    now: () => Date.now(),
    after(ms, act) {
      const timer = setTimeout(act, ms).unref();
      return () => clearTimeout(timer);
    },
    // Copied, because nanoid's result is a rope string that keeps all its intermediate strings in memory.
    id: () => Buffer.from(name(), 'latin1').toString('latin1'),
    secret: () => randomUUID(),
    random: () => Math.random(),
    log: pino({ level, base: null, serializers: { err: stdSerializers.err, error: stdSerializers.err } }, lines),
  };
}
