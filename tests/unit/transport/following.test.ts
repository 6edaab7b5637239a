// The guarantees for followers on every transport and both engines.

import { following } from '../../contract/following.ts';
import { eventStream, rawTcp, webSocket } from '../../contract/wires.ts';
import { ENGINES } from '../../harness/clients.ts';

for (const engine of ENGINES) {
  following('WebSocket', engine, webSocket);
  following('raw TCP', engine, rawTcp);
  following('an event stream', engine, eventStream);
}
