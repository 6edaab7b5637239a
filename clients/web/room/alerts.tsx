// How the page calls people back: sound and notifications, each with its state in words and a button to try it.

import { useState } from 'preact/hooks';
import { askPermission, notify, type Permission, permission } from '../shared/notifications.ts';
import type { Sound, SoundState } from './sound.ts';

const soundWords: Readonly<Record<SoundState, string>> = {
  off: 'Off: this page stays silent.',
  untouched: 'On, but the browser waits for a click anywhere on this page.',
  ready: 'On: you hear the end of a turn.',
  unsupported: 'This browser makes no sound.',
};

const permissionWords: Readonly<Record<Permission, string>> = {
  default: 'Not asked yet.',
  granted: 'Allowed: you see the end of a turn.',
  denied: 'Blocked in the browser’s settings for this page.',
  unsupported: 'The browser offers them on https or on the hub’s own machine only.',
};

export interface AlertsProps {
  readonly sound: Sound;
  readonly icon: string;
  readonly setSound: (on: boolean) => void;
}

export function Alerts({ sound, icon, setSound }: AlertsProps) {
  const [allowed, setAllowed] = useState(permission());
  const [tried, setTried] = useState('');
  const test = async () => {
    const heard = await sound.play('turn');
    setTried(
      heard
        ? 'Played just now. Nothing heard? Look at the volume of this machine.'
        : 'The browser let nothing through.',
    );
  };
  return (
    <section class="card alerts">
      <h2>Call me back</h2>
      <div class="setting">
        <label class="switch">
          <input
            type="checkbox"
            id="audio-speaker"
            checked={sound.on}
            disabled={sound.state === 'unsupported'}
            onChange={(event) => setSound(event.currentTarget.checked)}
          />
          <span>Sound</span>
        </label>
        <button type="button" id="audio-test" disabled={!sound.on} onClick={() => void test()}>
          Test
        </button>
        <p class="soft" id="audio-state" data-state={sound.state}>
          {sound.on && tried !== '' ? tried : soundWords[sound.state]}
        </p>
      </div>
      <div class="setting">
        <span>Notifications</span>
        {allowed === 'default' && (
          <button type="button" onClick={() => void askPermission().then(setAllowed)}>
            Allow
          </button>
        )}
        {allowed === 'granted' && (
          <button
            type="button"
            onClick={() => notify('This is how it looks', 'The end of a turn comes like this.', icon)}
          >
            Test
          </button>
        )}
        <p class="soft">{permissionWords[allowed]}</p>
      </div>
    </section>
  );
}
