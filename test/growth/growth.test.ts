import { expect, test } from '@jest/globals';
import { countWork } from './countWork.js';
import { WORKLOADS } from './workloads.js';

test.each(WORKLOADS.map((workload) => [workload.name, workload] as const))(
  '%s: four times as many are about four times the work',
  (_name, { most, prepare }) => {
    const work = (count: number): number => countWork(prepare(count));
    expect(work(most / 2) / work(most / 8)).toBeLessThan(5);
  },
);
