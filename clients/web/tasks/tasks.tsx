// The script of the page of tasks: renders it into the markup's placeholder.

import { render } from 'preact';
import { TasksPage } from './tasks-page.tsx';

const place = document.getElementById('tasks');
if (place !== null) {
  place.replaceChildren();
  render(<TasksPage />, place);
}
