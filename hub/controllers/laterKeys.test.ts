import { expect, test } from '@jest/globals';
import { createHandClock, type HandClock } from '../../test/host/handClock.js';
import { createLaterKeys, type LaterKeys } from './laterKeys.js';
import { createRestingDataPath, type RestingDataPath } from './restingDataPath.js';

interface World {
  readonly clock: HandClock;
  readonly dataPath: RestingDataPath;
  readonly passed: string[];
  readonly later: LaterKeys;
}

function worldOf(): World {
  const clock = createHandClock();
  const dataPath = createRestingDataPath(clock);
  const passed: string[] = [];
  return { clock, dataPath, passed, later: createLaterKeys({ clock, untilRest: dataPath.untilRest, pass: (key) => passed.push(key) }) };
}

test('where nothing else is done, the turn of a key is now', () => {
  const { later, passed } = worldOf();
  expect(later.put('report', 'reports')).toBe(true);
  expect(passed).toEqual(['report']);
});

test('a key waits while the data path moves, imports before reports, and each once', async () => {
  const { clock, dataPath, later, passed } = worldOf();
  dataPath.moved();
  for (const key of ['r1', 'r2', 'r1']) later.put(key, 'reports');
  later.put('i1', 'imports');
  await clock.advance(20);
  dataPath.moved();
  await clock.advance(20);
  expect([passed, later.size]).toEqual([[], 3]);
  await clock.advance(10);
  expect([passed, later.size]).toEqual([['i1', 'r1', 'r2'], 0]);
});

test('not for longer than two seconds, whatever moves', async () => {
  const { clock, dataPath, later, passed } = worldOf();
  const move = (): void => {
    dataPath.moved();
    clock.after(10, move);
  };
  move();
  later.put('report', 'reports');
  later.put('import', 'imports');
  await clock.advance(1_900);
  expect(passed).toEqual([]);
  // An event: its run puts the rest off again.
  expect([later.began('import'), later.put('import', 'imports')]).toEqual([false, true]);
  later.ended('import');
  await clock.advance(100);
  expect(passed).toEqual(['import', 'report']);
  expect(later.put('import', 'imports')).toBe(false);
});

test('so many side by side, the next when one has ended or is lost', async () => {
  const { clock, later, passed } = worldOf();
  for (let n = 0; n < 20; n += 1) later.put(`r${n}`, 'reports');
  expect(passed).toHaveLength(8);
  expect(later.began('r0')).toBe(true);
  later.ended('r0');
  expect(passed).toHaveLength(9);
  await clock.advance(9_000);
  expect(passed).toHaveLength(9);
  await clock.advance(2_000);
  expect(passed).toHaveLength(17);
});

test('what an event has run meanwhile is not run for itself', async () => {
  const { clock, dataPath, later, passed } = worldOf();
  dataPath.moved();
  later.put('import', 'imports');
  expect(later.began('import')).toBe(false);
  later.ended('import');
  await clock.advance(5_000);
  expect([passed, later.size]).toEqual([[], 0]);
});
