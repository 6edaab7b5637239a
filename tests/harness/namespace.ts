// A machine of one's own for a process: a network namespace (Linux, by `ip`) with two wires to this one, one for its clients and one
// for its database, which can be pulled out. Making one takes rights that a test run need not have.

import { spawnSync } from 'node:child_process';

const tag = `hz${process.pid}`;
const net = `10.231.${process.pid % 256}`;

function ip(...args: readonly string[]): boolean {
  return spawnSync('ip', args).status === 0;
}

export class Namespace {
  /** What a command is started with to run there. */
  readonly through: readonly string[] = ['ip', 'netns', 'exec', tag];
  /** Its address, as its clients here know it. */
  readonly there = `${net}.6`;
  /** The address of this machine at the wire that can be pulled out. */
  readonly here = `${net}.1`;

  /** undefined where this process may not. */
  static open(): Namespace | undefined {
    const namespace = new Namespace();
    const made =
      ip('netns', 'add', tag) &&
      namespace.#wire('d', `${net}.1/30`, `${net}.2/30`) &&
      namespace.#wire('c', `${net}.5/30`, `${net}.6/30`) &&
      ip('-n', tag, 'link', 'set', 'lo', 'up');
    if (made) return namespace;
    namespace.close();
    return undefined;
  }

  cut(): void {
    ip('link', 'set', `${tag}d`, 'down');
  }

  mend(): void {
    ip('link', 'set', `${tag}d`, 'up');
  }

  /** The wires go with it. */
  close(): void {
    ip('netns', 'del', tag);
  }

  #wire(name: string, here: string, there: string): boolean {
    const [near, far] = [`${tag}${name}`, `eth${name}`];
    return (
      ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', tag) &&
      ip('addr', 'add', here, 'dev', near) &&
      ip('link', 'set', near, 'up') &&
      ip('-n', tag, 'addr', 'add', there, 'dev', far) &&
      ip('-n', tag, 'link', 'set', far, 'up')
    );
  }
}
