// The thread that compiles and applies the rules of users (run-rules.ts), one task after the other.

import { parentPort } from 'node:worker_threads';
import { errorMessage } from '../../../../protocol/error-message.ts';
import type { FromRuleWorker, RuleTask } from './rule-messages.ts';
import { runRules } from './run-rules.ts';

const say = (message: FromRuleWorker): void => parentPort?.postMessage(message);

parentPort?.on('message', (task: RuleTask) => {
  try {
    say(runRules(task));
  } catch (error) {
    say({ ok: false, error: errorMessage(error) });
  }
});
say('ready');
