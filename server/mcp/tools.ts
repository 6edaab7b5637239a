// The table of the tools: name, texts, schemas, whether it writes, and the function behind it. server.ts offers them over MCP. The texts here are
// all that a model is told; nothing of a person's data is ever in them.

import type { Static, TSchema } from '@sinclair/typebox';
import * as schema from './answers.ts';
import {
  listProjects,
  listSuggestions,
  listTasks,
  readDay,
  readRange,
  search,
  type ToolContext,
  type ToolOutcome,
} from './reads.ts';
import { accept, start, stop, track } from './writes.ts';

export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: TSchema;
  readonly output: TSchema;
  readonly writes: boolean;
  /** @param input has been checked by the schema */
  readonly run: (context: ToolContext, input: unknown) => Promise<ToolOutcome<unknown>>;
}

interface ToolTexts {
  readonly title: string;
  readonly description: string;
  readonly writes?: true;
}

function tool<I extends TSchema, O extends TSchema>(
  name: string,
  { title, description, writes }: ToolTexts,
  [input, output]: readonly [I, O],
  run: (context: ToolContext, input: Static<I>) => Promise<ToolOutcome<Static<O>>>,
): Tool {
  return { name, title, description, input, output, writes: writes === true, run };
}

export const tools: readonly Tool[] = [
  tool(
    'day',
    {
      title: 'One day',
      description:
        'Where the time of one day went: sums by project and task, and the segments of the day. No second counts twice.',
    },
    [schema.DayInput, schema.DayOutput],
    readDay,
  ),
  tool(
    'range',
    {
      title: 'A range of days',
      description: 'Sums by project of each day of a range, and of the range; at most 366 days.',
    },
    [schema.RangeInput, schema.RangeOutput],
    readRange,
  ),
  tool(
    'search',
    {
      title: 'Search',
      description:
        'Finds words in titles of tasks, in texts of entries, and in titles, addresses and files of what was open; the last 7 days unless given, at most 31.',
    },
    [schema.SearchInput, schema.SearchOutput],
    search,
  ),
  tool(
    'tasks',
    { title: 'Tasks', description: 'Lists tasks with their state and the time worked on them.' },
    [schema.TasksInput, schema.TasksOutput],
    listTasks,
  ),
  tool(
    'projects',
    { title: 'Projects', description: 'Lists the projects, with the time of the last 30 days.' },
    [schema.ProjectsInput, schema.ProjectsOutput],
    listProjects,
  ),
  tool(
    'suggestions',
    {
      title: 'Suggestions',
      description: 'Lists what the unassigned time of a day may have been about, with reasons. `accept` accepts one.',
    },
    [schema.SuggestionsInput, schema.SuggestionsOutput],
    listSuggestions,
  ),
  tool(
    'task_start',
    {
      title: 'Start a task',
      description: 'Starts a task by its id, or makes a task of a title and starts it.',
      writes: true,
    },
    [schema.StartInput, schema.TaskOutput],
    start,
  ),
  tool(
    'task_stop',
    { title: 'Stop a task', description: 'Stops a running task.', writes: true },
    [schema.StopInput, schema.TaskOutput],
    stop,
  ),
  tool(
    'track',
    {
      title: 'State time',
      description: 'States what a span of time was about. It wins over everything that was recorded then.',
      writes: true,
    },
    [schema.TrackInput, schema.EntriesOutput],
    track,
  ),
  tool(
    'accept',
    {
      title: 'Accept a suggestion',
      description: 'Assigns the unassigned time of a suggestion to its project.',
      writes: true,
    },
    [schema.AcceptInput, schema.EntriesOutput],
    accept,
  ),
];
