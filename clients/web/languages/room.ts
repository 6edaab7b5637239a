// The texts of the page of a mob room, by language.

import type { TextKey } from './en.ts';
import type { RoomKey } from './en-room.ts';
import type { Texts, TextTables } from './languages.ts';

export type RoomTexts = Texts<TextKey | RoomKey>;

export const roomLanguages: TextTables<RoomKey> = {
  en: () => import('./en-room.ts').then(({ enRoom }) => enRoom),
  de: () => import('./de-room.ts').then(({ deRoom }) => deRoom),
};
