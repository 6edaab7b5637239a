// The script of the page of people, for administrators.

import { render } from 'preact';
import { translateFrame } from '../shared/frame.ts';
import { PeoplePage } from './people-page.tsx';

const place = document.getElementById('people');
if (place !== null) {
  const texts = await translateFrame();
  place.replaceChildren();
  render(<PeoplePage texts={texts} />, place);
}
