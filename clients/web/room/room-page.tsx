// The whole room page: its parts, its keys, and what happens at the moments of a turn.

import { useEffect, useMemo, useReducer, useState } from 'preact/hooks';
import { KeysDialog, useKeys } from '../shared/keyboard.tsx';
import { notify } from '../shared/notifications.ts';
import { remember, remembered } from '../shared/settings.ts';
import { Alerts } from './alerts.tsx';
import { words } from './connection.ts';
import { Controls } from './controls.tsx';
import { Dial } from './dial.tsx';
import { GoalCard } from './goal.tsx';
import { Past } from './history.tsx';
import { type Action, actionOf, keys } from './keys.ts';
import { LiveRoom } from './live-room.ts';
import { left } from './room-state.ts';
import { Share } from './share.tsx';
import { Sound } from './sound.ts';
import type { Kind } from './sse-protocol.ts';
import { notice, sentence } from './turn-events.ts';

export interface RoomPageProps {
  readonly name: string;
  /** The hub's address, with a trailing slash. */
  readonly url: string;
  readonly icon: string;
}

export function RoomPage({ name, url, icon }: RoomPageProps) {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const [settings, setSettings] = useState(remembered);
  const [problem, setProblem] = useState('');
  const [said, say] = useState('');
  const [live, sound] = useMemo(() => {
    const chime = new Sound(remembered().sound, () => redraw(0));
    const room = new LiveRoom({
      name,
      token: () => remembered().token,
      changed: () => redraw(0),
      moment: (moment, entry) => {
        say(sentence(moment, entry));
        if (moment !== 'over' && moment !== 'stopped') return;
        const { title, body } = notice(moment, entry);
        notify(title, body, icon);
        if (chime.on) void chime.play(entry.kind);
      },
    });
    return [room, chime];
  }, [name, icon]);
  useEffect(() => () => live.close(), [live]);

  const { user } = settings;
  const minutes = { turn: settings.timer, break: settings.breaktimer };
  const tried = (answer: Promise<string>) => void answer.then(setProblem);
  const start = (kind: Kind, length: number) => tried(live.start(kind, length, user));
  const stop = () => tried(live.stop(user));

  const [keysShown, showKeys] = useState(false);
  const act = (action: Action) => {
    if (action === 'keys') showKeys(true);
    else if (action === 'start or stop' && left(live.room.current, live.now) > 0) stop();
    else start(action === 'break' ? 'break' : 'turn', action === 'break' ? minutes.break : minutes.turn);
  };
  useKeys(actionOf, act);

  const { link } = live;
  const { state, detail } = words(link, performance.now(), navigator.onLine);
  const refused = link.state === 'refused' && link.status !== 404;
  return (
    <>
      <div class="room-head">
        <h1>
          <a href={`/${name}`}>#{name}</a>
        </h1>
        <p class="link" data-state={link.state}>
          <span class="dot" aria-hidden="true" />
          <output>{state}</output>
          {detail}
        </p>
        <button type="button" class="keys-button" aria-keyshortcuts="?" onClick={() => showKeys(true)}>
          Keys <kbd>?</kbd>
        </button>
      </div>
      {refused ? (
        <Admission
          known={settings.token !== ''}
          enter={(token) => {
            remember('token', token);
            setSettings({ ...settings, token });
            live.wake();
          }}
        />
      ) : (
        <div class="room-body">
          <div class="stage">
            <Dial live={live} />
            <Controls
              live={live}
              user={user}
              minutes={minutes}
              problem={problem}
              start={start}
              stop={stop}
              setUser={(to) => {
                remember('user', to);
                setSettings({ ...settings, user: to });
              }}
              setMinutes={(kind, to) => {
                const setting = kind === 'turn' ? 'timer' : 'breaktimer';
                remember(setting, String(to));
                setSettings({ ...settings, [setting]: to });
              }}
            />
          </div>
          <div class="column">
            <GoalCard
              goal={live.room.goal}
              set={(text) => tried(live.setGoal(text, user))}
              remove={() => tried(live.deleteGoal(user))}
            />
            <Past live={live} />
          </div>
          <div class="column">
            <Alerts
              sound={sound}
              icon={icon}
              setSound={(on) => {
                remember('audio', String(on));
                sound.on = on;
              }}
            />
            <Share name={name} url={url} />
          </div>
        </div>
      )}
      <p class="unseen" id="announcement" aria-live="polite">
        {said}
      </p>
      <KeysDialog keys={keys} open={keysShown} close={() => showKeys(false)} button="primary" />
    </>
  );
}

/** For rooms of members: asks for the token once; this browser keeps it. */
function Admission({ known, enter }: { known: boolean; enter: (token: string) => void }) {
  const [typed, setTyped] = useState('');
  return (
    <section class="card admission">
      <h2>For members only</h2>
      <p>
        {known ? (
          'The token this browser knows does not open this room. Paste another one.'
        ) : (
          <>
            Paste your token to come in: <code>horai token create</code> prints one. This browser will remember it.
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
            Come in
          </button>
          {known && (
            <button type="button" onClick={() => enter('')}>
              Forget the token
            </button>
          )}
        </div>
      </form>
    </section>
  );
}
