// The tarball of a release, installed as a user would: with npm and npx, without a registry, by the versions of Node of `npm run nodes`.

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { arch, platform } from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { oldNodeVersions, programs } from '../../../scripts/node-cache.ts';
import { ask } from '../../harness/clients.ts';
import { HubProcess, Leftovers } from '../../harness/process.ts';
import { madeRelease, makeRelease } from '../../harness/release.ts';

const top = fileURLToPath(new URL('../../..', import.meta.url));
const node22 = programs.node('22');
const hasNodes = [node22, ...oldNodeVersions.map(programs.node)].every(existsSync);

/** The environment of a machine with a Node and nothing else: no cache of npm, no network. */
function freshMachine(home: string, node: string): Record<string, string> {
  return {
    PATH: [dirname(node), process.env['PATH']].join(delimiter),
    HOME: home,
    npm_config_offline: 'true',
    npm_config_update_notifier: 'false',
  };
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  );
}

if (!hasNodes) test.skip('Node 16, 18 and 22 are not there: npm run nodes', () => undefined);
else {
  const leftovers = new Leftovers();
  let tarball: string;
  let folder: string;
  let home: string;
  /** The installed package. */
  let installed: string;
  beforeAll(async () => {
    ({ tarball, folder } = await madeRelease());
    home = leftovers.folder();
    const prefix = join(home, 'prefix');
    const env = freshMachine(home, node22);
    execFileSync('npm', ['install', '--global', '--prefix', prefix, tarball], { env, stdio: 'pipe' });
    installed = join(prefix, 'lib/node_modules/horai');
  }, 300_000);
  afterAll(() => leftovers.clear());

  /** Runs an installed command. */
  const run = (node: string, name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const bin = join(home, 'prefix/bin', name);
    const { status, stdout, stderr } = spawnSync(node, [bin, ...args], {
      env: { ...freshMachine(home, node), ...env },
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  };

  describe('an installed release', () => {
    test('takes less than 60 MB', () => {
      const bytes = filesIn(join(home, 'prefix')).map((name) => statSync(join(home, 'prefix', name)).size);
      expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(60e6);
    });

    test('has no source, no test and no tool, and the socket engine of one platform', () => {
      const names = filesIn(installed);
      expect(names.filter((name) => /\.tsx?$|\.test\.|\btests?\//.test(name))).toEqual([]);
      expect(readdirSync(join(installed, 'node_modules')).sort()).toEqual(['@koromix', 'koffi', 'uWebSockets.js']);
      expect(names.filter((name) => /uws_.*\.node$/.test(name))).toEqual([
        `node_modules/uWebSockets.js/dist/bin/uws_${platform}_${arch}_127.node`,
      ]);
    });

    test('mentions no path of the machine that made it', () => {
      const texts = filesIn(installed).filter((name) => /\.(m|c)?js(on)?$/.test(name));
      const own = texts.filter((name) => readFileSync(join(installed, name), 'utf8').includes(top.slice(0, -1)));
      expect(own).toEqual([]);
    });

    test.each(['22', '24', '26'])('runs the hub with all its threads and pages on Node %s', async (version) => {
      const hub = new HubProcess(
        leftovers,
        { HORAI_DATA: leftovers.folder(), HOME: home },
        [],
        [],
        [programs.node(version), join(installed, 'bin/horai.js')],
      );
      const port = Number(new URL(await hub.up()).port);
      expect((await ask(port, 'GET', '/')).body).toContain('<!doctype html>');
      const headers = { 'content-type': 'application/json' };
      await ask(port, 'POST', '/api/0/buckets/b', { headers, body: '{"type":"t","client":"c","hostname":"h"}' });
      const body = '[{"timestamp":"2026-01-01T10:00:00Z","duration":5,"data":{"app":"vim"}}]';
      expect((await ask(port, 'POST', '/api/0/buckets/b/events', { headers, body })).status).toBe(200);
      // Queries run in a thread of their own.
      const query = JSON.stringify({ query: ['RETURN = query_bucket("b");'], timeperiods: ['2026-01-01/2026-01-02'] });
      expect((await ask(port, 'POST', '/api/0/query/', { headers, body: query })).body).toContain('vim');
      expect(await hub.stop()).toMatchObject({ code: 0 });
    });

    test('runs kronos, with a folder for compiled code and without one', () => {
      const env = { KRONOS_DATA: leftovers.folder(), XDG_CACHE_HOME: leftovers.folder() };
      expect(run(node22, 'kronos', ['add', 'one'], env)).toEqual({
        status: 0,
        stdout: 'task 1 added: one\n',
        stderr: '',
      });
      expect(run(node22, 'kronos', ['doctor'], env).stdout).toContain('ok    start: bundled');
      const [cached = ''] = readdirSync(join(env.XDG_CACHE_HOME, 'kronos'));
      expect(readdirSync(join(env.XDG_CACHE_HOME, 'kronos', cached))).toContain('main.code');
      const file = join(leftovers.folder(), 'file');
      writeFileSync(file, 'not a folder');
      const without = { ...env, XDG_CACHE_HOME: file };
      expect(run(node22, 'k', ['add', 'two'], without)).toEqual({
        status: 0,
        stdout: 'task 2 added: two\n',
        stderr: '',
      });
    });

    test('lists in its bill of materials every package whose licence it has, and no tool', () => {
      const bom: { bomFormat: string; components: { purl: string }[] } = JSON.parse(
        readFileSync(join(installed, 'sbom.cdx.json'), 'utf8'),
      );
      expect(bom.bomFormat).toBe('CycloneDX');
      const listed = bom.components.map(({ purl }) => decodeURIComponent(purl.replace('pkg:npm/', '')));
      const text = readFileSync(join(installed, 'THIRD-PARTY-LICENSES'), 'utf8');
      const licensed = [...text.matchAll(/^-{80}\n\n(\S+) (\S+) \(/gm)].map(
        ([, name, version]) => `${name}@${version}`,
      );
      expect([...new Set(listed)].sort()).toEqual([...new Set(licensed)].sort());
      const names = listed.map((one) => one.slice(0, one.lastIndexOf('@')));
      expect(names).toEqual(expect.arrayContaining(['uws-pack', 'koffi', 'pg', 'preact', 'ink', 'ws', 'pino']));
      expect(names).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(tsx|esbuild|jest|typescript)$/)]));
    });
  });

  test('the line with npx of docs/install.md runs the tarball, in the folder where it is', () => {
    const [, line = ''] = /^(npx \.\/horai\S+)$/m.exec(readFileSync(join(top, 'docs/install.md'), 'utf8')) ?? [];
    const downloads = leftovers.folder();
    cpSync(tarball, join(downloads, basename(tarball)));
    const env = { ...freshMachine(leftovers.folder(), node22), npm_config_yes: 'true' };
    const printed = execFileSync('sh', ['-c', `${line} --version`], { cwd: downloads, env, encoding: 'utf8' });
    const { version }: { version: string } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'));
    expect(printed.trim()).toBe(version);
  });

  test('npx runs the tarball on a fresh machine, up to a first heartbeat', async () => {
    const fresh = leftovers.folder();
    const data = join(fresh, 'data');
    const hub = new HubProcess(
      leftovers,
      { ...freshMachine(fresh, node22), HORAI_DATA: data },
      // npm does not pass signals on, so the hub gets its parent's place.
      [],
      [],
      ['npx', '--yes', `--package=${tarball}`, '--call', 'exec horai'],
    );
    const port = Number(new URL(await hub.up()).port);
    const sent = await ask(port, 'POST', '/api/v1/users/current/heartbeats', {
      headers: { 'content-type': 'application/json' },
      body: '{"entity":"/a.ts","type":"file","time":1767261600,"project":"horai"}',
    });
    expect(sent.status).toBe(202);
    expect(existsSync(join(data, 'horai.db'))).toBe(true);
  });

  test.each([
    ...oldNodeVersions.flatMap((version) => [
      [version, 'horai', 'the release'],
      [version, 'kronos', 'the release'],
      [version, 'horai', 'a clone'],
    ]),
  ] as const)('Node %s is told in one sentence by %s of %s that it is too old', (version, name, where) => {
    const file = name === 'horai' ? 'bin/horai.js' : 'bin/kronos.cjs';
    const path = join(where === 'a clone' ? top : installed, file);
    const { status, stdout, stderr } = spawnSync(programs.node(version), [path, '--version'], { encoding: 'utf8' });
    const wanted = where === 'a clone' ? '20.19, 22.13, 24' : '22.13, 24';
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      new RegExp(`^Horai needs Node ${wanted} or later, and this is Node ${version}\\.[^\\n]*\\n$`),
    );
  });

  describe('the files of a release', () => {
    test('match their checksums', () => {
      execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: folder, stdio: 'pipe' });
      expect(readFileSync(join(folder, 'SHA256SUMS'), 'utf8').trim().split('\n')).toHaveLength(2);
    });

    test('are the same bytes when they are made again, in another folder and with another umask', () => {
      // On the same disk, so that the packages can be linked; and not below node_modules, where esbuild reads no tsconfig.json.
      const copy = join(top, 'dist', `copy-${process.pid}`, 'elsewhere');
      const out = leftovers.folder();
      const names = [
        'bin',
        'clients',
        'packaging',
        'protocol',
        'scripts',
        'server',
        'package.json',
        'package-lock.json',
      ];
      try {
        for (const name of [...names, 'LICENSE', 'NOTICE', 'CHANGELOG.md', 'README.md', 'tsconfig.json']) {
          cpSync(join(top, name), join(copy, name), { recursive: true });
        }
        mkdirSync(join(copy, 'node_modules'), { recursive: true });
        const packages = readdirSync(join(top, 'node_modules')).filter((name) => name !== '.cache');
        execFileSync('cp', [
          '-al',
          ...packages.map((name) => join(top, 'node_modules', name)),
          join(copy, 'node_modules'),
        ]);
        const before = process.umask(0o077);
        makeRelease(copy, out, '--no-deb');
        process.umask(before);
        expect(readFileSync(join(out, 'SHA256SUMS'), 'utf8')).toBe(readFileSync(join(folder, 'SHA256SUMS'), 'utf8'));
      } finally {
        execFileSync('rm', ['-rf', dirname(copy)]);
      }
    }, 120_000);
  });
}
