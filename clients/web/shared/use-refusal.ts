// Why the hub refuses a page's connection, while it is offline.

import { useEffect, useState } from 'preact/hooks';
import { pathTo } from './address.ts';
import { explainRefusal } from './refusal.ts';

/** @returns '' if the hub does not refuse it */
export function useRefusal(isOffline: boolean): string {
  const [refusal, setRefusal] = useState('');
  useEffect(() => {
    let isCurrent = true;
    if (isOffline) {
      void askWhyRefused().then((reason) => {
        if (isCurrent) setRefusal(reason);
      });
    } else setRefusal('');
    return () => {
      isCurrent = false;
    };
  }, [isOffline]);
  return refusal;
}

/** Asks the hub whether it refuses this page, because a browser does not show why a WebSocket was refused. */
async function askWhyRefused(): Promise<string> {
  try {
    // A browser sends the page's origin with every POST. This path has no POST route, so a hub that does not refuse the page answers 405.
    const response = await fetch(pathTo('/-/clock'), { method: 'POST' });
    const configuration = await explainRefusal(response);
    if (configuration !== '' || response.status !== 405) return configuration;
    return 'The hub answers, but WebSockets do not get through: the proxy in front of it has to pass on Upgrade (docs/proxies.md).';
  } catch {
    return '';
  }
}
