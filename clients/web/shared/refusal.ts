// Why the hub refuses this page as a page, whatever it asks for: its name or its origin is not configured. The hub's answer has the
// lines of configuration that mend it.

/** @returns a sentence for people; '' if the answer is about something else */
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

/** Asks the hub whether it talks to this page: for a WebSocket, which is refused without a reason. */
export async function askWhyRefused(): Promise<string> {
  try {
    // Any POST has the page's origin; the path is never a POST's, so that a hub that does talk says 405.
    const response = await fetch('/-/clock', { method: 'POST' });
    const configuration = await explainRefusal(response);
    if (configuration !== '' || response.status !== 405) return configuration;
    return 'The hub answers, but WebSockets do not get through: the proxy in front of it has to pass on Upgrade (docs/proxies.md).';
  } catch {
    return '';
  }
}
