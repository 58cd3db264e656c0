import { expect, test } from '@jest/globals';
import { emptyPlan } from '../host/emptyPlan.js';
import type { NodePlan } from '../mesh/plan.js';
import { choicesOf, steer } from './choices.js';

const group = (id: number, segment: string): NodePlan['groups'][number] => ({
  id,
  name: `group/${segment}/${id}`,
  segment,
  paths: [
    { kind: 'plane', slot: 0, name: 'plane/0', nexthop: id * 10 },
    { kind: 'plane', slot: 1, name: 'plane/1', nexthop: id * 10 + 1 },
  ],
  active: [id * 10],
});

/** Two groups of one segment, one for each family, and one of another. */
const PLAN: NodePlan = { ...emptyPlan('a'), groups: [group(1, 'far'), group(2, 'far'), group(3, 'other')] };

test.each<[string, readonly (readonly [string, readonly string[]])[], readonly (readonly number[])[]]>([
  ['nothing: the plan stays', [], [[10], [20], [30]]],
  ['a path: all groups of the segment use it', [['far', ['plane/1']]], [[11], [21], [30]]],
  ['both paths', [['far', ['plane/0', 'plane/1']]], [[10, 11], [20, 21], [30]]],
  ['a path that is gone: the plan stays', [['far', ['node/b']]], [[10], [20], [30]]],
  ['paths of which one is gone', [['other', ['node/b', 'plane/1']]], [[10], [20], [31]]],
])('a plan is steered by the choice of %s', (_what, choices, active) => {
  expect(steer(PLAN, new Map(choices)).groups.map((each) => each.active)).toEqual(active);
});

test.each<[string, readonly (readonly [number, readonly number[]])[], readonly (readonly [string, readonly string[]])[]]>([
  ['nothing on an empty host', [], []],
  [
    'what its groups use',
    [
      [1, [11]],
      [3, [30, 31]],
    ],
    [
      ['far', ['plane/1']],
      ['other', ['plane/0', 'plane/1']],
    ],
  ],
  ['nothing of nexthops that are not planned', [[1, [99]]], []],
])('the choices of a host are %s', (_what, active, choices) => {
  expect(choicesOf(PLAN, new Map(active))).toEqual(new Map(choices));
});
