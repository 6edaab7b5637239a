// The script of the inspector, for administrators.

import { render } from 'preact';
import { translateFrame } from '../shared/frame.ts';
import { InspectorPage } from './inspector-page.tsx';

const place = document.getElementById('inspector');
if (place !== null) {
  const texts = await translateFrame();
  place.replaceChildren();
  render(<InspectorPage texts={texts} />, place);
}
