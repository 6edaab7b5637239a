// The languages and editors that this hub has names and colours for: those that people use most, with GitHub's colours. WakaTime has
// registries of all.

import { json, type Reply, type Route } from '../../../http/types.ts';
import { formatIso } from './calendar.ts';
import { editorNames } from './display-names.ts';
import { derivedUuid } from './heartbeat.ts';

const colors: ReadonlyMap<string, string> = new Map(
  Object.entries({
    Ada: '#02f88c',
    Arduino: '#bd79d1',
    Assembly: '#6e4c13',
    Astro: '#ff5a03',
    Bash: '#89e051',
    Batchfile: '#c1f12e',
    C: '#555555',
    'C#': '#178600',
    'C++': '#f34b7d',
    Clojure: '#db5855',
    CMake: '#da3434',
    COBOL: '#4d4d4d',
    CoffeeScript: '#244776',
    'Common Lisp': '#3fb68b',
    Crystal: '#000100',
    CSS: '#663399',
    D: '#ba595e',
    Dart: '#00b4ab',
    Docker: '#384d54',
    Dockerfile: '#384d54',
    Elixir: '#6e4a7e',
    Elm: '#60b5cc',
    'Emacs Lisp': '#c065db',
    Erlang: '#b83998',
    'F#': '#b845fc',
    Fortran: '#4d41b1',
    GDScript: '#355570',
    Gherkin: '#5b2063',
    GLSL: '#5686a5',
    Go: '#00add8',
    GraphQL: '#e10098',
    Groovy: '#4298b8',
    Handlebars: '#f7931e',
    Haskell: '#5e5086',
    HCL: '#844fba',
    HTML: '#e34c26',
    Java: '#b07219',
    JavaScript: '#f1e05a',
    JSON: '#292929',
    Julia: '#a270ba',
    'Jupyter Notebook': '#da5b0b',
    Kotlin: '#a97bff',
    LaTeX: '#3d6117',
    Less: '#1d365d',
    Lua: '#000080',
    Makefile: '#427819',
    Markdown: '#083fa1',
    MATLAB: '#e16737',
    Nim: '#ffc200',
    Nix: '#7e7eff',
    'Objective-C': '#438eff',
    OCaml: '#ef7a08',
    Pascal: '#e3f171',
    Perl: '#0298c3',
    PHP: '#4f5d95',
    PowerShell: '#012456',
    Prolog: '#74283c',
    Pug: '#a86454',
    PureScript: '#1d222d',
    Python: '#3572a5',
    QML: '#44a51c',
    R: '#198ce7',
    Racket: '#3c5caa',
    Raku: '#0000fb',
    Ruby: '#701516',
    Rust: '#dea584',
    Sass: '#a53b70',
    Scala: '#c22d40',
    Scheme: '#1e4aec',
    SCSS: '#c6538c',
    Shell: '#89e051',
    Solidity: '#aa6746',
    SQL: '#e38c00',
    Svelte: '#ff3e00',
    Swift: '#f05138',
    Tcl: '#e4cc98',
    TeX: '#3d6117',
    Terraform: '#844fba',
    TOML: '#9c4221',
    TSX: '#3178c6',
    TypeScript: '#3178c6',
    'Vim Script': '#199f4b',
    VimL: '#199f4b',
    'Visual Basic .NET': '#945db7',
    Vue: '#41b883',
    'Vue.js': '#41b883',
    WebAssembly: '#04133b',
    XML: '#0060ac',
    YAML: '#cb171e',
    Zig: '#ec915c',
  }),
);
const byLowerName = new Map([...colors].map(([name, color]) => [name.toLowerCase(), color]));

/** The colour of a language. An unknown name gets a colour that depends on the name alone. */
export function colorOf(name: string): string {
  return byLowerName.get(name.toLowerCase()) ?? `#${derivedUuid(['color', name.toLowerCase()]).slice(0, 6)}`;
}

/** The day on which these tables were written. */
const written = formatIso(Date.UTC(2026, 10, 21) * 1_000);

/** Public routes outside of `users`: their answers reveal nothing about an account. */
export const registryRoutes: readonly Pick<Route, 'path' | 'handle'>[] = [
  ...['program_languages', 'languages'].map((path) => ({ path, handle: async () => programLanguages() })),
  { path: 'editors', handle: async () => editors() },
];

function programLanguages(): Reply {
  const data = [...colors].map(([name, color]) => ({
    id: derivedUuid(['language', name]),
    name,
    color,
    is_verified: true,
    created_at: written,
    modified_at: written,
  }));
  return json(200, { data, total: data.length, total_pages: 1 });
}

function editors(): Reply {
  const data = editorNames().map((name) => ({
    id: derivedUuid(['editor', name]),
    name,
    color: colorOf(name),
    website: null,
    repository: null,
    version: null,
    version_url: null,
    history_url: null,
    released: true,
    hidden: false,
  }));
  return json(200, { data, total: data.length, total_pages: 1 });
}
