import { expect, test } from '@jest/globals';
import { createHandClock } from '../../test/host/handClock.js';
import { createMovement } from './movement.js';

type Event =
  | readonly ['given', string, number?]
  | readonly ['taken' | 'finished', string]
  /** Milliseconds. */
  | readonly ['wait', number]
  | readonly ['forget'];

const [IDLE, BUSY] = [
  { waiting: 1, idle: true },
  { waiting: 1, idle: false },
];
const EMPTY = { waiting: 0, idle: true };
const DONE: readonly Event[] = [
  ['given', 'a'],
  ['taken', 'a'],
  ['finished', 'a'],
];
const MEANWHILE: readonly Event[] = [
  ['given', 'a'],
  ['taken', 'a'],
  ['given', 'a'],
];
const OTHERS: readonly Event[] = [
  ['given', 'a'],
  ['given', 'b'],
  ['wait', 29_000],
  ['taken', 'b'],
  ['wait', 1_000],
];

test.each<[string, readonly Event[], { readonly waiting: number; readonly idle: boolean }, boolean]>([
  ['nothing was given', [['wait', 60_000]], IDLE, false],
  [
    'a key waits for 29 s',
    [
      ['given', 'a'],
      ['wait', 29_000],
    ],
    IDLE,
    false,
  ],
  [
    'a key waits for 30 s',
    [
      ['given', 'a'],
      ['wait', 30_000],
    ],
    IDLE,
    true,
  ],
  [
    'it was given again meanwhile',
    [
      ['given', 'a'],
      ['wait', 20_000],
      ['given', 'a'],
      ['wait', 10_000],
    ],
    IDLE,
    true,
  ],
  [
    'all workers are busy',
    [
      ['given', 'a'],
      ['wait', 30_000],
    ],
    BUSY,
    false,
  ],
  ['others come', OTHERS, IDLE, false],
  ['others come, and none waits', OTHERS, EMPTY, true],
  ['it came', [...DONE, ['wait', 60_000]], EMPTY, false],
  ['it is worked on, and was added meanwhile', [...MEANWHILE, ['wait', 60_000]], EMPTY, false],
  ['that work ended just now', [...MEANWHILE, ['wait', 60_000], ['finished', 'a']], EMPTY, false],
  ['that work ended long ago', [...MEANWHILE, ['finished', 'a'], ['wait', 30_000]], EMPTY, true],
  ['its retry is due later', [...DONE, ['given', 'a', 60_000], ['wait', 80_000]], EMPTY, false],
  ['its retry was due long ago', [...DONE, ['given', 'a', 60_000], ['wait', 90_000]], EMPTY, true],
  ['all was asked for again', [['given', 'a'], ['wait', 60_000], ['forget']], IDLE, false],
])('M7: %s', async (_title, events, now, stuck) => {
  const clock = createHandClock();
  const movement = createMovement(clock);
  for (const event of events) {
    if (event[0] === 'wait') await clock.advance(event[1]);
    else if (event[0] === 'forget') movement.forget();
    else if (event[0] === 'given') movement.given(event[1], event[2]);
    else movement[event[0]](event[1]);
  }
  expect(movement.isStuck(now)).toBe(stuck);
});
