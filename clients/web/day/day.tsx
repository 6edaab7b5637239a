// The script of the page of a day: renders it into the markup's placeholder.

import { render } from 'preact';
import { pageOfBookmark, webUiAddress } from '../front/web-ui.ts';
import { translateFrame } from '../shared/frame.ts';
import { DayPage } from './day-page.tsx';

const place = document.getElementById('day');
if (place !== null) {
  // Bookmarks of ActivityWatch's web UI open its own port where the hub serves it, and the day elsewhere.
  const bookmark = webUiAddress(location, place.dataset['awWebUi'] ?? '') ?? pageOfBookmark(location.hash);
  if (bookmark !== undefined) location.replace(bookmark);
  const path = location.pathname === '/' ? '/day' : location.pathname;
  const texts = await translateFrame();
  place.replaceChildren();
  render(<DayPage texts={texts} path={path} kronosPort={place.dataset['kronosPort'] ?? ''} />, place);
}
