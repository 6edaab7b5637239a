// The script of the page of tasks: renders it into the markup's placeholder.

import { render } from 'preact';
import { taskLanguages } from '../languages/tasks.ts';
import { translateFrame } from '../shared/frame.ts';
import { TasksPage } from './tasks-page.tsx';

const place = document.getElementById('tasks');
if (place !== null) {
  const texts = await translateFrame(taskLanguages);
  place.replaceChildren();
  render(<TasksPage texts={texts} />, place);
}
