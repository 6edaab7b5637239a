// The script of the page of settings.

import { render } from 'preact';
import { translateFrame } from '../shared/frame.ts';
import { SettingsPage } from './settings-page.tsx';

const place = document.getElementById('settings');
if (place !== null) {
  const texts = await translateFrame();
  place.replaceChildren();
  render(<SettingsPage texts={texts} />, place);
}
