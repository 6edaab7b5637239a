// The pages of goals, history, leaderboards and profiles as one script, because each alone is too small to compress well. A page draws
// itself only where the markup has its place.

import '../goals/goals.tsx';
import '../history/history.tsx';
import '../leaderboards/leaderboards.tsx';
import '../profile/profile.tsx';
