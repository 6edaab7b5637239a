// The pages of trends and projects as one script, because each alone is too small to compress well. A page draws itself only where the
// markup has its place.

import '../projects/projects.tsx';
import '../trends/trends.tsx';
