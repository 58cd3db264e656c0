import { expect, test } from '@jest/globals';
import { createHandClock } from '../../test/host/handClock.js';
import { createIntake } from './intake.js';

/** How many of so many `what` are heard in the first ten seconds. */
async function heard(what: 'event' | 'item' | 'chunk', bytes: number, count: number): Promise<number> {
  const clock = createHandClock();
  const intake = createIntake({ clock, nextTurn: () => undefined });
  let done = 0;
  const listen = async (): Promise<void> => {
    for (; done < count; done += 1) {
      const wait = intake.pace(what, bytes);
      if (wait !== undefined) await wait;
    }
  };
  void listen();
  await clock.advance(10_000);
  return done;
}

test.each<[string, 'event' | 'item' | 'chunk', number, number]>([
  ['3 000 events, and 750 a second', 'event', 100, 10_500],
  ['20 000 items of lists, and 1 000 a second', 'item', 100, 30_000],
  ['32 MiB, and 8 a second', 'chunk', 16 << 10, 7_000],
  ['40 000 small chunks, and 10 000 a second', 'chunk', 1, 140_000],
])(
  'H8: of a member are heard %s',
  async (_title, what, bytes, most) => {
    const count = await heard(what, bytes, most + 10_000);
    expect(Math.abs(count - most)).toBeLessThanOrEqual(most / 100);
  },
  600_000,
);

test('H8: a member that sends more is behind, until it has sent less for a while', async () => {
  const clock = createHandClock();
  const intake = createIntake({ clock, nextTurn: () => undefined });
  const stop = new AbortController();
  const listen = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const wait = intake.pace('event', 100);
      if (wait !== undefined) await wait;
    }
  };
  void listen();
  await clock.advance(5_000);
  expect(intake.behindFor()).toBeGreaterThan(4_900);
  stop.abort();
  await clock.advance(1_000);
  expect(intake.behindFor()).toBe(0);
});
