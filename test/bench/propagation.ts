/**
 * How long a change in one member takes to be real in another, on bare clusters with a real hub: an endpoint, a new export, a
 * new node. In the same run the floor: a bare watch and one server-side apply, the least any mirror must cost here.
 */
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { applyObject } from '../../kube/wire/apply.js';
import { createReflector, type Reflector } from '../../kube/wire/reflector.js';
import { systemClock } from '../../kube/wire/systemClock.js';
import type { Log } from '../../core/runtime/log.js';
import type { BareCluster } from '../bare/cluster.js';
import { reaches } from '../bare/flow.js';
import { until } from '../lab/process.js';
import { type Federation, startFederation, unreachablePairs } from '../e2e/federation.js';
import type { BenchGroup, Figure } from './measure.js';

const CHANGES = 200;
const EXPORTS = 50;
const NODES = 5;

export const propagation: BenchGroup = {
  name: 'propagation',
  about: 'endpoint change, new export and new node, from the write in one member to the effect in another',
  seconds: 90,
  async run(note) {
    const federation = await startFederation(
      [
        { name: 'east', index: 1, locations: { eu: 1 } },
        { name: 'west', index: 2, locations: { a: 1 } },
      ],
      { dir: '/tmp/kilofed-bench' },
    );
    const stop = new AbortController();
    try {
      const [east, west] = [federation.cluster('east'), federation.cluster('west')];
      for (const cluster of [east, west]) await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo' } });
      await until('the federation', 60_000, async () =>
        (await unreachablePairs(federation.nodes(), 1_000)).length === 0 ? true : undefined,
      );
      const slices = watchAll(west, RESOURCE.endpointSlice, stop.signal);
      const services = watchAll(west, RESOURCE.service, stop.signal);
      note(`${CHANGES} endpoint changes, and as many through the floor`);
      const { mirrored, floor } = await endpointChanges({ east, west, slices, stop: stop.signal });
      note(`${EXPORTS} exports, one after another`);
      const exported = await exports(east, services);
      note(`${NODES} nodes that join, one after another`);
      const joined = await joins(federation);
      return [
        { name: 'endpoint change', unit: 'ms', samples: mirrored },
        { name: 'endpoint change, floor', unit: 'ms', samples: floor },
        { name: 'endpoint change, p50 / floor p50', unit: 'ratio', samples: [middle(mirrored) / middle(floor)] },
        { name: 'new export', unit: 'ms', samples: exported },
        { name: 'new node, reachable from another cluster', unit: 'ms', samples: joined },
      ] satisfies Figure[];
    } finally {
      stop.abort();
      await federation.stop();
    }
  },
};

interface Watched {
  readonly reflector: Reflector<KubeObject>;
  /** Resolves with the time at which an object was first seen that `matches`. */
  seen(matches: (object: KubeObject) => boolean): Promise<number>;
}

function watchAll(cluster: BareCluster, resource: typeof RESOURCE.endpointSlice | typeof RESOURCE.service, signal: AbortSignal): Watched {
  const waiting = new Set<(object: KubeObject) => void>();
  const reflector = createReflector<KubeObject>(
    {
      client: cluster.client,
      resource,
      project: (object) => object,
      onChange: (_key, current) => current !== undefined && waiting.forEach((wait) => wait(current)),
    },
    { clock: systemClock, random: Math.random, log: SILENT },
  );
  void reflector.run(signal);
  return {
    reflector,
    seen: (matches) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('the change was not seen within 20 s')), 20_000);
        const wait = (object: KubeObject): void => {
          if (!matches(object)) return;
          clearTimeout(timer);
          waiting.delete(wait);
          resolve(performance.now());
        };
        waiting.add(wait);
      }),
  };
}

/** Alternately one change that the hub mirrors and one that only the floor carries, so that both see the same machine. */
async function endpointChanges(on: {
  readonly east: BareCluster;
  readonly west: BareCluster;
  readonly slices: Watched;
  readonly stop: AbortSignal;
}): Promise<{ readonly mirrored: number[]; readonly floor: number[] }> {
  const { east, west, slices } = on;
  await east.apply(slice('web', 1));
  await east.apply(service('web', true));
  await until('the mirror', 10_000, () =>
    [...slices.reflector.store.values()].find((each) => each.metadata.labels?.['kilofed.io/cluster'] === 'east'),
  );
  // The floor: a watch in east whose only answer to an event is one apply in west.
  const source = watchAll(east, RESOURCE.endpointSlice, on.stop);
  await until("the floor's list", 10_000, () => (source.reflector.synced() ? true : undefined));
  const [mirrored, floor]: [number[], number[]] = [[], []];
  for (let round = 0; round < CHANGES; round += 1) {
    const port = 20_000 + round;
    const viaHub = slices.seen((object) => object.metadata.labels?.['kilofed.io/cluster'] === 'east' && portOf(object) === port);
    await east.apply(slice('web', port));
    const written = performance.now();
    mirrored.push(Math.max(0, (await viaHub) - written));

    const seen = source.seen((object) => object.metadata.name === 'floor-1' && portOf(object) === port);
    const viaFloor = slices.seen((object) => object.metadata.name === 'floor-copy' && portOf(object) === port);
    const relay = seen.then(() => applyObject(west.client, slice('floor', port, 'floor-copy') as KubeObject, { fieldManager: 'floor' }));
    await east.apply(slice('floor', port));
    const floorWritten = performance.now();
    await relay;
    floor.push(Math.max(0, (await viaFloor) - floorWritten));
  }
  return { mirrored, floor };
}

async function exports(east: BareCluster, services: Watched): Promise<number[]> {
  const samples: number[] = [];
  for (let round = 0; round < EXPORTS; round += 1) {
    const name = `new-${round}`;
    await east.apply(slice(name, 8080));
    const seen = services.seen((object) => object.metadata.name === name);
    await east.apply(service(name, true));
    const written = performance.now();
    samples.push(Math.max(0, (await seen) - written));
  }
  return samples;
}

/** From the start of the new node's agent to an answered packet from a pod of another cluster to a pod of the node. */
async function joins(federation: Federation): Promise<number[]> {
  const from = federation.cluster('west').nodes.get('west-a1');
  const samples: number[] = [];
  for (let round = 1; round <= NODES; round += 1) {
    const node = await federation
      .cluster('east')
      .addNode(`east-new${round}`, { location: 'eu', lan: federation.lans[0] as Federation['lans'][number], host: 100 + round });
    const began = performance.now();
    await until('the new node', 20_000, async () => (from === undefined ? undefined : await reaches(from.pod, node.pod, 3_000)));
    samples.push(performance.now() - began);
  }
  return samples;
}

function slice(name: string, port: number, called = `${name}-1`): object {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: called, namespace: 'demo', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port, protocol: 'TCP' }],
    endpoints: [{ addresses: ['10.41.1.10'], conditions: { ready: true } }],
  };
}

function service(name: string, exported: boolean): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'demo', annotations: exported ? { 'kilofed.io/export': 'true' } : {} },
    spec: { ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
  };
}

function portOf(object: KubeObject): number | undefined {
  return (object as KubeObject & { readonly ports?: readonly { readonly port?: number }[] }).ports?.[0]?.port;
}

function middle(samples: readonly number[]): number {
  return samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 2)] ?? Number.NaN;
}

const SILENT: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, with: () => SILENT };
