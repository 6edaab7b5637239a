// Installs the service worker, where the browser has them: on https, and on this machine's own addresses.

import { pathTo } from '../shared/address.ts';

export function registerServiceWorker(): void {
  if (!('serviceWorker' in navigator)) return;
  navigator.serviceWorker.register(pathTo('/service-worker.js'), { updateViaCache: 'none' }).catch(() => undefined);
}
