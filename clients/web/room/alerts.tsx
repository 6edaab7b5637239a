// The settings for sound and notifications: the state of each in words, and a button to test it.

import { useState } from 'preact/hooks';
import type { RoomTexts } from '../languages/room.ts';
import { askPermission, notify, permission } from '../shared/notifications.ts';
import { isMelodyName, type MelodyName, melodyNames, type Sound } from './sound.ts';

export interface AlertsProps {
  readonly texts: RoomTexts;
  readonly sound: Sound;
  readonly icon: string;
  readonly setSound: (on: boolean) => void;
  readonly setMelody: (name: MelodyName) => void;
}

export function Alerts({ sound, icon, setSound, setMelody, texts: { text } }: AlertsProps) {
  const [allowed, setAllowed] = useState(permission());
  const [testResult, setTestResult] = useState('');
  const test = async () => {
    const isPlayed = await sound.play('turn');
    setTestResult(text(isPlayed ? 'room.played' : 'room.not-played'));
  };
  return (
    <section class="card alerts">
      <h2>{text('room.alerts')}</h2>
      <div class="setting">
        <label class="switch">
          <input
            type="checkbox"
            id="audio-speaker"
            checked={sound.on}
            disabled={sound.state === 'unsupported'}
            onChange={(event) => setSound(event.currentTarget.checked)}
          />
          <span>{text('room.sound')}</span>
        </label>
        <button type="button" id="audio-test" disabled={!sound.on} onClick={() => void test()}>
          {text('room.test')}
        </button>
        <label class="melody">
          <span class="unseen">{text('room.melody')}</span>
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
          {sound.on && testResult !== '' ? testResult : text(`room.sound-${sound.state}`)}
        </p>
      </div>
      <div class="setting">
        <span>{text('room.notifications')}</span>
        {allowed === 'default' && (
          <button type="button" onClick={() => void askPermission().then(setAllowed)}>
            {text('room.allow')}
          </button>
        )}
        {allowed === 'granted' && (
          <button type="button" onClick={() => notify(text('room.test-title'), text('room.test-body'), icon)}>
            {text('room.test')}
          </button>
        )}
        <p class="soft">{text(`room.notify-${allowed}`)}</p>
      </div>
    </section>
  );
}
