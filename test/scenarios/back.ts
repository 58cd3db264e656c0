/**
 * The preferred gateway takes over again by itself, once it has been good for a while: a planned move, so nobody loses a packet.
 */
import { until } from '../lab/process.js';
import { gatewayInUse } from './crashes.js';
import { losses, NONE_LOST, repeat, type Row } from './row.js';
import { manyFlows, watch } from './watch.js';
import { STICKY } from './world.js';

export const back: Row = {
  name: 'the preferred gateway takes over again',
  seconds: (rounds) => rounds * 12,
  async run(context) {
    const { world } = context;
    await world.setMesh({ probes: { failbackDelaySeconds: 1 } });
    try {
      const observed = await repeat('the preferred gateway takes over again', context, {
        anew: true,
        async once() {
          const preferred = 'east-a1';
          await until('the preferred gateway to be in use', 20_000, async () =>
            (await gatewayInUse(world)) === preferred ? true : undefined,
          );
          await world.east.instruct(preferred, { annotations: { 'kilofed.io/drain': 'true' } });
          await until('the other gateway to be in use', 20_000, async () => ((await gatewayInUse(world)) === preferred ? undefined : true));
          return watch(world, manyFlows(), async () => {
            await world.east.instruct(preferred, {});
            await until('the preferred gateway to be in use again', 20_000, async () =>
              (await gatewayInUse(world)) === preferred ? true : undefined,
            );
            await until('it to be in use by the other cluster', 20_000, async () =>
              (await world.gatewaysBetween('west-c3', 'east-a3')).includes(preferred) ? true : undefined,
            );
          });
        },
        failed: ({ report }) => report.lost > 0,
      });
      return losses('the preferred gateway takes over again: lost', observed, NONE_LOST);
    } finally {
      await world.setMesh(STICKY);
    }
  },
};
