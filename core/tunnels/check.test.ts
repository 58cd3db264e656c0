import { expect, test } from '@jest/globals';
import { observationOf } from '../../test/fakes/tunnels.js';
import { NEVER, runChecks, start, type TunnelCheck } from './check.js';

/** Counts its looks, repairs at the third, and wants to look again after `period`. */
function counting(name: string, period: number): TunnelCheck<number> {
  return {
    initial: 0,
    check: (state, { now }) => ({
      state: state + 1,
      repairs: state === 2 ? [{ kind: 'reportUnreachable', segments: [name] }] : [],
      next: now + period,
    }),
  };
}

test('each check goes on with its own state, repairs come in the order of the list, and the earliest next counts', () => {
  const first = runChecks([start(counting('a', 500)), start(counting('b', 300))], observationOf({ now: 1000 }));
  expect(first).toMatchObject({ repairs: [], next: 1300 });
  const second = runChecks([...first.state, start(counting('late', NEVER))], observationOf({ now: 2000 }));
  expect(second).toMatchObject({ repairs: [], next: 2300 });
  const third = runChecks(second.state, observationOf({ now: 3000 }));
  expect(third.repairs).toEqual([
    { kind: 'reportUnreachable', segments: ['a'] },
    { kind: 'reportUnreachable', segments: ['b'] },
  ]);
  expect(runChecks(first.state, observationOf({ now: 3000 })).repairs).toEqual([]);
});

test('without checks there is nothing to do', () => {
  expect(runChecks([], observationOf({}))).toEqual({ state: [], repairs: [], next: NEVER });
});
