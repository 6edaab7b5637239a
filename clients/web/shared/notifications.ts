// Desktop notifications: whether they are allowed, asking for permission (only after a click), and showing one.

export type Permission = NotificationPermission | 'unsupported';

/** Browsers offer notifications only on https and on this machine's own addresses. */
export function permission(): Permission {
  return typeof Notification === 'undefined' || !isSecureContext ? 'unsupported' : Notification.permission;
}

export async function askPermission(): Promise<Permission> {
  return permission() === 'default' ? Notification.requestPermission() : permission();
}

export function notify(title: string, body: string, icon: string): void {
  if (permission() !== 'granted') return;
  try {
    new Notification(title, { body, icon, tag: 'timer-finished' });
  } catch {
    // Chromium on Android has the constructor but refuses to run it.
  }
}
