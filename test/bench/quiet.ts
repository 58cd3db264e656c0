/**
 * `make bench ONLY=quiet ROUNDS=minutes`: what all programs of a federation of three clusters write while nothing changes, as the API
 * servers count it, on real kubelets. Leases are not counted.
 */
import { difference } from '../e2e/apiRequests.js';
import { applyShop, startFederation, writes } from '../e2e/kubeletFederation.js';
import { sleep } from '../lab/process.js';
import type { BenchGroup } from './measure.js';

const MINUTES = 10;
/** Figures of links go out once a minute, the first ones after their first change. */
const SETTLE_MS = 120_000;

export const quiet: BenchGroup = {
  name: 'quiet',
  about: 'what a federation of three clusters writes while nothing changes',
  seconds: 60 * MINUTES + 240,
  async run(note, { rounds = MINUTES }) {
    const example = await startFederation();
    const clusters = [example.east, example.west, example.north];
    try {
      await applyShop(example.east, {});
      await sleep(SETTLE_MS);
      const perMinute: number[] = [];
      for (let minute = 0; minute < rounds; minute += 1) {
        const before = await Promise.all(clusters.map(writes));
        await sleep(60_000);
        const after = await Promise.all(clusters.map(writes));
        const written = after.map((counts, index) => difference(before[index] ?? new Map(), counts));
        const count = written.flatMap((each) => Object.values(each)).reduce((sum, each) => sum + each, 0);
        if (count > 0) note(`minute ${minute + 1}: ${JSON.stringify(written)}`);
        perMinute.push(count);
      }
      return [
        { name: `writes in a minute without a change, ${rounds} minutes`, unit: 'writes', samples: perMinute, must: { max: { most: 0 } } },
      ];
    } finally {
      await Promise.all(clusters.map((cluster) => cluster.stop()));
    }
  },
};
