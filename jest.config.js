/** Jest runs what the compiler emitted: the tests see the very code that ships, and nothing is transformed twice. */
export default {
  rootDir: 'out',
  testEnvironment: 'node',
  transform: {},
  testMatch: ['**/*.test.js'],
  maxWorkers: 2,
};
