// The commands of the command line, one row each: names, arguments, help text, examples. Dispatch, `--help` and shell completion read
// this table. actions.ts implements the protocol's actions, the folder verbs/ the other commands.

import * as actions from '../data/actions.ts';

export interface CommandRow {
  /** The name, then its short form if there is one. */
  readonly names: readonly [string, ...string[]];
  readonly takes: string;
  readonly help: string;
  readonly examples: readonly string[];
  /** What shell completion offers as arguments. */
  readonly completes?: 'open' | 'active' | 'idle' | 'done' | 'any' | 'tags' | 'track' | readonly string[];
}

export interface ActionRow extends CommandRow {
  readonly act: actions.TaskAction;
  /** It changes nothing. */
  readonly reads?: true;
  /** Its first argument is the id of the task that it changes. */
  readonly namesTask?: true;
  /** The protocol's error text if the database cannot be read or written. */
  readonly failure?: string;
}

export const actionRows: readonly ActionRow[] = [
  {
    names: ['add', 'a'],
    takes: '<desc> [+tag…] [:due]',
    help: 'add a task; `-` reads one a line from the standard input',
    examples: ['kronos add water the plants +home :15:18', 'kronos add call Bob :2w1d', 'kronos add - < tasks.txt'],
    completes: 'tags',
    act: actions.add,
    failure: 'task add failed',
  },
  {
    names: ['info', 'i'],
    takes: '<id>',
    help: 'show a task in full',
    examples: ['kronos info 3'],
    completes: 'any',
    act: actions.info,
    reads: true,
    failure: 'task info failed',
  },
  {
    names: ['list', 'l'],
    takes: '',
    help: 'list the tasks of the context',
    examples: ['kronos list', 'kronos list --json'],
    act: actions.list,
    reads: true,
    failure: 'task list failed',
  },
  {
    names: ['update', 'u'],
    takes: '<id> [desc] [+tag…] [-tag…] [:due]',
    namesTask: true,
    help: 'change a task; what you leave out stays as it is',
    examples: ['kronos update 42 -oldtag +newtag', 'kronos update 3 call Bob back :1d'],
    completes: 'open',
    act: actions.update,
    failure: 'task update failed',
  },
  {
    names: ['delete', 'del'],
    takes: '<id>',
    namesTask: true,
    help: 'delete a task (`kronos revert` brings it back)',
    examples: ['kronos delete 3'],
    completes: 'any',
    act: actions.remove,
    failure: 'task delete failed',
  },
  {
    names: ['start'],
    takes: '<id>',
    namesTask: true,
    help: 'start working on a task',
    examples: ['kronos start 3'],
    completes: 'idle',
    act: actions.start,
    failure: 'task start failed',
  },
  {
    names: ['stop'],
    takes: '<id>',
    namesTask: true,
    help: 'stop working on a task',
    examples: ['kronos stop 3'],
    completes: 'active',
    act: actions.stop,
    failure: 'task stop failed',
  },
  {
    names: ['toggle', 's'],
    takes: '<id>',
    namesTask: true,
    help: 'start a task, or stop it if it is active',
    examples: ['kronos s 3'],
    completes: 'open',
    act: actions.toggle,
    failure: 'task toggle failed',
  },
  {
    names: ['done', 'do'],
    takes: '<id>',
    namesTask: true,
    help: 'mark a task as done; it gets another id',
    examples: ['kronos done 3'],
    completes: 'open',
    act: actions.done,
    failure: 'task done failed',
  },
  {
    names: ['undone', 'undo'],
    takes: '<id>',
    namesTask: true,
    help: 'mark a task as not done, by its id or the id it had before',
    examples: ['kronos undone 3', 'kronos undo 31530716924'],
    completes: 'done',
    act: actions.undone,
    failure: 'task undone failed',
  },
  {
    names: ['hide', 'h'],
    takes: '',
    help: 'hide done tasks in the list, or show them again',
    examples: ['kronos h'],
    act: actions.toggleHideDone,
  },
  {
    names: ['worktime', 'w'],
    takes: '[tag…]',
    help: 'total time worked on tasks that have all the tags',
    examples: ['kronos worktime tag1 tag2'],
    completes: 'tags',
    act: actions.worktime,
    reads: true,
  },
  {
    names: ['context', 'c'],
    takes: '[tag…]',
    help: 'list only tasks with one of the tags, and add the tags to new tasks; no tag clears it',
    examples: ['kronos context project-A', 'kronos c'],
    completes: 'tags',
    act: actions.setContext,
  },
];

export const toolRows = [
  {
    names: ['day'],
    takes: '[date]',
    help: 'show where the time of a day went: a bar for each kind of evidence, then projects and tasks',
    examples: ['kronos day', 'kronos day yesterday', 'kronos day 2026-11-28 --json'],
    completes: ['today', 'yesterday'],
  },
  {
    names: ['week'],
    takes: '[date]',
    help: 'show the week of a date, Monday to Sunday',
    examples: ['kronos week', 'kronos week 2026-11-28 --json'],
    completes: ['today', 'yesterday'],
  },
  {
    names: ['track'],
    takes: '[date] <from>-<to> <text> | task:<id>',
    help: 'state time by hand: an entry at the hub, or work on a task; `track list` and others edit entries',
    examples: [
      'kronos track 9:00-10:15 review the draft @paper +writing',
      'kronos track 9:00-10:15 task:12',
      'kronos track yesterday 22:30-0:15 on call',
      'kronos track away 12:00-13:00        you were not here, whatever the evidence says',
      'kronos track list yesterday          with the keys that the next ones take',
      'kronos track change k3f9 review @shop',
      'kronos track move k3f9 9:30-10:15',
      'kronos track split k3f9 9:45',
      'kronos track join k3f9 x81c',
      'kronos track delete k3f9',
      'kronos track undo 17                 as the answer of an edit says',
    ],
    completes: 'track',
  },
  {
    names: ['suggest'],
    takes: '[date] | accept|refuse|always <key> [date]',
    help: 'list what unassigned time may have been about, and answer: accept it, refuse it, or make a rule of it',
    examples: [
      'kronos suggest',
      'kronos suggest yesterday --json',
      'kronos suggest accept 1',
      'kronos suggest refuse t4vk2o-1a2b3c yesterday',
    ],
    completes: ['accept', 'refuse', 'always', 'today', 'yesterday'],
  },
  {
    names: ['questions'],
    takes: '[stop|keep|split|dismiss <number or key>]',
    help: 'list what the hub asks, such as about a task that ran while nobody was there, and answer it',
    examples: ['kronos questions', 'kronos questions stop 1', 'kronos questions --json'],
    completes: ['stop', 'keep', 'split', 'dismiss'],
  },
  {
    names: ['log'],
    takes: '[count]',
    help: 'list the changes, newest first',
    examples: ['kronos log', 'kronos log 100 --json'],
  },
  {
    names: ['revert'],
    takes: '[n]',
    help: 'undo the last change, or change n of the log; a revert can be reverted too',
    examples: ['kronos revert', 'kronos revert 12'],
  },
  {
    names: ['login'],
    takes: '[host] [--token <token> | --no-token]',
    help: 'sync with a hub from now on; asks for the token, --no-token forgets the stored one',
    examples: ['kronos login', 'kronos login wss://hub.example.org < token.txt', 'kronos login --no-token'],
  },
  { names: ['logout'], takes: '', help: 'stop syncing; the tasks stay here', examples: ['kronos logout'] },
  {
    names: ['sync'],
    takes: '',
    help: 'sync now; exits with 1 if some changes could not be sent',
    examples: ['kronos sync'],
  },
  {
    names: ['watch'],
    takes: '<channel>',
    help: 'print the changes of a channel of the hub as they happen',
    examples: ['kronos watch tasks', "kronos watch 'mob/*' --json"],
    completes: ['tasks', 'wakatime', 'aw/*', 'mob/*'],
  },
  {
    names: ['room'],
    takes: '<name> timer|break <minutes>',
    help: 'start the timer of a mob room',
    examples: ['kronos room kitchen timer 10', 'kronos room kitchen break 5'],
  },
  {
    names: ['import'],
    takes: 'taskwarrior|vim|vim-2018|json <file>',
    help: 'add the tasks of a file (`-`: standard input); tasks that are here already are left alone',
    examples: ['task export | kronos import taskwarrior -', 'kronos import vim ~/.vim/bundle/kronos.vim/.database'],
    completes: ['taskwarrior', 'vim', 'vim-2018', 'json'],
  },
  {
    names: ['export'],
    takes: 'taskwarrior|vim|vim-2018|json',
    help: 'print all tasks in a format',
    examples: ['kronos export taskwarrior | task import', 'kronos export json > tasks.json'],
    completes: ['taskwarrior', 'vim', 'vim-2018', 'json'],
  },
  {
    names: ['setup'],
    takes: 'wakatime|activitywatch|mob|vim',
    help: 'print the configuration that connects a tool to the hub',
    examples: ['kronos setup vim'],
    completes: ['wakatime', 'activitywatch', 'mob', 'vim'],
  },
  {
    names: ['doctor'],
    takes: '',
    help: 'check the installation and the hub, and say how to fix what is wrong',
    examples: ['kronos doctor'],
  },
  {
    names: ['completion'],
    takes: 'bash|zsh|fish',
    help: 'print the completion script of a shell, for kronos and k',
    examples: [
      'eval "$(kronos completion bash)"     in ~/.bashrc',
      'eval "$(kronos completion zsh)"      in ~/.zshrc, after compinit',
      'kronos completion fish > ~/.config/fish/completions/kronos.fish',
    ],
    completes: ['bash', 'zsh', 'fish'],
  },
] as const satisfies readonly CommandRow[];

export type ToolRow = (typeof toolRows)[number];

export function findAction(name: string): ActionRow | undefined {
  return actionRows.find(({ names }) => names.includes(name));
}

export function findTool(name: string): ToolRow | undefined {
  return toolRows.find(({ names }) => names[0] === name);
}
