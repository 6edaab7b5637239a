// The state of the room page as one hook: the live room, the settings, the alarm, and the effects of buttons and keys. It draws nothing.

import { useEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks';
import type { RoomTexts } from '../languages/room.ts';
import { notify } from '../shared/notifications.ts';
import { readStoredSettings, remember, type Settings } from '../shared/settings.ts';
import { useAlarm } from './alarm.tsx';
import type { Action } from './keys.ts';
import { LiveRoom } from './live-room.ts';
import { oneMinuteMore, remainingMs } from './room-state.ts';
import { isMelodyName, type MelodyName, Sound } from './sound.ts';
import type { Entry, Kind } from './sse-protocol.ts';
import { notice, sentence, type TurnMoment } from './turn-events.ts';

/** How long the page shows that a request was refused, in milliseconds. */
const problemMs = 10_000;

/** @param icon address of the icon that notifications show */
export function useRoom(name: string, icon: string, texts: RoomTexts) {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const [settings, setSettings] = useState(readStoredSettings);
  const [problem, setProblem] = useProblem();
  const [announcement, announce] = useState('');
  const [alarm, setAlarm] = useState<Entry>();
  /** True if this page sent the stop: then its user needs no notification. */
  const stopping = useRef(false);
  const onMoment = (moment: TurnMoment, entry: Entry) => {
    announce(sentence(moment, entry, texts));
    if (moment === 'begun' || moment === 'stopped') setAlarm(undefined);
    if (moment === 'over') setAlarm(entry);
    if (moment !== 'over' && moment !== 'stopped') return;
    const { title, body } = notice(moment, entry, texts);
    if (moment === 'over' || !stopping.current) notify(title, body, icon, moment === 'over');
    stopping.current = false;
  };
  const sound = useMemo(() => createSound(() => redraw(0)), []);
  const live = useMemo(() => new LiveRoom({ name, texts, changed: () => redraw(0), moment: onMoment }), [name, icon]);
  useEffect(() => () => live.close(), [live]);
  useAlarm(alarm, sound);
  live.heading = alarm === undefined ? '' : `⏰ ${texts.text('room.time-is-up')}`;
  const connected = live.link.state === 'live';
  useEffect(() => {
    if (connected) setProblem('');
  }, [connected]);

  const set = (changed: Partial<Settings>) => setSettings({ ...settings, ...changed });
  const minutes: Readonly<Record<Kind, number>> = { turn: settings.timer, break: settings.breaktimer };
  return {
    live,
    sound,
    settings,
    minutes,
    problem,
    announcement,
    alarm,
    silence: () => setAlarm(undefined),
    ...requests(live, settings.user, minutes, setProblem, stopping),
    setUser(user: string) {
      remember('user', user);
      set({ user });
    },
    setMinutes(kind: Kind, to: number) {
      const setting = kind === 'turn' ? 'timer' : 'breaktimer';
      remember(setting, String(to));
      set({ [setting]: to });
    },
    setSound(on: boolean) {
      remember('audio', String(on));
      sound.on = on;
    },
    setMelody(melody: MelodyName) {
      remember('melody', melody);
      sound.melody = melody;
      redraw(0);
      void sound.play('turn');
    },
  };
}

export type RoomModel = ReturnType<typeof useRoom>;

/** Runs the action of a key, except the actions that only change the page. */
export function runAction(room: RoomModel, action: Exclude<Action, 'keys' | 'large'>): void {
  const running = remainingMs(room.live.room.current, room.live.now) > 0;
  if (action === 'extend') room.extend();
  else if (action === 'next') room.startNext();
  else if (action === 'start-or-stop' && running) room.stop();
  else if (action === 'break') room.start('break', room.minutes.break);
  else room.start('turn', room.minutes.turn);
}

/** The requests of the page. Each one sets or clears the problem. */
function requests(
  live: LiveRoom,
  user: string,
  minutes: Readonly<Record<Kind, number>>,
  setProblem: (problem: string) => void,
  stopping: { current: boolean },
) {
  const report = (refusal: Promise<string>) => void refusal.then(setProblem);
  const startFor = (person: string) => report(live.start('turn', minutes.turn, person));
  return {
    start: (kind: Kind, length: number) => report(live.start(kind, length, user)),
    startFor,
    startNext: () => startFor(live.room.current?.next.trim() || user),
    extend() {
      const { current } = live.room;
      if (current !== undefined) report(live.start(current.kind, oneMinuteMore(current, live.now), current.user));
    },
    stop() {
      stopping.current = true;
      report(
        live.stop(user).then((refusal) => {
          if (refusal !== '') stopping.current = false;
          return refusal;
        }),
      );
    },
    setGoal: (text: string) => report(live.setGoal(text, user)),
    deleteGoal: () => report(live.deleteGoal(user)),
  };
}

/** A problem disappears by itself. */
function useProblem(): [string, (problem: string) => void] {
  const [problem, setProblem] = useState('');
  useEffect(() => {
    if (problem === '') return undefined;
    const timer = setTimeout(() => setProblem(''), problemMs);
    return () => clearTimeout(timer);
  }, [problem]);
  return [problem, setProblem];
}

function createSound(changed: () => void): Sound {
  const { sound: on, melody } = readStoredSettings();
  const sound = new Sound(on, changed);
  if (isMelodyName(melody)) sound.melody = melody;
  return sound;
}
