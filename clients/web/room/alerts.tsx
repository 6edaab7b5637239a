// The settings for sound and notifications: the state of each in words, and a button to test it.

import { useState } from 'preact/hooks';
import { askPermission, notify, type Permission, permission } from '../shared/notifications.ts';
import { isMelodyName, type MelodyName, melodyNames, type Sound, type SoundState } from './sound.ts';

const soundWords: Readonly<Record<SoundState, string>> = {
  off: 'Off: this page is silent.',
  untouched: 'On. The browser waits for a click anywhere on this page.',
  ready: 'On: you hear the end of a turn.',
  unsupported: 'This browser cannot play sounds.',
};

const permissionWords: Readonly<Record<Permission, string>> = {
  default: 'Not allowed yet.',
  granted: 'Allowed: you see the end of a turn.',
  denied: 'Blocked in the browser’s settings for this page.',
  unsupported: 'The browser offers them on https or on the hub’s own machine only.',
};

export interface AlertsProps {
  readonly sound: Sound;
  readonly icon: string;
  readonly setSound: (on: boolean) => void;
  readonly setMelody: (name: MelodyName) => void;
}

export function Alerts({ sound, icon, setSound, setMelody }: AlertsProps) {
  const [allowed, setAllowed] = useState(permission());
  const [testResult, setTestResult] = useState('');
  const test = async () => {
    const isPlayed = await sound.play('turn');
    setTestResult(
      isPlayed
        ? 'Played just now. If you heard nothing, check the volume of this machine.'
        : 'The browser blocked the sound.',
    );
  };
  return (
    <section class="card alerts">
      <h2>Alerts</h2>
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
        <label class="melody">
          <span class="unseen">Sound at the end of a turn</span>
          <select
            id="audio-melody"
            value={sound.melody}
            disabled={!sound.on}
            onChange={(event) => {
              const name = event.currentTarget.value;
              if (isMelodyName(name)) setMelody(name);
            }}
          >
            {melodyNames.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <p class="soft" id="audio-state" data-state={sound.state}>
          {sound.on && testResult !== '' ? testResult : soundWords[sound.state]}
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
          <button type="button" onClick={() => notify('A test', 'The end of a turn looks like this.', icon)}>
            Test
          </button>
        )}
        <p class="soft">{permissionWords[allowed]}</p>
      </div>
    </section>
  );
}
