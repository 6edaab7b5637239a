// Notifications of this browser: on or off, and one to try them out. The hub sends them by the browser's push service.

import { useEffect, useState } from 'preact/hooks';
import type { Texts } from '../languages/languages.ts';
import { ask } from '../shared/ask.ts';

const isSupported = 'serviceWorker' in navigator && 'PushManager' in globalThis;

export function NotifyMe({ texts }: { texts: Texts }) {
  const [isOn, setOn] = useState(false);
  const [message, setMessage] = useState('');
  useEffect(() => {
    if (isSupported) void current().then((subscription) => setOn(subscription !== null));
  }, []);
  if (!isSupported) return <p class="hint">{texts.text('notify.unsupported')}</p>;
  const change = async (wanted: boolean) => {
    const problem = wanted ? await subscribe(texts) : await unsubscribe();
    setMessage(problem);
    setOn((await current()) !== null);
  };
  const test = async () => {
    const sent = await ask<{ readonly sent: number }>('POST', '/-/push/test');
    setMessage(sent.ok ? texts.text('notify.sent', { count: sent.value.sent }) : sent.reason);
  };
  return (
    <>
      <div class="switches">
        <label>
          <input
            type="checkbox"
            name="notify"
            checked={isOn}
            onChange={({ currentTarget }) => void change(currentTarget.checked)}
          />{' '}
          {texts.text('notify.me')}
        </label>
      </div>
      {isOn && (
        <p class="buttons">
          <button type="button" onClick={() => void test()}>
            {texts.text('notify.test')}
          </button>
        </p>
      )}
      <output>{message}</output>
    </>
  );
}

async function current(): Promise<PushSubscription | null> {
  const registration = await navigator.serviceWorker.getRegistration();
  return (await registration?.pushManager.getSubscription()) ?? null;
}

/** @returns why it failed; '' if it did not */
async function subscribe(texts: Texts): Promise<string> {
  if ((await Notification.requestPermission()) !== 'granted') return texts.text('notify.refused');
  const known = await ask<{ readonly key: string }>('GET', '/-/push');
  if (!known.ok) return known.reason;
  try {
    const registration = await navigator.serviceWorker.ready;
    const options = { userVisibleOnly: true, applicationServerKey: known.value.key };
    const subscription = await registration.pushManager.subscribe(options);
    const { endpoint, keys } = subscription.toJSON();
    const ring = { title: texts.text('notify.ring'), body: texts.text('notify.ring-body') };
    const goal = { title: texts.text('notify.goal'), body: '{desc}' };
    const content = { title: texts.text('notify.title'), body: texts.text('notify.body'), ring, goal };
    const stored = await ask('POST', '/-/push', { endpoint, keys, texts: content });
    if (!stored.ok) await subscription.unsubscribe();
    return stored.ok ? '' : stored.reason;
  } catch (error) {
    return String(error);
  }
}

async function unsubscribe(): Promise<string> {
  const subscription = await current();
  if (subscription === null) return '';
  await subscription.unsubscribe();
  const ended = await ask('DELETE', '/-/push', { endpoint: subscription.endpoint });
  return ended.ok ? '' : ended.reason;
}
