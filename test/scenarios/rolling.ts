/**
 * Every agent of the federation, one after another, as a DaemonSet's rolling update does it; under one-way flows and two-way ones,
 * which hide different things.
 */
import { sleep } from '../lab/process.js';
import { matched, nextBuild } from './planned.js';
import { losses, NONE_LOST, repeat, type Row } from './row.js';
import { manyFlows, watch } from './watch.js';

/** From one agent that is ready to the end of the next. */
const PAUSE_MS = 300;

export const rolling: readonly Row[] = (['restart', 'upgrade'] as const).map((kind) => ({
  name: `rolling ${kind} of every agent`,
  seconds: (rounds) => rounds * 14,
  async run(context) {
    const { world } = context;
    const name = `rolling ${kind} of every agent`;
    const observed = await repeat(name, context, {
      async once(round) {
        // Every second time back to the first build.
        const program = kind === 'upgrade' && round % 2 === 1 ? nextBuild(world) : undefined;
        return watch(world, [...manyFlows(), ...manyFlows([], 'two-way').map((flow) => ({ ...flow, packetsPerSecond: 50 }))], async () => {
          for (const node of world.federation.nodes()) {
            await node.killAgent('SIGTERM');
            node.startAgent(program);
            await matched(node);
            await sleep(PAUSE_MS);
          }
          await sleep(1_000);
        });
      },
      failed: ({ report }) => report.lost > 0,
    });
    return (['one-way', 'two-way'] as const).flatMap((direction) =>
      losses(
        `${name}: lost, ${direction}`,
        observed.filter((each) => each.direction === direction),
        NONE_LOST,
      ),
    );
  },
}));
