/**
 * 1.3.order: in whatever order things come, they end alike.
 */
import { expect } from '@jest/globals';
import { becomes } from '../hub/world.js';
import { sleep } from '../lab/process.js';
import type { Case, Conform } from './conform.js';
import { exportService, writeExport, writeService, writeSlice } from './people.js';
import { derivedIn, exportCondition, importCondition, importIn, portsOf, slicesIn } from './seen.js';
import { podAddress } from './world.js';

/** What comes, where the namespace is in east and west from the beginning. */
const STEPS = ['namespace', 'service', 'export', 'slice', 'second'] as const;
type Step = (typeof STEPS)[number];

/** Between two of them, so that the hub sees what is there so far. */
const STEP_MS = 25;
/** Orders that are tried at once: each has a namespace of its own. */
const AT_ONCE = 8;

export function orderTests(conform: Conform): void {
  conform('1.3.order', async (on) => {
    const orders = permutations(STEPS);
    expect(orders.length).toBe(120);
    for (let begin = 0; begin < orders.length; begin += AT_ONCE) {
      const some = orders.slice(begin, begin + AT_ONCE).map((order, index) => ({ order, index: begin + index }));
      await Promise.all(some.map(({ order, index }) => take(on, order, index)));
      for (const { order, index } of some) await endsWell(on, order, index);
    }
  });
}

/** Takes the steps in that order, in a namespace of its own. */
async function take({ east, west, north, namespace }: Case, order: readonly Step[], index: number): Promise<void> {
  const ns = await namespace(namespaceOf(index), [east, west]);
  const version = index % 2 === 0 ? 'v1beta1' : 'v1alpha1';
  const steps: Readonly<Record<Step, () => Promise<unknown>>> = {
    namespace: () => namespace(ns, [north]),
    service: () => writeService(east, ns),
    export: () => writeExport(east, ns, { version }),
    slice: () => writeSlice(east, ns),
    second: () => exportService(west, ns, { version }),
  };
  for (const step of order) {
    await steps[step]();
    await sleep(STEP_MS);
  }
}

async function endsWell({ east, west, all }: Case, order: readonly Step[], index: number): Promise<void> {
  const ns = namespaceOf(index);
  const alike = {
    addresses: [podAddress(east, 5), podAddress(west, 5)],
    ports: portsOf([{ name: 'http', port: 80 }]),
    clusters: ['east', 'west'],
    ready: 'True Ready',
    address: true,
    spec: { type: 'ClusterSetIP', ipFamilies: ['IPv4'] },
  };
  for (const cluster of all) await becomes(`${order.join()} in ${cluster.id}`, alike, () => endIn(cluster, ns));
  for (const cluster of [east, west]) {
    await becomes(`${order.join()} told to ${cluster.id}`, ['True Valid', 'True Exported', 'False NoConflicts'], () =>
      Promise.all(['Valid', 'Ready', 'Conflict'].map((type) => exportCondition(cluster, ns, type))),
    );
  }
}

function namespaceOf(index: number): string {
  return `order-${index}`;
}

async function endIn(cluster: Case['east'], ns: string): Promise<unknown> {
  const [found, derived, slices] = await Promise.all([importIn(cluster, ns), derivedIn(cluster, ns), slicesIn(cluster, ns)]);
  return {
    addresses: slices.flatMap(({ endpoints }) => (endpoints ?? []).flatMap(({ addresses }) => addresses)).toSorted(),
    ports: portsOf(derived?.spec.ports),
    clusters: found?.status?.clusters?.map((each) => each.cluster).toSorted(),
    ready: await importCondition(cluster, ns, 'Ready'),
    address: found?.spec.ips?.length === 1 && found.spec.ips.join() === derived?.spec.clusterIPs.join(),
    spec: { type: found?.spec.type, ipFamilies: found?.spec.ipFamilies },
  };
}

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) => permutations(items.filter((each) => each !== item)).map((rest) => [item, ...rest]));
}
