// The projects of labelled months: names, other names, files, and what people search and read while they work on them. Some words belong
// to several projects, as in life.

export interface LabelledProject {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly files: readonly string[];
  /** Descriptions of tasks; the last word is that of the branch. */
  readonly topics: readonly string[];
  readonly words: readonly string[];
}

const project = (
  name: string,
  aliases: readonly string[],
  files: readonly string[],
  topics: readonly string[],
  words: readonly string[],
): LabelledProject => ({ name, aliases, files, topics, words });

export const labelledProjects: readonly LabelledProject[] = [
  project(
    'garden',
    ['plants app', 'greenhouse'],
    ['beds.ts', 'watering.ts', 'seasons.ts', 'main.ts'],
    ['mend the watering', 'plan the seasons'],
    ['drip irrigation', 'sowing calendar', 'soil moisture sensor', 'date arithmetic'],
  ),
  project(
    'ledger',
    ['bookkeeping', 'the-books'],
    ['book.rs', 'entry.rs', 'report.rs', 'main.rs'],
    ['fix the rounding', 'print the balance'],
    ['bankers rounding', 'double entry', 'tax report form', 'date arithmetic'],
  ),
  project(
    'atlas',
    ['mapmaker', 'tile server'],
    ['tiles.py', 'routes.py', 'projections.py'],
    ['draw the contours', 'speed up the routing'],
    ['mercator projection', 'contour lines', 'shortest path', 'vector tile cache'],
  ),
  project(
    'lantern',
    ['night mode', 'lamp'],
    ['dimmer.c', 'sensor.c', 'main.c'],
    ['calibrate the sensor', 'save the battery'],
    ['light sensor datasheet', 'pulse width', 'battery discharge curve'],
  ),
  project(
    'choir',
    ['singers', 'rehearsal-planner'],
    ['voices.go', 'rehearsal.go', 'score.go'],
    ['print the scores', 'invite the altos'],
    ['music notation font', 'rehearsal room booking', 'calendar invitation format'],
  ),
  project(
    'harbour',
    ['port authority', 'ships'],
    ['berths.java', 'tides.java', 'cargo.java'],
    ['compute the tides', 'import the cargo'],
    ['tidal harmonics', 'container numbers', 'shortest path'],
  ),
  project(
    'bakery',
    ['bread shop', 'ovens'],
    ['dough.rb', 'orders.rb', 'oven.rb'],
    ['schedule the ovens', 'count the orders'],
    ['sourdough timing', 'order queue', 'tax report form'],
  ),
  project(
    'museum',
    ['exhibits', 'collection-site'],
    ['catalogue.html', 'rooms.css', 'guide.js'],
    ['scan the catalogue', 'translate the guide'],
    ['image resolution', 'screen reader labels', 'audio guide format'],
  ),
];
