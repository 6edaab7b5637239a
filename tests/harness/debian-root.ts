// A clean Debian 12 in a folder (`npm run nodes` makes the archive of it): programs run in it by chroot, in mount namespaces of their own, so
// that nothing stays mounted. That needs root.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { getuid } from 'node:process';
import { programs } from '../../scripts/node-cache.ts';

/** Why no Debian root can be used here; undefined if one can. */
export const whyNoDebian =
  getuid?.() !== 0
    ? 'chroot needs root'
    : existsSync(programs.debian12)
      ? undefined
      : 'there is no clean Debian: npm run nodes (needs mmdebstrap)';

if (whyNoDebian !== undefined) console.warn(`The Debian package is NOT TESTED: ${whyNoDebian}.`);

export interface Outcome {
  readonly code: number | null;
  readonly out: string;
}

export class DebianRoot {
  readonly folder: string;

  /** Unpacks a clean Debian into an empty folder. */
  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    execFileSync('tar', ['-xf', programs.debian12, '-C', folder]);
  }

  /**
   * The command line that runs a program in it.
   * @param user a name of its own /etc/passwd
   * @param work the folder in which the program starts
   */
  command(
    program: readonly string[],
    {
      user = 'root',
      work = '/',
      more = [],
    }: {
      readonly user?: string;
      readonly work?: string /** Further mounts, as lines of a shell; `$0` is the root. */;
      readonly more?: readonly string[];
    } = {},
  ): readonly string[] {
    const mounts = ['mount --make-rprivate /', 'mount -t proc proc "$0/proc"', 'mount --rbind /dev "$0/dev"', ...more];
    // Each shell gives its place to the next program, which thus receives signals.
    const enter = `exec chroot --userspec="$user" "$0" /bin/sh -c 'cd "$0" && exec "$@"' "$work" "$@"`;
    const script = `user=$1 work=$2; shift 2; ${mounts.join(' && ')} && ${enter}`;
    return ['unshare', '--mount', 'sh', '-c', script, this.folder, user, work, ...program];
  }

  run(...program: readonly string[]): Outcome {
    return this.runWith([], ...program);
  }

  /** @param more further mounts, as lines of a shell */
  runWith(more: readonly string[], ...program: readonly string[]): Outcome {
    const [name = '', ...args] = this.command(program, { more });
    const env = {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      DEBIAN_FRONTEND: 'noninteractive',
    };
    const { status, stdout, stderr } = spawnSync(name, args, { encoding: 'utf8', env });
    return { code: status, out: stdout + stderr };
  }
}
