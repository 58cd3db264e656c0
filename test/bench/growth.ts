/**
 * `make bench ONLY=growth`: how the time of pure work grows with a cluster, and what a start costs beside Node's own. Ratios of times
 * that were taken alternately in one run, so that they mean the same on every machine. Their tests count the work instead.
 */
import { spawnSync } from 'node:child_process';
import { PROGRAM } from '../bare/cluster.js';
import { WORKLOADS, type Workload } from '../growth/workloads.js';
import type { BenchGroup, Figure } from './measure.js';

const ROUNDS = 10;
/** The best of so many counts: what else the machine does makes a run slower, and never quicker. */
const TRIES = 5;
/** Four is linear, sixteen is quadratic; n log n and a cache that is full lie between. */
const MOST_FOR_FOUR_TIMES = 8;

export const growth: BenchGroup = {
  name: 'growth',
  about: 'four times the input against once; the start of the command line against that of Node',
  seconds: 30,
  async run(note) {
    const figures: Figure[] = [];
    for (const workload of WORKLOADS) {
      note(workload.name);
      figures.push(...timesOf(workload));
    }
    note('kilofed --help');
    return [...figures, start()];
  },
};

function timesOf({ name, most, within, prepare }: Workload): Figure[] {
  const [all, quarter] = [prepare(most), prepare(most / 4)];
  for (const act of [all, quarter]) act();
  const rounds = Array.from({ length: ROUNDS }, () => [best(quarter), best(all)] as const);
  return [
    {
      name: `${name}: ${most} / ${most / 4}`,
      unit: 'ratio',
      samples: rounds.map(([once, fourTimes]) => fourTimes / once),
      must: { p50: { most: MOST_FOR_FOUR_TIMES } },
    },
    {
      name: `${name}: ${most}`,
      unit: 'ms',
      samples: rounds.map(([, ms]) => ms),
      ...(within === undefined ? {} : { must: { p50: { most: within } } }),
    },
  ];
}

function start(): Figure {
  const run = (...argv: readonly string[]): number => best(() => spawnSync(process.execPath, argv, { stdio: 'ignore' }));
  const samples = Array.from({ length: ROUNDS }, () => run(PROGRAM, '--help') / run('--eval', '0'));
  return { name: 'kilofed --help / node --eval 0', unit: 'ratio', samples, must: { p50: { most: 4 } } };
}

/** Milliseconds. */
function best(act: () => unknown): number {
  return Math.min(
    ...Array.from({ length: TRIES }, () => {
      const began = performance.now();
      act();
      return performance.now() - began;
    }),
  );
}
