// The words for the state of the connection to the hub.

import type { ConnectionState } from '../../typescript/index.ts';

/** @param pending writes that the hub has not answered */
export function words(state: ConnectionState, pending: number): { readonly state: string; readonly detail: string } {
  const waiting = pending === 0 ? '' : `${pending} ${pending === 1 ? 'change waits' : 'changes wait'}`;
  switch (state.name) {
    case 'live':
      return { state: 'Live', detail: waiting };
    case 'offline':
      return { state: 'Offline', detail: waiting === '' ? 'your changes are stored here and sent later' : waiting };
    case 'revoked':
      return { state: 'Not admitted', detail: waiting };
    default:
      return { state: 'Connecting', detail: waiting };
  }
}
