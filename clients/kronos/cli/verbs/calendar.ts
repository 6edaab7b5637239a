// The command `calendar`: lists the calendars of the hub whose events are the meetings of the day, subscribes to one, and removes one.

import { type CalendarView, CalendarView as CalendarViewSchema } from '../../../../protocol/calendars.ts';
import { compile } from '../../../../protocol/check.ts';
import { columns, escapeControls } from '../../../../protocol/columns.ts';
import { hubPath } from '../../../../protocol/hub-path.ts';
import { isRecord, parseJson } from '../../../../protocol/json.ts';
import { parseHubUrl } from '../../sync/hub.ts';
import { causeMessage } from '../cause-message.ts';
import { type CliContext, type ExitCode, exitCode } from '../cli-context.ts';
import { printUsage, type RunCommand } from '../command.ts';

const patienceMs = 10_000;
const usage = 'calendar   or   calendar add <address> [name]   or   calendar remove <number or name>';

const checkCalendar = compile(CalendarViewSchema);
const isCalendar = (value: unknown): value is CalendarView => checkCalendar(value);

type HubAnswered =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly exit: ExitCode; readonly error: string };

type CalendarsRead = { readonly ok: true; readonly calendars: readonly CalendarView[] } | (HubAnswered & { ok: false });

export const calendar: RunCommand = async ({ words, json }, cli) => {
  const [verb, what = '', ...more] = words;
  if (verb === undefined) return listCalendars(json, cli);
  if (verb === 'add' && what !== '') return addCalendar(what, more.join(' '), json, cli);
  if (verb === 'remove' && what !== '') return removeCalendar([what, ...more].join(' '), json, cli);
  return printUsage(cli, usage);
};

async function listCalendars(json: boolean, cli: CliContext): Promise<ExitCode> {
  const read = await readCalendars(cli);
  if (!read.ok) return printFailure(read, cli);
  if (json) cli.print(JSON.stringify(read.calendars, null, 2));
  else for (const line of drawCalendars(read.calendars, cli)) cli.print(line);
  return exitCode.ok;
}

function drawCalendars(calendars: readonly CalendarView[], cli: CliContext): readonly string[] {
  if (calendars.length === 0) return ['no calendars: kronos calendar add <address>'];
  const when = (ms: number | null) => (ms === null ? 'not yet' : cli.formatDate(Math.floor(ms / 1_000)));
  const rows = calendars.map(({ name, from, meetings, read }, at) =>
    [String(at + 1), name, from, String(meetings), when(read)].map(escapeControls),
  );
  const notes = calendars.flatMap(({ name, failing, problems }) => [
    ...(failing === null ? [] : [`${name} cannot be read since ${when(failing.since)}: ${failing.error}`]),
    ...problems.map((problem) => `${name}: ${problem}`),
  ]);
  return [...columns(['#', 'NAME', 'FROM', 'MEETINGS', 'READ'], rows), ...notes.map(escapeControls)];
}

async function addCalendar(address: string, givenName: string, json: boolean, cli: CliContext): Promise<ExitCode> {
  const host = /^\w+:\/\/([^/:?#]+)/.exec(address)?.[1] ?? 'calendar';
  const name = (givenName === '' ? host : givenName).slice(0, 64);
  const added = await ask('POST', '/-/calendars', cli, { name, url: address });
  if (!added.ok) return printFailure(added, cli);
  const made = isRecord(added.value) ? added.value['calendar'] : undefined;
  if (json) cli.print(JSON.stringify(made, null, 2));
  else cli.print(escapeControls(`subscribed to ${name}; "kronos calendar" shows what was read`));
  return exitCode.ok;
}

async function removeCalendar(named: string, json: boolean, cli: CliContext): Promise<ExitCode> {
  const read = await readCalendars(cli);
  if (!read.ok) return printFailure(read, cli);
  const { calendars } = read;
  const called = calendars.filter(({ id, name }) => id === named || name === named);
  const found = called.length > 0 ? called : calendars.filter((_, at) => String(at + 1) === named);
  const [one, ...others] = found;
  if (one === undefined || others.length > 0) {
    cli.printError(
      escapeControls(one === undefined ? `no calendar is ${named}` : `several are ${named}: name its number`),
    );
    return exitCode.notFound;
  }
  const removed = await ask('DELETE', `/-/calendars/${encodeURIComponent(one.id)}`, cli);
  if (!removed.ok) return printFailure(removed, cli);
  cli.print(json ? JSON.stringify({ removed: one.id }) : escapeControls(`removed ${one.name} and its meetings`));
  return exitCode.ok;
}

async function readCalendars(cli: CliContext): Promise<CalendarsRead> {
  const answer = await ask('GET', '/-/calendars', cli);
  if (!answer.ok) return answer;
  const list = isRecord(answer.value) ? answer.value['calendars'] : undefined;
  if (!Array.isArray(list)) return { ok: false, exit: exitCode.failure, error: 'the hub is older than this command' };
  return { ok: true, calendars: list.filter(isCalendar) };
}

async function ask(method: string, path: string, cli: CliContext, body?: object): Promise<HubAnswered> {
  const { enable_sync: isEnabled, sync_host: host, sync_user_id: token } = cli.database.read();
  const failure = (error: string): HubAnswered => ({ ok: false, exit: exitCode.failure, error });
  if (!isEnabled) return failure('calendars are at a hub: run "kronos login"');
  const base = parseHubUrl(host, 'http');
  if (base === undefined) return failure(`${host} is not the address of a hub: run "kronos login <host>"`);
  try {
    const answer = await fetch(hubPath(base, path), {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(patienceMs),
    });
    const value = parseJson((await answer.text()) || 'null');
    return answer.ok ? { ok: true, value } : readRefusal(answer.status, value);
  } catch (error) {
    return failure(`the hub was not reached: ${causeMessage(error)}`);
  }
}

function readRefusal(status: number, value: unknown): HubAnswered {
  const { error, hint }: Partial<Record<string, unknown>> = isRecord(value) ? value : {};
  const reason = typeof error === 'string' ? error : `the hub answered ${status}`;
  const text = typeof hint === 'string' ? `${reason}: ${hint}` : reason;
  if (status === 401 || status === 403)
    return { ok: false, exit: exitCode.auth, error: `the hub refuses the token: ${text}` };
  return { ok: false, exit: status === 404 ? exitCode.notFound : exitCode.failure, error: text };
}

function printFailure({ exit, error }: { readonly exit: ExitCode; readonly error: string }, cli: CliContext): ExitCode {
  cli.printError(escapeControls(error));
  return exit;
}
