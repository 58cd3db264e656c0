import { expect, test } from '@jest/globals';
import { createLinkFollower } from './linkFollower.js';
import type { LinksPlan } from './planLinks.js';

function plan(rttMilliseconds: number, state: 'up' | 'down' = 'up'): LinksPlan {
  return {
    listed: [{ from: 'a', to: 'b', state, rttMilliseconds }],
    counts: { up: 1, degraded: 0, down: 0, unknown: 0 },
    condition: { type: 'Linked', status: 'True', reason: 'Linked', message: '' },
  };
}

test('a state is told at once, at most once a second; figures alone once a minute; and what is the same never', () => {
  let now = 0;
  const told: string[] = [];
  const { follow: followed, ...follower } = createLinkFollower({ now: () => now, onEvent: ({ reason }) => told.push(reason) });
  const follow = (found: LinksPlan) => followed(found, []);
  expect(follower.told()).toEqual({});
  expect(follow(plan(20))).toEqual({ changed: true });
  now = 1_000;
  expect(follow(plan(20))).toEqual({ changed: false });
  expect(follow(plan(30))).toEqual({ changed: false, againMs: 59_000 });
  expect(follower.told().links?.listed[0]?.rttMilliseconds).toBe(20);
  now = 2_000;
  expect(follow(plan(30, 'down'))).toEqual({ changed: true });
  expect(follower.told().links?.listed[0]?.rttMilliseconds).toBe(30);
  now = 2_999;
  expect(follow(plan(30, 'up'))).toEqual({ changed: false, againMs: 1 });
  expect(follow(plan(30, 'down'))).toEqual({ changed: false });
  now = 61_999;
  expect(follow(plan(45, 'down'))).toEqual({ changed: false, againMs: 1 });
  now = 62_000;
  expect(follow(plan(45, 'down'))).toEqual({ changed: true });
  expect(told).toEqual(['LinkDown']);
});

test('after a restart what the Mesh lists was told already', () => {
  const told: string[] = [];
  const { follow } = createLinkFollower({ now: () => 0, onEvent: ({ reason }) => told.push(reason) });
  expect(follow(plan(20, 'down'), plan(30, 'down').listed)).toEqual({ changed: true });
  expect(told).toEqual([]);
});
