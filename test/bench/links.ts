/**
 * `make bench ONLY=links`: how soon people and Services see a link that fails, and one that works again, on real kubelets. The time that
 * `kilofed status` and kubectl take is in it.
 */
import { applyShop, nodeOf, scaleHub, startFederation, status, twoGateways } from '../e2e/kubeletFederation.js';
import { linkFaults, type LinkFaults, readiness } from '../e2e/linkFaults.js';
import { startRequester } from '../e2e/requests.js';
import { SHOP_URL } from '../e2e/shop.js';
import { sleep, until } from '../lab/process.js';
import type { Example } from '../demo/install.js';
import type { BenchGroup, Figure } from './measure.js';

const ROUNDS = 3;
const LIMIT_MS = 60_000;
const MUST = { max: { most: 3_000 } };

export const links: BenchGroup = {
  name: 'links',
  about: 'how soon a link that fails is in the status, and its endpoints are not ready',
  seconds: 600,
  async run(note, { rounds = ROUNDS }) {
    const example = await startFederation();
    try {
      const { east, west, north } = example;
      const gateways = await twoGateways(east, 'eu');
      const faults = linkFaults(example, gateways);
      for (const cluster of [west, north]) await cluster.kubectl(['create', 'namespace', 'demo']);
      await applyShop(east, { node: gateways[1].name, annotations: { 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'north,west' } });
      await startRequester(west, nodeOf(west, 'west-a2'), 'requester', SHOP_URL);
      const figures: Figure[] = [];
      for (const fault of faults.all) {
        note(fault.what);
        const samples: number[] = [];
        for (let round = 0; round < rounds; round += 1) {
          await untilWell(example);
          samples.push(
            await timed(fault.act, async () => {
              const { code, text } = await status(north);
              return code === 1 && fault.says.test(text);
            }),
          );
          await fault.undo();
        }
        figures.push({ name: `in kilofed status: ${fault.what}`, unit: 'ms', samples, must: MUST });
      }
      figures.push(...(await following(example, faults, rounds, 'by the hub')));
      await scaleHub(north, 0);
      figures.push(...(await following(example, faults, rounds, 'with the hub stopped')));
      return figures;
    } finally {
      await Promise.all([example.east, example.west, example.north].map((cluster) => cluster.stop()));
    }
  },
};

/** Readiness in west of the endpoints of east, which is cut off and comes back. */
async function following(example: Example, faults: LinkFaults, rounds: number, who: string): Promise<readonly Figure[]> {
  const down: number[] = [];
  const up: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    down.push(await timed(faults.cutEast, async () => (await readiness(example.west, 'east')) === 'not ready'));
    await sleep(5_000);
    up.push(await timed(faults.healAll, async () => (await readiness(example.west, 'east')) === 'ready'));
    // So that the next one is no flap.
    await sleep(30_000);
  }
  return [
    { name: `a cluster is cut off: its endpoints are not ready, ${who}`, unit: 'ms', samples: down, must: MUST },
    { name: `it returns: they are ready, ${who}`, unit: 'ms', samples: up, must: MUST },
  ];
}

/** From before `act` until `holds`, ms. */
async function timed(act: () => Promise<unknown>, holds: () => Promise<boolean>): Promise<number> {
  const began = performance.now();
  await act();
  await until('it to be seen', LIMIT_MS, async () => ((await holds()) ? true : undefined));
  return performance.now() - began;
}

async function untilWell({ north }: Example): Promise<void> {
  await until('all to be well', LIMIT_MS, async () => ((await status(north)).code === 0 ? true : undefined));
}
