// A network namespace (Linux, `ip`) stands for another machine. Two links connect it to this one: one for clients, and one for the
// database, which a test can cut. Creating it needs rights that a test run may lack.

import { spawnSync } from 'node:child_process';

const tag = `hz${process.pid}`;
const net = `10.231.${process.pid % 256}`;

function ip(...args: readonly string[]): boolean {
  return spawnSync('ip', args).status === 0;
}

export class Namespace {
  /** The command line before a command that runs in the namespace. */
  readonly prefix: readonly string[] = ['ip', 'netns', 'exec', tag];
  /** Its address for clients on this machine. */
  readonly address = `${net}.6`;
  /** The address of this machine at the link that can be cut. */
  readonly hostAddress = `${net}.1`;

  /** Returns undefined where this process lacks the rights. */
  static open(): Namespace | undefined {
    const namespace = new Namespace();
    const isComplete =
      ip('netns', 'add', tag) &&
      namespace.#link('d', `${net}.1/30`, `${net}.2/30`) &&
      namespace.#link('c', `${net}.5/30`, `${net}.6/30`) &&
      ip('-n', tag, 'link', 'set', 'lo', 'up');
    if (isComplete) return namespace;
    namespace.close();
    return undefined;
  }

  cut(): void {
    ip('link', 'set', `${tag}d`, 'down');
  }

  mend(): void {
    ip('link', 'set', `${tag}d`, 'up');
  }

  /** Deletes the namespace, and its links with it. */
  close(): void {
    ip('netns', 'del', tag);
  }

  #link(name: string, here: string, there: string): boolean {
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
