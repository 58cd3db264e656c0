/**
 * Flows through the world while something happens to it, and what became of them.
 */
import { type Direction, type Flow, type FlowReport, monotonic, startFlow } from '../bare/flow.js';
import { sleep } from '../lab/process.js';
import type { World } from './world.js';

export interface FlowSpec {
  readonly from: string;
  readonly to: string;
  readonly packetsPerSecond: number;
  readonly direction: Direction;
}

export interface Observed extends FlowSpec {
  /** Gateways that carried it when it began. */
  readonly gateways: readonly string[];
  readonly report: FlowReport;
  /** When its longest silence began, milliseconds after the start of what happened. */
  readonly outageAfterMs: number;
}

/**
 * Flows of every kind, one way: there and back between nodes that need a gateway on both sides, across clusters and across
 * locations, and from and to pods of gateways. None begins or ends at `spared`.
 */
export function manyFlows(spared: readonly string[] = [], direction: Direction = 'one-way'): readonly FlowSpec[] {
  const pairs: readonly (readonly [string, string, number])[] = [
    ['east-a3', 'west-c3', 500],
    ['west-c3', 'east-a3', 500], // fast, across clusters
    ['east-a3', 'east-b1', 100],
    ['east-b1', 'east-a3', 100], // across locations
    ['east-a3', 'east-b2', 100],
    ['east-b2', 'east-a3', 100],
    ['east-a3', 'west-c1', 100],
    ['west-c1', 'east-a3', 100], // pods of gateways, on the far side
    ['east-a1', 'west-c3', 100],
    ['west-c3', 'east-a1', 100], // and on the near one
    ['east-a2', 'west-c3', 100],
    ['west-c3', 'east-a2', 100],
  ];
  return pairs
    .filter(([from, to]) => !spared.includes(from) && !spared.includes(to))
    .map(([from, to, packetsPerSecond]) => ({ from, to, packetsPerSecond, direction }));
}

/** Runs flows from half a second before `act` until it has resolved. `act` is over when nothing more is expected. */
export async function watch(world: World, specs: readonly FlowSpec[], act: () => Promise<void>): Promise<readonly Observed[]> {
  const flows: { readonly spec: FlowSpec; readonly gateways: readonly string[]; readonly flow: Flow }[] = [];
  for (const spec of specs) {
    const gateways = await world.gatewaysBetween(spec.from, spec.to);
    flows.push({
      spec,
      gateways,
      flow: await startFlow(world.node(spec.from).pod, world.node(spec.to).pod, spec.packetsPerSecond, spec.direction),
    });
  }
  await sleep(LEAD_MS);
  const began = monotonic();
  // Also after a failure the flows end, or the next row would have them too.
  const failed = await act().then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  const observed = await Promise.all(
    flows.map(async ({ spec, gateways, flow }) => {
      const report = await flow.stop();
      return { ...spec, gateways, report, outageAfterMs: report.outageAt - began };
    }),
  );
  if (failed !== undefined) throw failed.error;
  return observed;
}

const LEAD_MS = 500;
