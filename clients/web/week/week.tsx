// The script of the page of a week: renders it into the markup's placeholder.

import { render } from 'preact';
import { translateFrame } from '../shared/frame.ts';
import { WeekPage } from './week-page.tsx';

const place = document.getElementById('week');
if (place !== null) {
  const texts = await translateFrame();
  place.replaceChildren();
  render(<WeekPage texts={texts} path={location.pathname} />, place);
}
