// Parses a plugin's User-Agent: editor, operating system, versions, AI model. Names are as the plugins write them; display-names.ts
// has names for people.

import { LRUCache } from 'lru-cache';
export interface PluginAgent {
  /** '' when it is absent. */
  readonly editor: string;
  readonly editorVersion: string;
  /** The version of the plugin, or of the command line where there is no plugin. */
  readonly version: string;
  /** `vscode-wakatime`; '' when it is absent. */
  readonly plugin: string;
  readonly os: string;
  readonly model: string;
}

const agents = new LRUCache<string, PluginAgent>({ max: 10_000 });

/** Parses a User-Agent, and caches the result. */
export function parseUserAgentOnce(userAgent: string): PluginAgent {
  const known = agents.get(userAgent);
  if (known !== undefined) return known;
  const agent = parseUserAgent(userAgent);
  agents.set(userAgent, agent);
  return agent;
}

const unknownAgent: PluginAgent = { editor: '', editorVersion: '', version: '', plugin: '', os: '', model: '' };

const systems: readonly (readonly [RegExp, string])[] = [
  [/^(?:darwin|mac)/i, 'Mac'],
  [/^win/i, 'Windows'],
  [/^linux/i, 'Linux'],
  [/^cros/i, 'Chrome OS'],
];

const harnesses = new Set(
  (
    'amp chatgpt claude claude-code cline codex codex-cli continue copilot crush cursor-agent devin droid ' +
    'github-copilot-cli goose kilo-code kimi-code kiro mistral-vibe opencode openclaw qoder qwen-code roo-code ' +
    'cody warp windsurf zed'
  ).split(' '),
);

const isHarness = (name: string): boolean =>
  harnesses.has(name) || /-(?:cli|tui)$/.test(name) || /^(?:antigravity|codex)-/.test(name);

/** Plugins for a whole system do not name the editor. */
export const systemPlugins = new Set(['windows', 'linux', 'macos', 'mac']);
/** Libraries that send their own name instead of the program's. */
const libraries = new Map([['KTextEditor', 'kate']]);
const bridges = new Map([['claude-code', 'Claude']]);
const browsers: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:e|A|iOS)?\/([\d.]+)/, 'edge'],
  [/\bOPR\/([\d.]+)/, 'opera'],
  [/\bFirefox\/([\d.]+)/, 'firefox'],
  [/\bChrome\/([\d.]+)/, 'chrome'],
  [/\bSafari\/([\d.]+)/, 'safari'],
];

export function parseUserAgent(text: string): PluginAgent {
  const whole = text.trim();
  if (whole === '') return unknownAgent;
  // A command line always sends its system in parentheses.
  if (/^wakatime\/\S* [^(]*$/.test(whole)) return unknownAgent;
  if (whole.startsWith('Mozilla/')) return browserOf(whole);
  // `HBuilder X/4.56 (Windows_NT 10.0.26100)`: the only editor with a blank in its name.
  const spaced = /^([A-Za-z][\w+-]* [A-Z][\w+-]*)\/(\S+)/.exec(whole);

  const bare = whole.replace(/\([^)]*\)/g, ' ');
  const tokens = (spaced === null ? bare : bare.slice(spaced[0].length)).split(/\s+/).filter((token) => token !== '');
  let plugin = '';
  let version = '';
  let fallback = '';
  let cli = '';
  const candidates: (readonly [string, string])[] = spaced === null ? [] : [[spaced[1] ?? '', spaced[2] ?? '']];
  for (const token of tokens) {
    const slash = token.indexOf('/');
    if (slash === -1) continue;
    const [name, its] = [token.slice(0, slash), token.slice(slash + 1)];
    if (name === 'wakatime') cli = its;
    if (name === '' || name === 'Unknown' || /^wakatime(?:-cli|-ls)?$/.test(name)) continue;
    const of = /^(.+)-wakatime$/.exec(name)?.[1];
    if (of === undefined) {
      candidates.push([libraries.get(name) ?? name, its]);
      continue;
    }
    [plugin, version] = [name, its];
    if (!systemPlugins.has(of)) fallback = bridges.get(of) ?? of;
  }
  const [first, second] = candidates;
  const harness = candidates.find(([name]) => isHarness(name.toLowerCase()));
  // A model stands before the harness or editor that runs it.
  const hasModel =
    (plugin !== '' || cli !== '') &&
    first !== undefined &&
    second !== undefined &&
    first !== harness &&
    first[0].toLowerCase() !== fallback.toLowerCase();
  const [name, editorVersion] = harness ?? (hasModel ? second : first) ?? [fallback, ''];
  const model = hasModel ? first[0] : '';
  // For browsers and some editors only the plugin names the editor.
  const editor = fallback !== '' && name.toLowerCase() === fallback.toLowerCase() ? fallback : name;
  if (editor === '' && plugin === '') return { ...browserOf(whole), version: cli };
  return { editor, editorVersion, version: version || cli, plugin, os: systemOf(whole), model };
}

function systemOf(text: string): string {
  if (text.includes('-WSL2-') || /-WSL2\b/.test(text)) return 'WSL';
  const inside = /\(([^)]*)/.exec(text)?.[1];
  const bare = text
    .split(/\s+/)
    .find((token) => /^(?:linux|mac|darwin|win)[a-z]*[_-]\S+$/i.test(token) && !token.includes('/'));
  // An unknown system keeps its own name.
  const [, other = ''] = /^(?:wakatime\/\S* \(|\S+\/\S+ (?=[a-z]+[_-][^/\s]+(?:\s|$)))([a-z]+)/i.exec(text) ?? [];
  return (
    systemNamed(inside) || systemNamed(bare) || systemNamed(other) || other.charAt(0).toUpperCase() + other.slice(1)
  );
}

function systemNamed(text: string | undefined): string {
  return systems.find(([form]) => form.test(text ?? ''))?.[1] ?? '';
}

/** Parses a browser's User-Agent. Extensions append their own name. */
function browserOf(text: string): PluginAgent {
  const [plugin = '', of = '', its] = /\b((\w+)-wakatime)\/(\S+)/.exec(text)?.slice(1) ?? [];
  const [form, name] = browsers.find(([known]) => known.test(text)) ?? [undefined, ''];
  const editorVersion = form?.exec(text)?.[1] ?? '';
  const named = /Windows/.test(text) ? 'Windows' : /Mac OS/.test(text) ? 'Mac' : /Linux|X11/.test(text) ? 'Linux' : '';
  const os = named || systemOf(text);
  return { editor: of || name, editorVersion, version: its ?? editorVersion, plugin, os, model: '' };
}
