// The script of the room page: reads the room's name from the markup and renders the page.

import { render } from 'preact';
import { RoomPage } from './room-page.tsx';

const place = document.getElementById('room');
const name = place?.dataset['room'];
if (place !== null && name !== undefined) {
  const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]')?.href ?? '';
  // A room that is named like a page is at /room/<name>, and tools find it there too.
  const base = location.pathname.startsWith('/room/') ? '/room/' : '/';
  place.replaceChildren();
  render(<RoomPage name={name} url={`${location.origin}${base}`} icon={icon} />, place);
}
