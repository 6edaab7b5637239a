// The script of the room page: reads the room's name from the markup and renders the page.

import { render } from 'preact';
import { roomLanguages } from '../languages/room.ts';
import { hubUrl, pagePath } from '../shared/address.ts';
import { translateFrame } from '../shared/frame.ts';
import { RoomPage } from './room-page.tsx';

const place = document.getElementById('room');
const name = place?.dataset['room'];
if (place !== null && name !== undefined) {
  const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]')?.href ?? '';
  // A room that is named like a page is at /room/<name>, and tools find it there too.
  const folder = pagePath().startsWith('/room/') ? '/room/' : '/';
  const texts = await translateFrame(roomLanguages);
  place.replaceChildren();
  render(<RoomPage name={name} url={`${hubUrl()}${folder}`} icon={icon} texts={texts} />, place);
}
