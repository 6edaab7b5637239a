// Runs a program of the person in the foreground, with the streams of this process.

import { constants } from 'node:os';
import { errorCode } from '../../../protocol/error-message.ts';

/** Conventions of shells. */
const notFoundCode = 127;
const notRunnableCode = 126;
const signalBase = 128;

export interface ProcessRequest {
  /** The program and its arguments. */
  readonly words: readonly string[];
  /** Variables in addition to those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Its standard input; that of this process if it is left out. */
  readonly input?: string;
}

/**
 * Runs a program until it ends. Ctrl-C reaches the program too, so this process waits for it instead of ending.
 * @returns its exit code; 128 and the number of the signal that ended it; 127 if there is no such program, 126 if it cannot be run
 */
export function runProcess({ words, env, input }: ProcessRequest): Promise<number> {
  const { spawn } = process.getBuiltinModule('node:child_process');
  const [program = '', ...args] = words;
  const ignore = () => undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, ignore);
  return new Promise<number>((resolve) => {
    const child = spawn(program, args, {
      stdio: [input === undefined ? 'inherit' : 'pipe', 'inherit', 'inherit'],
      env: { ...process.env, ...env },
    });
    child.on('error', (error) => resolve(errorCode(error) === 'ENOENT' ? notFoundCode : notRunnableCode));
    child.on('close', (code, signal) =>
      resolve(code ?? signalBase + (signal === null ? 0 : constants.signals[signal])),
    );
    // A program may end without reading its input.
    child.stdin?.on('error', ignore);
    child.stdin?.end(input);
  }).finally(() => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, ignore);
  });
}
