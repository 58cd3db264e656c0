import { expect, test } from '@jest/globals';
import { runBounded } from './bounded.js';

const never = new AbortController().signal;
const node = (code: string): string[] => [process.execPath, '--eval', code];

test.each([
  ['success', 'process.exit(0)', undefined],
  ['a status', 'process.exit(3)', 'ended with status 3'],
  ['what it does to its whole group', "process.kill(0, 'SIGKILL')", 'was killed by SIGKILL'],
])('%s is told', async (_, code, how) => {
  expect(await runBounded(node(code), { limitMs: 60_000, signal: never })).toBe(how);
});

test('a program that is not there', async () => {
  expect(await runBounded(['/nowhere/program'], { limitMs: 60_000, signal: never })).toMatch(/^could not be started: .*ENOENT/);
});

test('what takes too long is killed', async () => {
  expect(await runBounded(node('setInterval(() => undefined, 1000)'), { limitMs: 60, signal: never })).toBe('was killed after 0.001 min');
});

test('an interruption ends it', async () => {
  const controller = new AbortController();
  const ended = runBounded(node('setInterval(() => undefined, 1000)'), { limitMs: 60_000, signal: controller.signal });
  controller.abort();
  expect(await ended).toBe('was interrupted');
});
