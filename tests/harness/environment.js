// The environment of all tests: Node's own, plus an error that lists the open waits when a test exceeds its time limit. waiting.ts
// registers the waits.

import { TestEnvironment as NodeEnvironment } from 'jest-environment-node';

export default class TestEnvironment extends NodeEnvironment {
  /** `performance.now()` at the beginning of the test. */
  #began = 0;

  /** @param {import('jest-circus').Circus.Event} event */
  handleTestEvent(event) {
    if (event.name === 'test_start') this.#began = performance.now();
    if (event.name !== 'test_fn_failure' || !/Exceeded timeout/.test(String(event.error))) return;
    const now = performance.now();
    // An older wait belongs to a reader that an earlier test did not close.
    const waits = [...(this.global.openWaits ?? [])].filter(({ since }) => since >= this.#began);
    const lines = waits.map(({ why, since }) => `- ${why} (${((now - since) / 1_000).toFixed(1)} s)`);
    const error = new Error(`The test was waiting for:\n${lines.join('\n') || '- nothing that the harness knows of'}`);
    error.stack = error.message;
    event.test.errors.push(error);
  }
}
