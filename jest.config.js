// The configuration of jest: one project for each kind of test, as tests/ has them, so that a kind can be chosen with
// `--selectProjects`. `npm test` runs all of them.

/** The configuration that all kinds have in common. */
const shared = {
  testEnvironment: '<rootDir>/tests/harness/environment.js',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.tsx?$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
};

/** @param {string} displayName @param {readonly string[]} folders under tests/ */
const project = (displayName, ...folders) => ({
  ...shared,
  displayName,
  testMatch: folders.map((folder) => `<rootDir>/tests/${folder}/**/*.test.ts`),
});

export default {
  maxWorkers: '100%',
  testTimeout: 60_000,
  // Each file evaluates all modules anew, and the memory of that is not given back: a worker that holds so much is replaced.
  workerIdleMemoryLimit: '1GB',
  projects: [
    // Functions, and single parts of a hub in this process. `npm run test:fast` runs these: some two minutes of processor time.
    project('unit', 'unit'),
    // Other processes (hubs, databases, relays, terminals, shells), and whole hubs with many clients or thousands of messages.
    project('services', 'services', 'contract', 'end-to-end'),
    project('browser', 'browser'),
    project('simulation', 'simulation'),
  ],
};
