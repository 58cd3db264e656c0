/** Jest runs what the compiler emitted: the tests see the very code that ships, and nothing is transformed twice. */
export default {
  rootDir: 'out',
  testEnvironment: 'node',
  transform: {},
  testMatch: ['**/*.test.js'],
  maxWorkers: 2,
  // What modules leave behind in a worker is not freed (jestjs/jest#7874), and one of gigabytes collects garbage for most of its time.
  workerIdleMemoryLimit: '800MB',
  // A machine that has much else to do: what hangs is found late, and nothing else fails.
  testTimeout: 30_000,
};
