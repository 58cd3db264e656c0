import { expect, test } from '@jest/globals';
import { createHandClock, SILENT, type HandClock } from '../test/host/handClock.js';
import { createDriftListener } from './driftListener.js';
import type { MonitorListener } from './host/monitor.js';

/** When the host was looked at, milliseconds, of what happens in `story`. */
async function looks(ms: number, story: (listener: MonitorListener, clock: HandClock) => Promise<void> | void): Promise<readonly number[]> {
  const clock = createHandClock();
  const found: number[] = [];
  const listener = createDriftListener({
    clock,
    log: SILENT,
    invalidate: () => void found.push(clock.now()),
    requestReconcile: () => undefined,
  });
  await story(listener, clock);
  await clock.advance(ms);
  return found;
}

const every =
  (ms: number, times: number, act: (listener: MonitorListener) => void) =>
  async (listener: MonitorListener, clock: HandClock): Promise<void> => {
    for (let time = 0; time < times; time += 1) {
      act(listener);
      await clock.advance(ms);
    }
  };

test.each<[string, (listener: MonitorListener, clock: HandClock) => Promise<void> | void, readonly number[]]>([
  ['what somebody removes, at once', (listener) => listener.lost(false), [0]],
  ['ever more slowly, where somebody keeps removing', every(5000, 4, (listener) => listener.lost(false)), [0, 5250, 10_500, 16_000]],
  ['at once again, after a calm minute', every(61_000, 2, (listener) => listener.lost(false)), [0, 61_000]],
  ['a second after changes of our own, when something went meanwhile', (listener) => listener.lost(true), [1000]],
])('the host is looked at for %s', async (_what, story, expected) => {
  expect(await looks(20_000, story)).toEqual(expected);
});

test('the host is looked at for a changed underlay when that has settled, and once a second while it keeps changing', async () => {
  expect(
    await looks(
      5000,
      every(100, 30, (listener) => listener.underlayChanged()),
    ),
  ).toEqual([150, 1150, 2150, 3150]);
});
