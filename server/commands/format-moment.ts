// Times as the commands print them.

/** @param ms milliseconds since 1970; null prints as never */
export function formatMoment(ms: number | null): string {
  return ms === null ? 'never' : `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
