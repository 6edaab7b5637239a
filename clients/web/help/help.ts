// The script of the help page.

import { addCopyButtons } from '../shared/copy.ts';

addCopyButtons();
