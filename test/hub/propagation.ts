/**
 * How long an endpoint change takes from the answer to the exporter's write until the importer's watch shows it: through
 * the hub, and through the least that any mirror must do, a bare watch and one server-side apply.
 */
import { type KubeObject, RESOURCE, resourcePath } from '../../core/api/resources.js';
import { applyObject } from '../../kube/wire/apply.js';
import { until } from '../lab/process.js';
import type { Cluster } from './cluster.js';

interface Route {
  readonly from: Cluster;
  readonly to: Cluster;
  readonly namespace: string;
  readonly service: string;
}

interface Slice extends KubeObject {
  readonly endpoints?: readonly { readonly addresses: readonly string[] }[] | null;
}

interface Seen {
  /** When an address first showed, `performance.now()`. */
  readonly at: ReadonlyMap<string, number>;
  stop(): void;
}

/** Milliseconds of each of `count` changes, one after the other. */
export async function measureChanges(route: Route, count: number, network: string): Promise<readonly number[]> {
  const { from, to, namespace, service } = route;
  const seen = watchAddresses(to, namespace, () => undefined);
  const times: number[] = [];
  try {
    for (let index = 1; index <= count; index += 1) {
      const address = `${network}.${index}`;
      await from.endpoints(namespace, service, [address]);
      const began = performance.now();
      times.push(Math.max(0, (await until(`${address} in ${to.id}`, 60_000, () => seen.at.get(address))) - began));
    }
  } finally {
    seen.stop();
  }
  return times;
}

/** Mirrors the slice of a Service by hand into as many members as the hub does, until `stop`. */
export function bareMirror({ from, namespace, service }: Omit<Route, 'to'>, into: readonly Cluster[]): { stop(): void } {
  return watchAddresses(from, namespace, (slice) => {
    if (slice.metadata.labels?.['kubernetes.io/service-name'] !== service) return;
    for (const to of into)
      void applyObject(
        to.client,
        {
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
          metadata: { name: `bare-${service}`, namespace },
          addressType: 'IPv4',
          ports: [{ name: '', port: 8080, protocol: 'TCP' }],
          endpoints: slice.endpoints ?? [],
        } as KubeObject,
        { fieldManager: 'bare' },
      );
  });
}

function watchAddresses(cluster: Cluster, namespace: string, changed: (slice: Slice) => void): Seen {
  const at = new Map<string, number>();
  const stop = new AbortController();
  void cluster.client.stream(
    { path: resourcePath(RESOURCE.endpointSlice, namespace), query: { watch: true }, idleMs: 60_000, signal: stop.signal },
    (line) => {
      const { object } = JSON.parse(line) as { readonly object: Slice };
      for (const address of (object.endpoints ?? []).flatMap((endpoint) => endpoint.addresses)) {
        if (!at.has(address)) at.set(address, performance.now());
      }
      changed(object);
    },
  );
  return { at, stop: () => stop.abort() };
}
