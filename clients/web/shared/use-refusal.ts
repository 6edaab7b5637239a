// Why the hub refuses a page's connection, while it is offline.

import { useEffect, useState } from 'preact/hooks';
import { askWhyRefused } from './refusal.ts';

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
