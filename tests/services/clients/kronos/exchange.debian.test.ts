// Exchange with the real programs of Debian: Timewarrior, and python3-icalendar.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { MemoryDatabase, TestCli } from '../../../harness/cli-context.ts';
import { Leftovers } from '../../../harness/process.ts';

const leftovers = new Leftovers();
afterEach(() => leftovers.clear());

const hasTimew = spawnSync('timew', ['--version']).status === 0;
if (!hasTimew) console.warn('SKIPPED: Timewarrior is not tried, because the command timew is not installed');
const python = '/usr/bin/python3';
const hasIcalendar = spawnSync(python, ['-c', 'import icalendar']).status === 0;
if (!hasIcalendar) console.warn('SKIPPED: python3-icalendar is not tried, because it is not installed');

class TimeTracker {
  readonly #folder = leftovers.folder();

  constructor() {
    mkdirSync(join(this.#folder, 'data'));
    writeFileSync(join(this.#folder, 'timewarrior.cfg'), '');
  }

  run(...args: readonly string[]): string {
    const env = { ...process.env, TIMEWARRIORDB: this.#folder, TZ: 'UTC' };
    return execFileSync('timew', [...args, ':yes'], { env, stdio: ['ignore', 'pipe', 'ignore'] }).toString();
  }

  /** As docs/clients say: a data file for each month. */
  fill(lines: string): void {
    const months = new Map<string, string>();
    for (const line of lines.trimEnd().split('\n')) {
      const name = line.replace(/^inc (\d{4})(\d\d).*$/, '$1-$2.data');
      months.set(name, `${months.get(name) ?? ''}${line}\n`);
    }
    for (const [name, text] of months) writeFileSync(join(this.#folder, 'data', name), text);
  }

  intervals(): readonly object[] {
    const printed = this.run('export');
    // Before the first export it says that it counts its tags.
    const all: readonly Record<string, unknown>[] = JSON.parse(printed.slice(printed.indexOf('[')));
    return all.map(({ id: _, ...one }) => one);
  }
}

(hasTimew ? describe : describe.skip)('with the real Timewarrior', () => {
  test('its export imported here and exported into another one is the same there, but for names of tags', async () => {
    const [tracker, copy] = [new TimeTracker(), new TimeTracker()];
    tracker.run('track', '20261101T090000Z', '-', '20261101T100000Z', 'garden', 'project:home.garden');
    tracker.run('annotate', '@1', 'mend the "gate" # soon, ü');
    tracker.run('track', '20261102T090000Z', '-', '20261102T093000Z', 'garden', 'project:home.garden');
    tracker.run('annotate', '@1', 'mend the "gate" # soon, ü');
    tracker.run('track', '20261202T090000Z', '-', '20261202T093000Z', 'alone');
    const kronos = new TestCli(new MemoryDatabase());
    kronos.stdin = tracker.run('export');
    const { code, out, err } = await kronos.run('import timewarrior -');
    expect({ code, out, err }).toEqual({
      code: 0,
      out: '2 tasks added; 0 were here already\n3 intervals added; 0 were here already\n',
      err: '',
    });
    copy.fill((await kronos.run('export timewarrior')).out);
    const [first, second, third] = tracker.intervals();
    expect(copy.intervals()).toEqual([first, second, { ...third, annotation: 'alone' }]);
    expect(copy.run('summary', '2026-11-01', '-', '2026-12-31')).toMatch(/1:30:00|2:00:00/);
    // And its export is what is here already.
    kronos.stdin = copy.run('export');
    expect((await kronos.run('import timewarrior -')).out).toBe(
      '0 tasks added; 2 were here already\n0 intervals added; 3 were here already\n',
    );
  });
});

(hasIcalendar ? describe : describe.skip)('with python3-icalendar', () => {
  const rewrite = `
import sys
from icalendar import Calendar
calendar = Calendar.from_ical(sys.stdin.buffer.read())
for todo in calendar.walk('VTODO'):
    assert not todo.errors, todo.errors
    sys.stderr.write('%s|%s|%s\\n' % (todo['SUMMARY'], todo.get('PRIORITY', ''), todo['DUE'].dt.isoformat() if 'DUE' in todo else ''))
sys.stdout.buffer.write(calendar.to_ical())
`;

  test('our to-dos are read by it, and come back from it as they were', async () => {
    const database = new MemoryDatabase();
    const cli = new TestCli(database);
    const lines = [
      'add pay the "rent", ü; soon @home.flat +bank priority:high every:month :fri',
      'add call Bob needs:1',
      'start 2',
      'note 1 the account is new',
      'add water the plants',
      'done 3',
    ];
    for (const line of lines) expect(await cli.run(line)).toMatchObject({ code: 0 });
    const { out } = await cli.run('export ics');
    const { stdout, stderr, status } = spawnSync(python, ['-c', rewrite], { input: out, encoding: 'utf8' });
    expect(status).toBe(0);
    expect(stderr.split('\n').filter((line) => line !== '')).toHaveLength(3);
    expect(stderr).toMatch(/^pay the "rent", ü; soon\|1\|2018-03-0\dT/m);
    const other = new TestCli(new MemoryDatabase());
    other.stdin = stdout;
    expect(await other.run('import ics -')).toMatchObject({
      code: 0,
      out: '3 tasks added; 0 were here already\n',
      err: '',
    });
    const sorted = (kronos: TestCli) => [...kronos.database.read().tasks].sort((a, b) => (a.index < b.index ? -1 : 1));
    expect(sorted(other)).toEqual(sorted(cli));
  });
});
