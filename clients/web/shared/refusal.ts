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
