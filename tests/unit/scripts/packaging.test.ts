// The content of compose.yaml and of the Home Assistant add-on, read as their programs read it. tests/services/release runs the images.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { parseDockerfile } from '../../harness/container.ts';

const top = fileURLToPath(new URL('../../..', import.meta.url));
const read = (name: string) => readFileSync(join(top, name), 'utf8');
const { version }: { version: string } = JSON.parse(read('package.json'));

describe('compose.yaml', () => {
  const { services, volumes } = parse(read('compose.yaml'));
  const { horai } = services;

  test('keeps the data in a named volume at the data folder of the image', () => {
    const data = /HORAI_DATA=(\S+)/.exec(read('Dockerfile'))?.[1];
    expect(horai.volumes).toEqual([`horai-data:${data}`]);
    expect(volumes).toHaveProperty('horai-data');
  });

  test('runs on a read-only root with /tmp in memory, without capabilities and without new privileges', () => {
    expect(horai).toMatchObject({
      read_only: true,
      tmpfs: ['/tmp'],
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      restart: 'unless-stopped',
    });
    for (const key of ['privileged', 'cap_add', 'network_mode', 'user', 'init']) expect(horai).not.toHaveProperty(key);
  });

  test('publishes on this machine only, the ports that the image exposes', () => {
    const exposed = parseDockerfile(read('Dockerfile'))
      .find(({ name }) => name === 'EXPOSE')
      ?.text.split(' ');
    expect(horai.ports).toEqual(exposed?.map((port) => `127.0.0.1:${port}:${port}`));
  });

  test('gives the hub longer to stop than it takes, and builds the image that the Dockerfile makes', () => {
    expect(Number.parseInt(horai.stop_grace_period, 10)).toBeGreaterThan(5);
    expect(horai.build).toBe('.');
  });
});

describe('the Dockerfiles', () => {
  test.each([
    ['Dockerfile', '.dockerignore'],
    ['packaging/home-assistant/horai/Dockerfile', undefined],
  ])('%s begins with a base with glibc, and its program handles signals itself', (file, ignore) => {
    const steps = parseDockerfile(read(file));
    expect(steps[0]).toEqual({ name: 'FROM', text: 'debian:bookworm-slim' });
    // The exec form: a shell between would not hand signals on.
    for (const { name, text } of steps)
      if (/^(?:CMD|ENTRYPOINT)$/.test(name)) expect(text).toMatch(/^\["\/usr\/lib\/horai\//);
    // A folder declared as a volume would be mounted without the user's saying so, and lost unnamed.
    expect(steps.map(({ name }) => name)).not.toContain('VOLUME');
    if (ignore === undefined) return;
    const sources = steps.filter(({ name }) => name === 'COPY').flatMap(({ text }) => text.split(' ').slice(0, -1));
    for (const source of sources) expect(existsSync(join(top, source))).toBe(true);
    expect(read(ignore).trim().split('\n')).toEqual(['*', '!dist/release/*.deb', '!packaging/docker']);
  });

  test('the entrypoint is executable, and ends in the program itself', () => {
    expect(statSync(join(top, 'packaging/docker/entrypoint')).mode & 0o111).toBe(0o111);
    expect(read('packaging/docker/entrypoint')).toMatch(/\nexec \S+ \S+ "\$@"\n$/);
  });
});

describe('the Home Assistant add-on', () => {
  const config = parse(read('packaging/home-assistant/horai/config.yaml'));

  test('has the version of the release, both processors, and no other init', () => {
    expect(config).toMatchObject({ version, slug: 'horai', arch: ['amd64', 'aarch64'], init: false });
    expect(parse(read('packaging/home-assistant/repository.yaml'))).toMatchObject({ name: 'Horai' });
  });

  test('is stopped for a backup, is watched by the health check, and publishes both ports', () => {
    expect(config).toMatchObject({ backup: 'cold', ports: { '5600/tcp': 5600, '5000/tcp': 5000 } });
    expect(config.watchdog).toBe('http://[HOST]:[PORT:5600]/-/health');
  });

  test('every option has a form and is one that the add-on reads', () => {
    const program = read('packaging/home-assistant/horai/run.mjs');
    expect(Object.keys(config.schema).sort()).toEqual(Object.keys(config.options).sort());
    for (const name of Object.keys(config.options)) expect(program).toContain(`options.${name}`);
    const [form] = config.schema.settings;
    const [, pattern = ''] = /^match\((.*)\)$/.exec(form) ?? [];
    expect(['HORAI_LOG=warn', 'PATH=/x'].map((line) => new RegExp(pattern).test(line))).toEqual([true, false]);
  });

  test('asks for no right of the host', () => {
    for (const key of ['privileged', 'host_network', 'full_access', 'docker_api', 'map', 'hassio_role'])
      expect(config).not.toHaveProperty(key);
  });
});
