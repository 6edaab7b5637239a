// The sounds of the page, made of a few sine waves, without files or requests. A browser lets a page play sound only after a click or a key.
// So the audio context is created then, and `state` tells the page what is missing.

import type { Kind } from './sse-protocol.ts';

export type SoundState = 'off' | 'untouched' | 'ready' | 'unsupported';

type Melody = readonly (readonly [number, number])[];

export const melodyNames = ['chime', 'bell', 'beeps', 'knock'] as const;
export type MelodyName = (typeof melodyNames)[number];

/** The chime: semitones over A4 and seconds from the start. A turn's end rises, a break's end falls. */
const chime: Readonly<Record<Kind, Melody>> = {
  turn: [
    [3, 0],
    [7, 0.18],
    [10, 0.36],
    [15, 0.54],
    [10, 1.1],
    [15, 1.28],
  ],
  break: [
    [10, 0],
    [7, 0.25],
    [3, 0.5],
    [3, 1.1],
  ],
};

/** The other melodies are the same for turns and breaks. */
const melodies: Readonly<Record<Exclude<MelodyName, 'chime'>, Melody>> = {
  bell: [
    [0, 0],
    [0, 0.9],
    [0, 1.8],
  ],
  beeps: [
    [19, 0],
    [19, 0.15],
    [19, 0.3],
    [19, 0.9],
    [19, 1.05],
    [19, 1.2],
  ],
  knock: [
    [-17, 0],
    [-17, 0.14],
    [-12, 0.28],
    [-17, 0.9],
    [-12, 1.04],
  ],
};

export function isMelodyName(text: string): text is MelodyName {
  return melodyNames.some((name) => name === text);
}

export class Sound {
  melody: MelodyName = 'chime';
  #context: AudioContext | undefined;
  #on: boolean;
  #changed: () => void;

  constructor(on: boolean, changed: () => void) {
    this.#on = on;
    this.#changed = changed;
    for (const touch of ['pointerdown', 'keydown']) addEventListener(touch, () => this.#onTouch(), { capture: true });
  }

  get state(): SoundState {
    if (typeof AudioContext === 'undefined') return 'unsupported';
    if (!this.#on) return 'off';
    return this.#context?.state === 'running' ? 'ready' : 'untouched';
  }

  set on(on: boolean) {
    this.#on = on;
    this.#onTouch();
    this.#changed();
  }

  get on(): boolean {
    return this.#on;
  }

  /** Plays the sound once. @returns false if the browser blocked it */
  async play(kind: Kind): Promise<boolean> {
    const context = this.#context;
    if (context === undefined) return false;
    if (context.state !== 'running') await context.resume().catch(() => undefined);
    if (context.state !== 'running') return false;
    const start = context.currentTime + 0.02;
    const whole = new GainNode(context, { gain: 0.4 });
    whole.connect(context.destination);
    const notes = this.melody === 'chime' ? chime[kind] : melodies[this.melody];
    for (const [semitones, after] of notes) bell(context, whole, 440 * 2 ** (semitones / 12), start + after);
    return true;
  }

  #onTouch(): void {
    if (!this.#on || typeof AudioContext === 'undefined') return;
    if (this.#context === undefined) {
      this.#context = new AudioContext();
      this.#context.addEventListener('statechange', () => this.#changed());
    }
    if (this.#context.state !== 'running') void this.#context.resume().catch(() => undefined);
  }
}

/** One struck note: the tone and, quieter and shorter, its third partial. */
function bell(context: AudioContext, into: AudioNode, frequency: number, at: number): void {
  for (const [partial, loudness, length] of [
    [1, 0.5, 1.4],
    [3, 0.08, 0.5],
  ] as const) {
    const tone = new OscillatorNode(context, { frequency: frequency * partial });
    const shape = new GainNode(context, { gain: 0 });
    shape.gain.setValueAtTime(0, at);
    shape.gain.linearRampToValueAtTime(loudness, at + 0.012);
    shape.gain.exponentialRampToValueAtTime(0.0001, at + length);
    tone.connect(shape).connect(into);
    tone.start(at);
    tone.stop(at + length);
  }
}
