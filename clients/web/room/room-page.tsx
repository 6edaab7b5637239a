// The whole room page: its parts and its keys. use-room.ts has its state.

import { useState } from 'preact/hooks';
import { KeysDialog, useKeys } from '../shared/keyboard.tsx';
import { Alarm } from './alarm.tsx';
import { Alerts } from './alerts.tsx';
import { words } from './connection.ts';
import { Controls } from './controls.tsx';
import { Dial } from './dial.tsx';
import { GoalCard } from './goal.tsx';
import { Past } from './history.tsx';
import { type Action, actionOf, keys } from './keys.ts';
import { Share } from './share.tsx';
import { type RoomModel, runAction, useRoom } from './use-room.ts';

export interface RoomPageProps {
  readonly name: string;
  /** The hub's address, with a trailing slash. */
  readonly url: string;
  readonly icon: string;
}

export function RoomPage({ name, url, icon }: RoomPageProps) {
  const room = useRoom(name, icon);
  const [keysShown, showKeys] = useState(false);
  const [large, setLarge] = useState(false);
  useKeys(actionOf, (action: Action) => {
    if (action === 'keys') showKeys(true);
    else if (action === 'large') setLarge(!large);
    else runAction(room, action);
  });
  const { link } = room.live;
  const refused = link.state === 'refused' && link.status !== 404;
  return (
    <>
      <Head name={name} url={url} room={room} showKeys={() => showKeys(true)} />
      {refused ? (
        <Admission known={room.settings.token !== ''} enter={room.enter} />
      ) : (
        <div class="room-body">
          {room.alarm !== undefined && (
            <Alarm
              entry={room.alarm}
              startNext={room.startNext}
              extend={room.extend}
              startBreak={() => room.start('break', room.minutes.break)}
              silence={room.silence}
            />
          )}
          <Stage room={room} large={large} setLarge={setLarge} />
          <div class="column">
            <GoalCard goal={room.live.room.goal} set={room.setGoal} remove={room.deleteGoal} />
            <Past live={room.live} />
          </div>
          <div class="column">
            <Alerts sound={room.sound} icon={icon} setSound={room.setSound} setMelody={room.setMelody} />
            <Share name={name} url={url} />
          </div>
        </div>
      )}
      <p class="unseen" id="announcement" aria-live="polite">
        {room.announcement}
      </p>
      <KeysDialog keys={keys} open={keysShown} close={() => showKeys(false)} button="primary" />
    </>
  );
}

function Head({ name, url, room, showKeys }: { name: string; url: string; room: RoomModel; showKeys: () => void }) {
  const { link } = room.live;
  const { state, detail } = words(link, performance.now(), navigator.onLine);
  return (
    <div class="room-head">
      <h1>
        <a href={url + name}>#{name}</a>
      </h1>
      <p class="link" data-state={link.state}>
        <span class="dot" aria-hidden="true" />
        <output>{state}</output>
        {detail}
      </p>
      <button type="button" class="keys-button" aria-keyshortcuts="?" onClick={showKeys}>
        Keys <kbd>?</kbd>
      </button>
    </div>
  );
}

/** The clock and its controls. In the large view only the clock is shown, over the whole window. */
function Stage({ room, large, setLarge }: { room: RoomModel; large: boolean; setLarge: (large: boolean) => void }) {
  return (
    <div class={large ? 'stage large' : 'stage'}>
      <div class="dial-column">
        <Dial live={room.live} alarmed={room.alarm !== undefined} />
        <button
          type="button"
          id="large-button"
          aria-pressed={large}
          aria-keyshortcuts="F"
          onClick={() => setLarge(!large)}
        >
          {large ? 'Back' : 'Large view'}
        </button>
      </div>
      <Controls
        live={room.live}
        user={room.settings.user}
        minutes={room.minutes}
        problem={room.problem}
        start={room.start}
        stop={room.stop}
        extend={room.extend}
        startFor={room.startFor}
        setUser={room.setUser}
        setMinutes={room.setMinutes}
      />
    </div>
  );
}

/** For rooms of members: asks for the token once; this browser keeps it. */
function Admission({ known, enter }: { known: boolean; enter: (token: string) => void }) {
  const [typed, setTyped] = useState('');
  return (
    <section class="card admission">
      <h2>Sign in</h2>
      <p>
        {known ? (
          'The token in this browser does not open this room. Paste another one.'
        ) : (
          <>
            This room is for members. Paste your token: <code>horai token create</code> prints one. This browser
            remembers it.
          </>
        )}
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          enter(typed.trim());
        }}
      >
        <label for="token-input">Token</label>
        <input
          id="token-input"
          type="password"
          autocomplete="current-password"
          required
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <div class="buttons">
          <button type="submit" class="primary">
            Sign in
          </button>
          {known && (
            <button type="button" onClick={() => enter('')}>
              Sign out
            </button>
          )}
        </div>
      </form>
    </section>
  );
}
