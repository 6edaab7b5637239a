// The people of the demo: who they are, where they live, what they work with and on. Invented, all of them.

export interface DemoProject {
  readonly name: string;
  readonly folder: string;
  readonly language: string;
  readonly files: readonly string[];
  readonly branches: readonly string[];
}

export interface DemoPersona {
  readonly name: string;
  readonly zone: string;
  /** Hours of the local clock. */
  readonly begins: number;
  readonly ends: number;
  readonly laptop: string;
  readonly phone: string | null;
  readonly editor: string;
  readonly browser: string;
  readonly projects: readonly DemoProject[];
  /** Agents that run at the same time, at the most. */
  readonly agents: number;
  /** The name that they type in mob rooms; null for who never mobs. */
  readonly mobName: string | null;
}

const project = (
  name: string,
  language: string,
  files: readonly string[],
  branches: readonly string[],
): DemoProject => ({
  name,
  folder: `/home/dev/src/${name}`,
  language,
  files,
  branches,
});

const garden = project(
  'garden',
  'TypeScript',
  ['beds.ts', 'watering.ts', 'seasons.ts', 'beds.test.ts'],
  ['main', '12-watering'],
);
const ledger = project('ledger', 'Rust', ['book.rs', 'entry.rs', 'report.rs'], ['main', 'fix/rounding']);
const atlas = project('atlas', 'Python', ['tiles.py', 'routes.py', 'projections.py'], ['main', 'feature/contours']);
const site = project('site', 'HTML', ['index.html', 'about.html', 'style.css'], ['main']);

export const personas: readonly DemoPersona[] = [
  {
    name: 'ada',
    zone: 'Europe/Berlin',
    begins: 9,
    ends: 18,
    laptop: 'anvil',
    phone: 'phone-ada',
    editor: 'vscode/1.93.1 vscode-wakatime/24.6.2',
    browser: 'firefox',
    projects: [garden, ledger],
    agents: 3,
    mobName: 'ada',
  },
  {
    name: 'bao',
    zone: 'Asia/Kolkata',
    begins: 10,
    ends: 19,
    laptop: 'Basalt.local',
    phone: null,
    editor: 'vim/9.1 vim-wakatime/11.2.0',
    browser: 'Google Chrome',
    projects: [atlas, site],
    agents: 1,
    mobName: 'Bao',
  },
  {
    name: 'caro',
    zone: 'America/New_York',
    begins: 8,
    ends: 16,
    laptop: 'CEDAR',
    phone: 'phone-caro',
    editor: 'PyCharm/2024.2 PyCharm-wakatime/15.0.3',
    browser: 'Safari',
    projects: [garden, atlas, site],
    agents: 0,
    mobName: 'caro',
  },
];

/** In every script, because titles are. */
export const titles: readonly string[] = [
  'Wochenplan – Notizen',
  'Список покупок',
  '設計メモ',
  '주간 회의록',
  'جدول الأسبوع',
  'לוח זמנים',
  'पढ़ने की सूची',
  'Réunion d’équipe — ordre du jour',
  'Ελληνικά μαθήματα',
  'แผนงานประจำสัปดาห์',
  '🌱 garden: what to sow in March',
  'Terminal',
  '',
];

export const pages: readonly (readonly [url: string, title: string])[] = [
  ['https://docs.example.org/types', 'Types – Documentation'],
  ['https://issues.example.org/garden/12', 'Watering forgets balconies · Issue #12'],
  ['https://issues.example.org/ledger/7', 'Rounding of halves · Issue #7'],
  ['https://news.example.com/', 'ニュース'],
  ['https://mail.example.com/inbox', 'Inbox (3)'],
  ['https://map.example.org/#12/52.5/13.4', 'Карта'],
  ['https://video.example.com/watch?v=1', 'فيلم قصير'],
];
