// The commands of the command line, one row each: names, arguments, help text, examples. Dispatch, `--help` and shell completion read
// this table. actions.ts implements the protocol's actions, the folder verbs/ the other commands.

import * as actions from '../data/actions.ts';

export interface CommandRow {
  /** The name, then its short form if there is one. */
  readonly names: readonly [string, ...string[]];
  readonly takes: string;
  readonly help: string;
  readonly examples: readonly string[];
  /** It shows the questions of the hub itself, or its output should stay alone. */
  readonly hidesQuestions?: true;
  /** The kind of arguments that shell completion offers. */
  readonly completes?:
    | 'open'
    | 'active'
    | 'idle'
    | 'done'
    | 'any'
    | 'tags'
    | 'track'
    | 'time'
    | 'filter'
    | readonly string[];
}

export interface ActionRow extends CommandRow {
  readonly act: actions.TaskAction;
  /** It changes nothing. */
  readonly reads?: true;
  /** Its first argument is the id of the task that it changes. */
  readonly namesTask?: true;
  /** Its arguments may be several ids, or a filter: it takes nothing but tasks. */
  readonly takesSeveral?: true;
  /** The protocol's error text if the database cannot be read or written. */
  readonly failure?: string;
}

export const actionRows: readonly ActionRow[] = [
  {
    names: ['add', 'a'],
    takes: '<desc> [+tag…] [:due] [@project] [name:value…]',
    help: 'add a task; `-` reads one a line from the standard input',
    examples: [
      'kronos add water the plants +home :15:18',
      'kronos add call Bob :2w1d',
      'kronos add pay the rent @home.flat :1 every:month priority:high',
      'kronos add write the report :fri:17 wait:wed needs:1',
      'kronos add -- @home and priority:high are text here',
      'kronos add - < tasks.txt',
    ],
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
    takes: '[filter…] [sort:key] [limit:n]',
    help: 'list the tasks of the context, or those that a filter finds',
    examples: [
      'kronos list',
      'kronos list @home due.before:fri priority:high water',
      'kronos list is:overdue -waiting sort:-urgency limit:10',
      'kronos list done.after:1w --json',
    ],
    completes: 'filter',
    act: actions.list,
    reads: true,
    failure: 'task list failed',
  },
  {
    names: ['next', 'n'],
    takes: '[filter…] [limit:n]',
    help: 'list what can be worked on now, the most urgent first',
    examples: ['kronos next', 'kronos next @home limit:3'],
    completes: 'filter',
    act: actions.next,
    reads: true,
    failure: 'task list failed',
  },
  {
    names: ['why'],
    takes: '<id>',
    help: 'explain the place of a task in `next`, or why it is not there',
    examples: ['kronos why 3'],
    completes: 'open',
    act: actions.why,
    reads: true,
  },
  {
    names: ['update', 'u'],
    takes: '<id> [desc] [+tag…] [-tag…] [:due] [@project] [name:value…]',
    namesTask: true,
    help: 'change a task; what you leave out stays as it is; `<filter> set` changes many',
    examples: [
      'kronos update 42 -oldtag +newtag',
      'kronos update 3 call Bob back :1d',
      'kronos update 3 :- priority:- @-          takes them away',
      'kronos update 3 needs:1',
      'kronos update @home is:overdue set :fri --yes',
    ],
    completes: 'open',
    act: actions.update,
    failure: 'task update failed',
  },
  {
    names: ['note'],
    takes: '<id> <text>',
    namesTask: true,
    help: 'add a note to a task; `info` shows its notes',
    examples: ['kronos note 3 called, nobody there'],
    completes: 'open',
    act: actions.note,
    failure: 'task update failed',
  },
  {
    names: ['drop-note'],
    takes: '<id> <number>',
    namesTask: true,
    help: 'remove a note of a task, by its number',
    examples: ['kronos drop-note 3 1'],
    completes: 'open',
    act: actions.removeNote,
    failure: 'task update failed',
  },
  {
    names: ['delete', 'del'],
    takes: '<id…> | <filter…>',
    namesTask: true,
    takesSeveral: true,
    help: 'delete a task (`kronos revert` brings it back)',
    examples: ['kronos delete 3'],
    completes: 'any',
    act: actions.remove,
    failure: 'task delete failed',
  },
  {
    names: ['start'],
    takes: '<id…> | <filter…> | <id> at:<time>',
    namesTask: true,
    takesSeveral: true,
    help: 'start working on a task',
    examples: ['kronos start 3', 'kronos start 3 at:-10min'],
    completes: 'idle',
    act: actions.start,
    failure: 'task start failed',
  },
  {
    names: ['stop'],
    takes: '<id…> | <filter…> | <id> at:<time>',
    namesTask: true,
    takesSeveral: true,
    help: 'stop working on a task',
    examples: ['kronos stop 3', 'kronos stop 3 at:12:04', 'kronos stop 3 at:yesterdayT22:30'],
    completes: 'active',
    act: actions.stop,
    failure: 'task stop failed',
  },
  {
    names: ['toggle', 's'],
    takes: '<id…> | <filter…>',
    namesTask: true,
    takesSeveral: true,
    help: 'start a task, or stop it if it is active',
    examples: ['kronos s 3'],
    completes: 'open',
    act: actions.toggle,
    failure: 'task toggle failed',
  },
  {
    names: ['done', 'do'],
    takes: '<id…> | <filter…>',
    namesTask: true,
    takesSeveral: true,
    help: 'mark a task as done; it gets another id, and one that recurs is there again',
    examples: ['kronos done 3', 'kronos done 3 5 7', 'kronos done @home is:overdue --yes'],
    completes: 'open',
    act: actions.done,
    failure: 'task done failed',
  },
  {
    names: ['undone', 'undo'],
    takes: '<id…> | <filter…>',
    namesTask: true,
    takesSeveral: true,
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

const dayWords = [
  'today',
  'yesterday',
  'thisweek',
  'lastweek',
  'thismonth',
  'lastmonth',
  'by:project',
  'by:task',
  'by:tag',
];

export const toolRows = [
  {
    names: ['day'],
    takes: '[range] [+tag…] [@project] [task:<id>] [by:project|task|tag]',
    hidesQuestions: true,
    help: 'show where the time of a day went: a bar for each kind of evidence, then projects and tasks; or the sums of a range',
    examples: [
      'kronos day',
      'kronos day yesterday',
      'kronos day 2026-11-28 --json',
      'kronos day mon..fri by:tag',
      'kronos day 2026-11 @paper +draft',
      'kronos day lastweek task:12 --csv',
      'kronos day lastmonth as:vim          the table of kronos.vim',
    ],
    completes: dayWords,
  },
  {
    names: ['week'],
    takes: '[range] …',
    help: 'show the week of a date, Monday to Sunday; takes what `day` takes',
    examples: ['kronos week', 'kronos week 2026-11-28 --json', 'kronos week lastweek by:task'],
    completes: dayWords,
  },
  {
    names: ['month'],
    takes: '[range] …',
    help: 'show the sums of the month of a date; takes what `day` takes',
    examples: ['kronos month', 'kronos month lastmonth by:project', 'kronos month 2026-11 --csv'],
    completes: dayWords,
  },
  {
    names: ['track'],
    takes: '[date] <from>-<to> <text> | task:<id> [--cut | --keep]',
    help: 'state time by hand: work on a task, or an entry without one; `track list` and others edit entries at the hub',
    examples: [
      'kronos track 9:00-10:15 review the draft @paper +writing',
      'kronos track 9:00-10:15 task:12',
      'kronos track yesterday 14:00 30min task:12',
      'kronos track 30min task:12           the last half hour',
      'kronos track 9:00-10:15 task:12 --cut',
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
    names: ['time'],
    takes: '[date] | edit|shorten|lengthen|move|split|join|delete …',
    help: 'list the intervals of a day with numbers, and change them',
    examples: [
      'kronos time',
      'kronos time yesterday --json',
      'kronos time edit                     opens the day in $EDITOR',
      'kronos time shorten 3 10min',
      'kronos time lengthen 3 1h30 --cut    cuts what it overlaps; --keep keeps both',
      'kronos time yesterday --csv',
      'kronos time move 3 9:30-10:15',
      'kronos time move 3 -5min             earlier by that much',
      'kronos time split 3 9:45',
      'kronos time join 3 4',
      'kronos time delete 3 4',
    ],
    completes: 'time',
  },
  {
    names: ['suggest'],
    takes: '[date] | accept|refuse|always <key> [date]',
    hidesQuestions: true,
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
    hidesQuestions: true,
    help: 'list what the hub asks, such as about a task that ran while nobody was there, and answer it',
    examples: ['kronos questions', 'kronos questions stop 1', 'kronos questions --json'],
    completes: ['stop', 'keep', 'split', 'dismiss'],
  },
  {
    names: ['calendar'],
    takes: '[add <address> [name] | remove <number or name>]',
    help: 'list the calendars whose events are meetings of your day, subscribe to one (https), or remove one',
    examples: [
      'kronos calendar',
      'kronos calendar add https://calendar.example.org/ann.ics work',
      'kronos calendar remove work',
    ],
    completes: ['add', 'remove'],
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
    hidesQuestions: true,
    help: 'sync with a hub from now on; asks for the token, --no-token forgets the stored one',
    examples: ['kronos login', 'kronos login wss://hub.example.org < token.txt', 'kronos login --no-token'],
  },
  {
    names: ['logout'],
    takes: '',
    help: 'stop syncing; the tasks stay here',
    examples: ['kronos logout'],
    hidesQuestions: true,
  },
  {
    names: ['sync'],
    takes: '',
    hidesQuestions: true,
    help: 'sync now; exits with 1 if some changes could not be sent',
    examples: ['kronos sync'],
  },
  {
    names: ['now'],
    takes: '[--format <text>]',
    hidesQuestions: true,
    help: 'show what you are working on; --format is for status lines',
    examples: ['kronos now', 'kronos now --format {task} {elapsed}'],
  },
  {
    names: ['run'],
    takes: '<id> -- <program> [argument…]',
    hidesQuestions: true,
    help: 'work on a task for as long as a program runs',
    examples: ['kronos run 12 -- make test'],
    completes: 'open',
  },
  {
    names: ['watch'],
    takes: '<channel> [-- <program> [argument…]]',
    hidesQuestions: true,
    help: 'print the changes of a channel of the hub as they happen, or run a program for each',
    examples: ['kronos watch tasks', 'kronos watch tasks -- notify-send kronos', "kronos watch 'mob/*' --json"],
    completes: ['tasks', 'wakatime', 'aw/*', 'mob/*'],
  },
  {
    names: ['room'],
    takes: '<name> timer|break <minutes>',
    hidesQuestions: true,
    help: 'start the timer of a mob room',
    examples: ['kronos room kitchen timer 10', 'kronos room kitchen break 5'],
  },
  {
    names: ['import'],
    takes: 'taskwarrior|timewarrior|todo.txt|toggl|ics|csv|vim|vim-2018|json <file>',
    hidesQuestions: true,
    help: 'add the tasks or intervals of a file (`-`: standard input); what is here already is left alone',
    examples: [
      'task export | kronos import taskwarrior -',
      'timew export | kronos import timewarrior -',
      'kronos import todo.txt ~/todo.txt',
      'kronos import toggl Toggl_time_entries.csv',
      'kronos import vim ~/.vim/bundle/kronos.vim/.database',
    ],
    completes: ['taskwarrior', 'timewarrior', 'todo.txt', 'toggl', 'ics', 'csv', 'vim', 'vim-2018', 'json'],
  },
  {
    names: ['export'],
    takes: 'taskwarrior|timewarrior|todo.txt|toggl|ics|csv|vim|vim-2018|json',
    hidesQuestions: true,
    help: 'print all tasks in a format, or all intervals (timewarrior, toggl)',
    examples: [
      'kronos export taskwarrior | task import',
      'kronos export ics > tasks.ics',
      'kronos export json > tasks.json',
    ],
    completes: ['taskwarrior', 'timewarrior', 'todo.txt', 'toggl', 'ics', 'csv', 'vim', 'vim-2018', 'json'],
  },
  {
    names: ['setup'],
    takes: 'wakatime|activitywatch|mob|vim',
    hidesQuestions: true,
    help: 'print the configuration that connects a tool to the hub',
    examples: ['kronos setup vim'],
    completes: ['wakatime', 'activitywatch', 'mob', 'vim'],
  },
  {
    names: ['doctor'],
    takes: '',
    hidesQuestions: true,
    help: 'check the installation and the hub, and say how to fix what is wrong',
    examples: ['kronos doctor'],
  },
  {
    names: ['completion'],
    takes: 'bash|zsh|fish',
    hidesQuestions: true,
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
