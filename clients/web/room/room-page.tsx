// The whole room page: its parts and its keys. use-room.ts has its state.

import { useState } from 'preact/hooks';
import type { RoomTexts } from '../languages/room.ts';
import { KeysDialog, useKeys } from '../shared/keyboard.tsx';
import { SignIn } from '../shared/sign-in.tsx';
import { Alarm } from './alarm.tsx';
import { Alerts } from './alerts.tsx';
import { words } from './connection.ts';
import { Controls } from './controls.tsx';
import { Dial } from './dial.tsx';
import { GoalCard } from './goal.tsx';
import { Past } from './history.tsx';
import { type Action, actionOf, keys } from './keys.ts';
import { hereLine } from './room-state.ts';
import { Share } from './share.tsx';
import { type RoomModel, runAction, useRoom } from './use-room.ts';

export interface RoomPageProps {
  readonly name: string;
  /** The hub's address, with a trailing slash. */
  readonly url: string;
  readonly icon: string;
  readonly texts: RoomTexts;
}

export function RoomPage({ name, url, icon, texts }: RoomPageProps) {
  const room = useRoom(name, icon, texts);
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
      <Head texts={texts} name={name} url={url} room={room} showKeys={() => showKeys(true)} />
      {refused ? (
        <SignIn texts={texts} reason="" />
      ) : (
        <div class="room-body">
          {room.alarm !== undefined && (
            <Alarm
              texts={texts}
              entry={room.alarm}
              startNext={room.startNext}
              extend={room.extend}
              startBreak={() => room.start('break', room.minutes.break)}
              silence={room.silence}
            />
          )}
          <Stage texts={texts} room={room} large={large} setLarge={setLarge} />
          <div class="column">
            <GoalCard texts={texts} goal={room.live.room.goal} set={room.setGoal} remove={room.deleteGoal} />
            <Past live={room.live} texts={texts} />
          </div>
          <div class="column">
            <Alerts texts={texts} sound={room.sound} icon={icon} setSound={room.setSound} setMelody={room.setMelody} />
            <Share name={name} url={url} texts={texts} />
          </div>
        </div>
      )}
      <p class="unseen" id="announcement" aria-live="polite">
        {room.announcement}
      </p>
      <KeysDialog
        texts={texts}
        keys={keys.map(({ label, action }) => ({
          label: label === 'space' ? texts.text('room.space') : label,
          does: texts.text(`room.key-${action}`),
        }))}
        open={keysShown}
        close={() => showKeys(false)}
        button="primary"
      />
    </>
  );
}

interface HeadProps {
  readonly texts: RoomTexts;
  readonly name: string;
  readonly url: string;
  readonly room: RoomModel;
  readonly showKeys: () => void;
}

function Head({ name, url, room, showKeys, texts }: HeadProps) {
  const { link } = room.live;
  const here = hereLine(room.live.room.here, texts);
  const { state, detail } = words(link, performance.now(), navigator.onLine, texts);
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
      {link.state === 'live' && here !== '' && (
        <p class="here" id="here">
          {here}
        </p>
      )}
      <button type="button" class="keys-button" aria-keyshortcuts="?" onClick={showKeys}>
        {texts.text('keys')} <kbd>?</kbd>
      </button>
    </div>
  );
}

interface StageProps {
  readonly texts: RoomTexts;
  readonly room: RoomModel;
  readonly large: boolean;
  readonly setLarge: (large: boolean) => void;
}

/** The clock and its controls. In the large view only the clock is shown, over the whole window. */
function Stage({ room, large, setLarge, texts }: StageProps) {
  return (
    <div class={large ? 'stage large' : 'stage'}>
      <div class="dial-column">
        <Dial texts={texts} live={room.live} alarmed={room.alarm !== undefined} />
        <button
          type="button"
          id="large-button"
          aria-pressed={large}
          aria-keyshortcuts="F"
          onClick={() => setLarge(!large)}
        >
          {texts.text(large ? 'room.back' : 'room.large')}
        </button>
      </div>
      <Controls
        texts={texts}
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
