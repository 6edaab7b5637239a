// The texts of the page of tasks, by language.

import type { TextKey } from './en.ts';
import type { TaskKey } from './en-tasks.ts';
import type { Texts, TextTables } from './languages.ts';

export type TasksPageTexts = Texts<TextKey | TaskKey>;

export const taskLanguages: TextTables<TaskKey> = {
  en: () => import('./en-tasks.ts').then(({ enTasks }) => enTasks),
  de: () => import('./de-tasks.ts').then(({ deTasks }) => deTasks),
};
