/**
 * How often property tests of what others may say are run: a thousand times among the quick tests, as often as it is asked for by
 * `make fuzz`. The only place that reads the environment for it.
 */
import type { Parameters } from 'fast-check';

const { FUZZ_RUNS, FUZZ_SEED } = process.env;
const RUNS = FUZZ_RUNS === undefined ? 1000 : Number(FUZZ_RUNS);
/** Among the quick tests always the same, so that what they find is what somebody changed. */
const SEED = Number(FUZZ_SEED ?? (FUZZ_RUNS === undefined ? 1 : Math.trunc(Math.random() * 2 ** 31)));
/** Of one run, on a machine that has much else to do. */
const PATIENCE_MS = 100;

/** For `fc.assert`. `share`: of the runs, where one costs more. The seed is printed where it was asked for so many. */
export function fuzz<T>(share = 1): Parameters<T> {
  if (FUZZ_RUNS !== undefined) process.stdout.write(`fuzz: ${RUNS * share} runs, SEED=${SEED}\n`);
  return { numRuns: Math.ceil(RUNS * share), seed: SEED };
}

/** For the test that has them, milliseconds. */
export const FUZZ_MS = 30_000 + RUNS * PATIENCE_MS;
