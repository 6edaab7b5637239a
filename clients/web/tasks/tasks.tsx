// The script of the page of tasks: draws it in the place that the markup left for it.

import { render } from 'preact';
import { TasksPage } from './tasks-page.tsx';

const place = document.getElementById('tasks');
if (place !== null) {
  place.replaceChildren();
  render(<TasksPage />, place);
}
