// The script of the help page.

import { addCopyButtons } from './copy.ts';

addCopyButtons();
