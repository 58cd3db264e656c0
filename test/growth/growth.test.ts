import { expect, test } from '@jest/globals';
import { countWork } from './countWork.js';
import { AFRESH, FOLLOWED, WORKLOADS } from './workloads.js';

test.each(WORKLOADS.map((workload) => [workload.name, workload] as const))(
  '%s: four times as many are about four times the work',
  (_name, { most, prepare }) => {
    const work = (count: number): number => countWork(prepare(count));
    expect(work(most / 2) / work(most / 8)).toBeLessThan(5);
  },
);

test('a plan that follows one change of many nodes is a small part of the work of one made afresh', () => {
  const count = 1_000;
  expect(countWork(FOLLOWED.prepare(count)) / countWork(AFRESH.prepare(count))).toBeLessThan(0.3);
});
