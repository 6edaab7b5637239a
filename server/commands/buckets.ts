// `horai bucket …`: lists ActivityWatch's buckets, renames and joins them, assigns them to another host, and undoes that, through the
// API of the running hub.

import { type Static, type TSchema, Type } from '@sinclair/typebox';
import type { Command } from 'commander';
import { compile } from '../../protocol/check.ts';
import { columns } from '../../protocol/columns.ts';
import type { CommandContext } from './command-context.ts';
import { ImportError, ImportHub } from './import/hub.ts';

interface KeyOption {
  readonly key?: string;
}

const Bucket = Type.Object({
  id: Type.String(),
  type: Type.String(),
  client: Type.String(),
  hostname: Type.String(),
  last_updated: Type.Optional(Type.String()),
});
const Buckets = Type.Record(Type.String(), Bucket);
const Change = Type.Object({
  id: Type.String(),
  at: Type.String(),
  kind: Type.String(),
  bucket: Type.String(),
  to: Type.Optional(Type.String()),
  hostname: Type.Optional(Type.String()),
});
type ShownChange = Static<typeof Change>;
const Changed = Type.Object({ change: Change });
const Changes = Type.Object({ changes: Type.Array(Change) });
const Refusal = Type.Object({ message: Type.String() });

export function addBuckets(program: Command, context: CommandContext): void {
  const bucket = program
    .command('bucket')
    .description('ActivityWatch buckets of the running hub: list, rename, join, assign to another host, undo');
  const add = (name: string, description: string, act: (hub: ImportHub, args: readonly string[]) => Promise<void>) => {
    bucket
      .command(name)
      .description(description)
      .option('--key <token>', 'a token of the account; the owner’s account by default')
      .action(async (...commanderArgs: unknown[]) => {
        // Commander passes the arguments, then the options, then the command.
        const args = commanderArgs.slice(0, -2).map(String);
        await run(context, optionsOf(commanderArgs.at(-2)), (hub) => act(hub, args));
      });
  };
  const post = async (hub: ImportHub, path: string, body: object): Promise<void> => {
    const { change } = await read(Changed, hub.post(`-/activitywatch/${path}`, JSON.stringify(body)));
    context.print(describe(change));
  };
  const pathOf = (id: string | undefined, action: string) => `buckets/${encodeURIComponent(id ?? '')}/${action}`;

  add('list', 'the buckets, with their hosts', async (hub) => {
    const buckets = Object.values(await read(Buckets, hub.get('api/0/buckets')));
    const rows = buckets.map(({ id, type, hostname, last_updated = '' }) => [id, type, hostname, last_updated]);
    context.print(columns(['BUCKET', 'TYPE', 'HOST', 'LAST EVENT'], rows).join('\n'));
  });
  add(
    'rename <bucket> <id>',
    'change the id of a bucket; watchers that use the old id continue in it',
    async (hub, args) => {
      await post(hub, pathOf(args[0], 'rename'), { to: args[1] });
      context.print('Undo it within 30 days: horai bucket changes, horai bucket undo <change>.');
    },
  );
  add('join <bucket> <into>', 'move the events of a bucket into another one', async (hub, args) => {
    await post(hub, pathOf(args[0], 'join'), { into: args[1] });
    context.print('Undo it within 30 days: horai bucket changes, horai bucket undo <change>.');
  });
  add('host <bucket> <hostname>', 'assign a bucket to another host', (hub, args) => {
    return post(hub, pathOf(args[0], 'host'), { hostname: args[1] });
  });
  add('changes', 'list the changes that can be undone, newest first', async (hub) => {
    const { changes } = await read(Changes, hub.get('-/activitywatch/changes'));
    context.print(changes.length === 0 ? 'There is nothing to undo.' : changes.map(describe).join('\n'));
  });
  add('undo <change>', 'undo a change, by its id', async (hub, [id = '']) => {
    const path = `-/activitywatch/changes/${encodeURIComponent(id)}/undo`;
    const { change } = await read(Changed, hub.post(path, '{}'));
    context.print(`Undone: ${describe(change)}`);
  });
}

async function run(context: CommandContext, { key }: KeyOption, act: (hub: ImportHub) => Promise<void>): Promise<void> {
  const configured = context.readConfig();
  if (configured === undefined) return;
  try {
    await act(await ImportHub.of(configured.config.data, key));
  } catch (error) {
    context.fail(error instanceof ImportError ? messageOf(error) : error);
  }
}

function optionsOf(value: unknown): KeyOption {
  if (typeof value !== 'object' || value === null || !('key' in value) || typeof value.key !== 'string') return {};
  return { key: value.key };
}

/** The hub's message, without the prefix that ImportHub adds. */
function messageOf(error: ImportError): string {
  const json = /: (\{.*)$/s.exec(error.message)?.[1];
  try {
    const value: unknown = JSON.parse(json ?? '');
    return isRefusal(value) ? value.message : error.message;
  } catch {
    return error.message;
  }
}

const checkRefusal = compile(Refusal);
const isRefusal = (value: unknown): value is Static<typeof Refusal> => checkRefusal(value);

async function read<T extends TSchema>(schema: T, text: Promise<string>): Promise<Static<T>> {
  const value: unknown = JSON.parse(await text);
  const check = compile(schema);
  const fits = (one: unknown): one is Static<T> => check(one);
  if (!fits(value))
    throw new Error('The hub’s answer has an unknown form: the running hub is older than this command. Restart it.');
  return value;
}

function describe({ id, at, kind, bucket, to, hostname }: ShownChange): string {
  const what =
    kind === 'host'
      ? `${bucket} now belongs to host ${hostname}`
      : `${bucket} ${kind === 'join' ? 'joined into' : 'renamed to'} ${to}`;
  return `${id}  ${at}  ${what}`;
}
