import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { findProcess, signal } from './signal.js';

/** Signal 0 would ask only: SIGCONT harms nobody either, should one of these get through. */
test.each([[0], ['0'], [''], [undefined], [Number.NaN], [-1], ['-1'], [1], [1.5], ['12 13'], ['x'], [process.pid]])(
  '%j is no process to signal',
  (pid) => {
    expect(() => signal(pid, 'SIGCONT')).toThrow('there is no such process to signal');
  },
);

test('a process is found by its command line, ended, and found no more', async () => {
  const mark = `kilofed-signal-test-${process.pid}`;
  const child = spawn(process.execPath, ['--eval', 'setInterval(() => undefined, 1000)', mark], { stdio: 'ignore' });
  await once(child, 'spawn');
  const pid = findProcess(mark);
  expect(pid).toBe(String(child.pid));
  const exit = once(child, 'exit');
  expect(signal(pid, 'SIGKILL')).toBe(true);
  expect(await exit).toEqual([null, 'SIGKILL']);
  expect(signal(pid, 'SIGKILL')).toBe(false);
  expect(() => findProcess(mark)).toThrow(`0 processes have "${mark}"`);
});
