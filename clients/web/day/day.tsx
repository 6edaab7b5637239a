// The script of the page of a day: renders it into the markup's placeholder.

import { pageOfBookmark, webUiAddress } from '../front/web-ui.ts';
import { pathTo } from '../shared/address.ts';
import { openPage } from '../shared/frame.ts';
import { DayPage } from './day-page.tsx';

await openPage('day', (texts, path, place) => {
  // Bookmarks of ActivityWatch's web UI open its own port where the hub serves it, and the day elsewhere.
  const page = pageOfBookmark(location.hash);
  const bookmark = webUiAddress(location, place.dataset['awWebUi'] ?? '') ?? (page && pathTo(page));
  if (bookmark !== undefined) location.replace(bookmark);
  return <DayPage texts={texts} path={path === '/' ? '/day' : path} kronosPort={place.dataset['kronosPort'] ?? ''} />;
});
