// Names for people: editors, systems, categories, and absent values. user-agent.ts parses what plugins send.

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
    code: 'VS Code',
    'visual-studio': 'Visual Studio',
    visualstudio: 'Visual Studio',
    'notepad++': 'Notepad++',
    nvim: 'Neovim',
    'sublime-text': 'Sublime Text',
    sublimetext: 'Sublime Text',
    'intellij-idea': 'IntelliJ IDEA',
    'android-studio': 'Android Studio',
    appcode: 'AppCode',
    dataspell: 'DataSpell',
    aqua: 'Aqua',
    fleet: 'Fleet',
    jetbrainsgateway: 'JetBrains Gateway',
    textmate: 'TextMate',
    bbedit: 'BBEdit',
    netbeans: 'NetBeans',
    qtcreator: 'Qt Creator',
    rstudio: 'RStudio',
    matlab: 'MATLAB',
    ssms: 'SQL Server Management Studio',
    gedit: 'gedit',
    iterm2: 'iTerm2',
    powershell: 'PowerShell',
    tmux: 'tmux',
    chatgpt: 'ChatGPT',
    copilot: 'GitHub Copilot',
    'github-copilot-cli': 'GitHub Copilot CLI',
    opencode: 'OpenCode',
    openclaw: 'OpenClaw',
    'qwen-code': 'Qwen Code',
    'roo-code': 'Roo Code',
    'gemini-cli': 'Gemini CLI',
    'cursor-agent': 'Cursor Agent',
    eclipse: 'Eclipse',
    terminal: 'Terminal',
    bash: 'Bash',
    zsh: 'Zsh',
    fish: 'Fish',
  }),
);

/** The names of all known editors, sorted. */
export function editorNames(): readonly string[] {
  return [...new Set(editors.values())].sort();
}

export function editorName(input: string): string {
  return input === '' ? 'Unknown Editor' : (editors.get(input.toLowerCase()) ?? titleCase(input));
}

const systems = new Map(
  Object.entries({
    darwin: 'Mac',
    macos: 'Mac',
    windows_nt: 'Windows',
    win32: 'Windows',
    freebsd: 'FreeBSD',
    openbsd: 'OpenBSD',
    netbsd: 'NetBSD',
    dragonfly: 'DragonFly BSD',
    sunos: 'Solaris',
    aix: 'AIX',
    ios: 'iOS',
    ipados: 'iPadOS',
    cros: 'Chrome OS',
    chromeos: 'Chrome OS',
    wsl: 'WSL',
  }),
);

/** The name of an operating system for people. */
export function systemName(input: string): string {
  return input === '' ? unknownNames.os : (systems.get(input.toLowerCase()) ?? titleCase(input));
}

/** `my-editor` becomes "My Editor". A name with a capital letter stays as its makers write it. */
function titleCase(input: string): string {
  if (input !== input.toLowerCase() || !/^[a-z]/.test(input)) return input;
  return input.replace(/(^|[-_\s]+)([a-z])/g, (_, before: string, letter: string) =>
    before === '' ? letter.toUpperCase() : ` ${letter.toUpperCase()}`,
  );
}

/** `ai coding` becomes "AI Coding", `writing docs` becomes "Writing Docs". */
export function categoryName(input: string): string {
  return input.replace(/(^|\s)(\S+)/g, (_, space: string, word: string) =>
    word.toLowerCase() === 'ai' ? `${space}AI` : `${space}${word.charAt(0).toUpperCase()}${word.slice(1)}`,
  );
}

/** The names of absent values. Heartbeats without a language are summed separately, as "Other". */
export const unknownNames = {
  project: 'Unknown Project',
  language: 'Other',
  branch: 'Unknown Branch',
  machine: 'Unknown Hostname',
  os: 'Unknown OS',
} as const;
