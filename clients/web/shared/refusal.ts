// Explains why the hub refuses every request of this page: its host name or its origin is not configured. The hub's answer contains the
// configuration to add.

/** @returns a sentence for people; '' if the hub does not refuse the page itself */
export async function explainRefusal(response: Response): Promise<string> {
  if (response.status !== 403 && response.status !== 421) return '';
  try {
    const answer: unknown = await response.clone().json();
    if (typeof answer !== 'object' || answer === null || !('code' in answer)) return '';
    if (answer.code !== 'origin' && answer.code !== 'host') return '';
    const hint = 'hint' in answer && typeof answer.hint === 'string' ? `: ${answer.hint}` : '';
    return `The hub does not talk to this page${hint}.`;
  } catch {
    return '';
  }
}

/** Asks the hub whether it refuses this page, because a browser does not show why a WebSocket was refused. */
export async function askWhyRefused(): Promise<string> {
  try {
    // A browser sends the page's origin with every POST. This path has no POST route, so a hub that does not refuse the page answers 405.
    const response = await fetch('/-/clock', { method: 'POST' });
    const configuration = await explainRefusal(response);
    if (configuration !== '' || response.status !== 405) return configuration;
    return 'The hub answers, but WebSockets do not get through: the proxy in front of it has to pass on Upgrade (docs/proxies.md).';
  } catch {
    return '';
  }
}
