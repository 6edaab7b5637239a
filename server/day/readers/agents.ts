// Which programs are agents rather than editors that a person types in ([Y7]). An editor that calls its heartbeats AI coding is none: the
// input of its device decides there.

/** Programs that act on their own between two turns of a person, in lower case, as user agents, clients and buckets name them. */
const agentNames: ReadonlySet<string> = new Set(
  (
    'aider amp claude claude-code claudecode codex codex-cli crush cursor-agent devin droid gemini gemini-cli goose kimi-code kimi-cli ' +
    'mistral-vibe openclaw opencode openhands qwen-code qoder-cli copilot-cli github-copilot-cli'
  ).split(' '),
);

/**
 * The agent that a name means.
 * @param name of an editor, plugin, client or bucket: `Claude`, `claude-code-wakatime`, `aw-watcher-codex`
 */
export function agentOf(name: string): string | undefined {
  const plain = name
    .toLowerCase()
    .replace(/^aw-watcher-/, '')
    .replace(/-wakatime$/, '');
  if (plain === 'claude' || plain === 'claudecode') return 'claude-code';
  return agentNames.has(plain) ? plain : undefined;
}

/** True if a bucket's type says that its events are an agent's. */
export function isAgentType(type: string): boolean {
  return /^(?:app\.)?(?:ai\.)?agent(?:\.|$)/.test(type);
}

/** Categories by which editors say that an AI wrote. */
export function isAiCategory(category: string): boolean {
  return category.toLowerCase() === 'ai coding';
}
