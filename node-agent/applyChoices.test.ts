import { expect, test } from '@jest/globals';
import type { Change } from '../core/host/change.js';
import { emptyPlan } from '../core/host/emptyPlan.js';
import { createHostModel } from '../core/host/hostModel.js';
import { changeText } from '../core/host/render.js';
import type { NodePlan } from '../core/mesh/plan.js';
import { createFakeHost } from '../test/host/fakeHost.js';
import { SILENT } from '../test/host/handClock.js';
import { applyChoices } from './applyChoices.js';
import type { CurrentHost } from './view/hostView.js';

const PLAN: NodePlan = {
  ...emptyPlan('a'),
  groups: [
    {
      id: 7,
      name: 'group/far',
      segment: 'far',
      paths: [
        { kind: 'plane', slot: 0, name: 'plane/0', nexthop: 1 },
        { kind: 'plane', slot: 1, name: 'plane/1', nexthop: 2 },
      ],
      active: [1],
    },
  ],
};

async function switched(
  current: CurrentHost | undefined,
  refused = '',
): Promise<{ readonly changes: string[]; readonly warnings: string[] }> {
  const changes: string[] = [];
  const warnings: string[] = [];
  await applyChoices(
    {
      log: { ...SILENT, warn: (message) => void warnings.push(message) },
      view: { current: () => current },
      host: {
        switchGroups(_model, set) {
          changes.push(...set.map(changeText));
          return Promise.resolve(refused === '' ? [] : set.map((change: Change) => ({ change, reason: refused })));
        },
      },
    },
    new Map([['far', ['plane/1']]]),
  );
  return { changes, warnings };
}

const host = (active: readonly number[]): CurrentHost => ({
  model: createHostModel({ ...createFakeHost().state(), groups: new Map([[7, active]]) }),
  plan: PLAN,
});

test('a choice is one replaced group, without a pass', async () => {
  expect(await switched(host([1]))).toEqual({ changes: [expect.stringMatching(/^ip nexthop replace id 7 group 2 /)], warnings: [] });
});

test('nothing is changed where the host already uses it', async () => {
  expect((await switched(host([2]))).changes).toEqual([]);
});

test('nothing is changed before there is a plan', async () => {
  expect((await switched(undefined)).changes).toEqual([]);
});

test('a switch that the kernel refuses is told; the next pass repeats it', async () => {
  expect((await switched(host([1]), 'RTNETLINK answers: Invalid argument')).warnings).toEqual([
    'A switch failed; the next pass repeats it',
  ]);
});
