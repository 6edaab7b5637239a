// Desktop notifications: whether they are allowed, asking for permission (only after a click), and showing one.

export type Permission = NotificationPermission | 'unsupported';

/** Browsers offer notifications only on https and on this machine's own addresses. */
export function permission(): Permission {
  return typeof Notification === 'undefined' || !isSecureContext ? 'unsupported' : Notification.permission;
}

export async function askPermission(): Promise<Permission> {
  return permission() === 'default' ? Notification.requestPermission() : permission();
}

/** @param insistent keeps the notification until somebody reacts, and alerts again although its tag is in use */
export function notify(title: string, body: string, icon: string, insistent = false): void {
  if (permission() !== 'granted') return;
  try {
    // `renotify` is missing in TypeScript's types of the DOM.
    const options = { body, icon, tag: 'timer-finished', renotify: insistent, requireInteraction: insistent };
    new Notification(title, options);
  } catch {
    // Chromium on Android has the constructor but refuses to run it.
  }
}
