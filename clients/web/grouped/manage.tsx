// The pages of devices, people and the inspector as one script, because each alone is too small to compress well. A page draws itself only
// where the markup has its place.

import '../devices/devices.tsx';
import '../inspector/inspector.tsx';
import '../people/people.tsx';
