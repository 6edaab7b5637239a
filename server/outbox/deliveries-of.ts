// How each kind of target is sent the changes of a channel.

import type { Hub } from '../core/hub.ts';
import { eventDeliveries } from './activitywatch/event-deliveries.ts';
import { heartbeatDeliveries, webhookDeliveries } from './delivery.ts';
import { type Mailer, mailDeliveries } from './mail.ts';
import type { SendDeps } from './send-target.ts';

/** @param mailer undefined if the hub sends no mail */
export function deliveriesFor(hub: Hub, mailer: Mailer | undefined): SendDeps['deliveries'] {
  return (to, changed) => {
    const { kind } = to.target;
    if (kind === 'webhook') return webhookDeliveries(to, changed);
    if (kind === 'wakatime') return heartbeatDeliveries(to, changed);
    if (kind === 'mail') return mailDeliveries(mailer, to, changed);
    return kind === 'activitywatch' ? eventDeliveries(hub, to, changed) : [];
  };
}
