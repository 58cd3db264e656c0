import { describe, expect, test } from '@jest/globals';
import { createSchedule, type Schedule } from './schedule.js';

describe('choices', () => {
  const settled = (): Schedule => {
    const schedule = createSchedule();
    schedule.takeChoosing(0);
    return schedule;
  };

  test('are made first, then every half second', () => {
    const schedule = createSchedule();
    expect([0, 1, 499, 500, 501, 999, 1000].map((now) => schedule.takeChoosing(now))).toEqual([
      true,
      false,
      false,
      true,
      false,
      false,
      true,
    ]);
  });

  test('are made once for each change', () => {
    const schedule = settled();
    schedule.invalidateChoices();
    expect(schedule.areChoicesInvalid()).toBe(true);
    expect([10, 20].map((now) => schedule.takeChoosing(now))).toEqual([true, false]);
    expect(schedule.areChoicesInvalid()).toBe(false);
  });

  test('are made sooner where somebody asks for it, never later', () => {
    const schedule = settled();
    schedule.chooseBy(150);
    schedule.chooseBy(400);
    expect(schedule.nextChoosing(10)).toBe(150);
    expect([149, 150].map((now) => schedule.takeChoosing(now))).toEqual([false, true]);
    expect(schedule.nextChoosing(150)).toBe(650);
  });

  test('are looked for after half a second where none was ever made', () => {
    expect(createSchedule().nextChoosing(70)).toBe(570);
  });
});

describe('a tick', () => {
  test('is at the earliest moment that was asked for since it was planned', () => {
    const schedule = createSchedule();
    schedule.wakeAt(100);
    schedule.wakeBy(80);
    schedule.wakeBy(90);
    expect(schedule.next()).toBe(80);
    schedule.wakeAt(200);
    expect(schedule.next()).toBe(200);
  });

  test.each<[string, number, number, number, number]>([
    ['when it was planned', 100, 100, 0, 0],
    ['before', 100, 60, 0, 0],
    ['a moment later, with others that were due', 100, 125, 0, 0],
    ['late', 100, 200, 0, 75],
    ['so late that the process was not running', 100, 350, 250, 95],
    ['late after one that was due before the last: by the time since', 10, 350, 300, 95],
  ])('that comes %s', (_when, planned, ...[now, stalled, late]) => {
    const schedule = createSchedule();
    expect(schedule.wake(50)).toBe(0);
    schedule.wakeAt(planned);
    expect([schedule.wake(now), schedule.lateMs()]).toEqual([stalled, late]);
    // It is told once.
    expect(schedule.wake(now)).toBe(0);
  });
});
