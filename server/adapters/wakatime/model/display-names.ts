// How things are called when people read them: editors, categories, and what there is no name for. Tables and small functions;
// nothing here parses what plugins say.

const editors = new Map(
  Object.entries({
    vscode: 'VS Code',
    'vscode-insiders': 'VS Code Insiders',
    vscodium: 'VSCodium',
    pycharm: 'PyCharm',
    pycharmcore: 'PyCharm',
    intellijidea: 'IntelliJ IDEA',
    intellij: 'IntelliJ IDEA',
    intellijideacore: 'IntelliJ IDEA',
    goland: 'GoLand',
    webstorm: 'WebStorm',
    phpstorm: 'PhpStorm',
    rubymine: 'RubyMine',
    clion: 'CLion',
    rider: 'Rider',
    rustrover: 'RustRover',
    datagrip: 'DataGrip',
    androidstudio: 'Android Studio',
    vim: 'Vim',
    neovim: 'Neovim',
    sublime: 'Sublime Text',
    cursor: 'Cursor',
    zed: 'Zed',
    emacs: 'Emacs',
    helix: 'Helix',
    kate: 'Kate',
    chrome: 'Chrome',
    firefox: 'Firefox',
    edge: 'Edge',
    safari: 'Safari',
    opera: 'Opera',
    brave: 'Brave',
    xcode: 'Xcode',
    windsurf: 'Windsurf',
    claude: 'Claude',
    'claude-code': 'Claude Code',
    codex: 'Codex',
    'codex-cli': 'Codex',
    ktexteditor: 'Kate',
    eclipse: 'Eclipse',
    terminal: 'Terminal',
    bash: 'Bash',
    zsh: 'Zsh',
    fish: 'Fish',
  }),
);

/** All that have one, each once. */
export function editorNames(): readonly string[] {
  return [...new Set(editors.values())].sort();
}

export function editorName(said: string): string {
  return said === '' ? 'Unknown Editor' : (editors.get(said.toLowerCase()) ?? said);
}

/** `ai coding` is "AI Coding", `writing docs` "Writing Docs". */
export function categoryName(said: string): string {
  return said.replace(/(^|\s)(\S+)/g, (_, space: string, word: string) =>
    word.toLowerCase() === 'ai' ? `${space}AI` : `${space}${word.charAt(0).toUpperCase()}${word.slice(1)}`,
  );
}

/** What stands for an absent value. Heartbeats without a language count apart, as "Other". */
export const absent = {
  project: 'Unknown Project',
  language: 'Other',
  branch: 'Unknown Branch',
  machine: 'Unknown Hostname',
  os: 'Unknown OS',
} as const;
