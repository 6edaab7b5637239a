// The script of the page of devices and tokens.

import { render } from 'preact';
import { translateFrame } from '../shared/frame.ts';
import { DevicesPage } from './devices-page.tsx';

const place = document.getElementById('devices');
if (place !== null) {
  const texts = await translateFrame();
  place.replaceChildren();
  render(<DevicesPage texts={texts} />, place);
}
