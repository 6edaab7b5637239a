// The script of the pages of a week and of a month, whichever the markup is of.

import { openPage } from '../shared/frame.ts';
import { PeriodPage } from './week-page.tsx';

const kind = document.getElementById('month') === null ? 'week' : 'month';
await openPage(kind, (texts, path) => <PeriodPage texts={texts} kind={kind} path={path} />);
