// A container without a Docker engine: the steps of a Dockerfile, executed in a clean Debian, and its program started as Docker would: as
// process 1 on a root that is read-only, with the user, the environment and the command of the image.

import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { DebianRoot, Outcome } from './debian-root.ts';

interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** @returns the instructions of a Dockerfile, each on one line */
export function parseDockerfile(text: string): readonly Instruction[] {
  const lines = text.replace(/^#.*\n/gm, '').replace(/\\\n\s*/g, '');
  return lines
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
      return { name, text: rest };
    });
}

function listIn(json: string): readonly string[] {
  const value: unknown = JSON.parse(json);
  if (!Array.isArray(value)) throw new Error(`not in the exec form: ${json}`);
  return value.map(String);
}

/** Files of the context that a name with `*` in its last part stands for. */
function filesNamed(context: string, name: string): readonly string[] {
  const folder = join(context, dirname(name));
  const form = new RegExp(`^${basename(name).replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
  return readdirSync(folder)
    .filter((one) => form.test(one))
    .map((one) => join(folder, one));
}

export class ContainerImage {
  readonly root: DebianRoot;
  readonly env: Record<string, string> = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };
  base = '';
  /** `uid:gid` or a name. */
  user = 'root';
  health: readonly string[] = [];
  #entrypoint: readonly string[] = [];
  #cmd: readonly string[] = [];

  /**
   * Executes the steps of a Dockerfile.
   * @param root a clean Debian, which becomes the image
   * @param context the folder with the files that it copies
   * @throws if a step fails, or is none that this knows
   */
  constructor(root: DebianRoot, dockerfile: string, context: string) {
    this.root = root;
    for (const instruction of parseDockerfile(readFileSync(dockerfile, 'utf8'))) this.#execute(instruction, context);
  }

  #execute({ name, text }: Instruction, context: string): void {
    if (name === 'FROM') this.base = text;
    else if (name === 'RUN') this.#run(text, context);
    else if (name === 'COPY') this.#copy(text.split(/\s+/), context);
    else if (name === 'ENV')
      for (const one of text.split(/\s+/)) this.env[one.replace(/=.*/, '')] = one.replace(/^.*?=/, '');
    else if (name === 'USER') this.user = text;
    else if (name === 'ENTRYPOINT') this.#entrypoint = listIn(text);
    else if (name === 'CMD') this.#cmd = listIn(text);
    else if (name === 'HEALTHCHECK') this.health = listIn(text.slice(text.indexOf('[')));
    else if (name !== 'EXPOSE') throw new Error(`an instruction that the test cannot execute: ${name}`);
  }

  #run(text: string, context: string): void {
    const [, source = '', target = ''] = /--mount=type=bind,source=(\S+),target=(\S+)/.exec(text) ?? [];
    const mounts =
      source === '' ? [] : [`mkdir -p "$0${target}"`, `mount --bind "${join(context, source)}" "$0${target}"`];
    const command = text.replace(/^--mount=\S+\s+/, '');
    const { code, out } = this.root.runWith(mounts, 'sh', '-c', command);
    if (code !== 0) throw new Error(`RUN ${command} ended with ${code}: ${out}`);
  }

  #copy(words: readonly string[], context: string): void {
    const to = words.at(-1) ?? '';
    for (const from of words.slice(0, -1).flatMap((name) => filesNamed(context, name))) {
      const target = join(this.root.folder, to, to.endsWith('/') ? basename(from) : '');
      mkdirSync(dirname(target), { recursive: true });
      cpSync(from, target);
    }
  }

  /** Runs a program as `docker exec` does. */
  exec(env: Readonly<Record<string, string>>, ...program: readonly string[]): Outcome {
    const user = `setpriv --reuid=${this.user.split(':')[0]} --clear-groups`;
    const words = ['env', '-i', ...variables({ ...this.env, ...env }), ...program];
    return this.user === 'root' ? this.root.run(...words) : this.root.run(...user.split(' '), ...words);
  }

  /**
   * The command line that runs the image. Its first child is process 1 of the container, to which Docker sends signals.
   * @param volumes folders of this machine by the paths at which they are mounted
   */
  command(
    env: Readonly<Record<string, string>>,
    volumes: Readonly<Record<string, string>>,
    args: readonly string[] = [],
  ): readonly string[] {
    const mounts = [
      'mount --make-rprivate /',
      'mount --bind "$0" "$0"',
      'mount -t proc proc "$0/proc"',
      'mount --rbind /dev "$0/dev"',
      'mount -t tmpfs -o mode=1777 tmpfs "$0/tmp"',
      ...Object.entries(volumes).map(([path, folder]) => `mount --bind "${folder}" "$0${path}"`),
      'mount -o remount,bind,ro "$0"',
    ];
    const [uid, gid = uid] = this.user === 'root' ? ['0'] : this.user.split(':');
    const script = `${mounts.join(' && ')} && exec chroot --userspec=${uid}:${gid} "$0" "$@"`;
    const program = [...this.#entrypoint, ...(args.length > 0 ? args : this.#cmd)];
    const namespaces = ['unshare', '--mount', '--pid', '--fork', '--kill-child'];
    const container = ['env', '-i', ...variables({ ...this.env, ...env }), ...program];
    return [...namespaces, 'sh', '-c', script, this.root.folder, ...container];
  }
}

function variables(env: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${value}`);
}
