/**
 * When Services and EndpointSlices are first seen in a cluster, by its watches.
 */
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import type { Log } from '../../core/runtime/log.js';
import { createReflector } from '../../kube/wire/reflector.js';
import { systemClock } from '../../kube/wire/systemClock.js';
import type { BareCluster } from '../bare/cluster.js';
import { until } from '../lab/process.js';

export interface Sightings {
  /** When the next event comes of which `tagOf` says this, `performance.now()`. To be called before what makes it come. */
  next(tag: string): Promise<number>;
  /** Events so far of objects that the hub wrote. */
  ofHub(): number;
}

/** Called for each change after the first list. */
type OnChange = (kind: 'Service' | 'EndpointSlice', current: KubeObject | undefined, previous: KubeObject | undefined) => void;

/** A thousand at once take minutes where others use the machine, too. */
const PATIENCE_MS = 300_000;

/** What an event says: of whose endpoints, and which port they listen on, or that a Service came or went. */
export const TAG = {
  service: (name: string) => `service ${name}`,
  serviceGone: (name: string) => `service gone ${name}`,
  endpoints: (service: string, port: number) => `endpoints ${service} ${port}`,
  endpointsGone: (service: string) => `endpoints gone ${service}`,
} as const;

/** Resolves when both have been listed. */
export async function watchCluster(cluster: BareCluster, signal: AbortSignal, onChange: OnChange = () => undefined): Promise<Sightings> {
  const waiting = new Map<string, Set<() => void>>();
  let ofHub = 0;
  const kinds = [
    ['Service', RESOURCE.service],
    ['EndpointSlice', RESOURCE.endpointSlice],
  ] as const;
  const reflectors = kinds.map(([kind, resource]) => {
    const reflector = createReflector<KubeObject>(
      {
        client: cluster.client,
        resource,
        project: (object) => object,
        onChange(_key, current, previous) {
          if (current?.metadata.labels?.['kilofed.io/managed-by'] !== undefined) ofHub += 1;
          for (const found of waiting.get(tagOf(kind, current, previous)) ?? []) found();
          onChange(kind, current, previous);
        },
      },
      { clock: systemClock, random: Math.random, log: SILENT },
    );
    void reflector.run(signal);
    return reflector;
  });
  await until('the first lists', 10_000, () => reflectors.every((each) => each.synced()) || undefined);
  return {
    ofHub: () => ofHub,
    next: (tag) =>
      new Promise((resolve, reject) => {
        const all = waiting.get(tag) ?? new Set();
        waiting.set(tag, all);
        const end = (): void => {
          clearTimeout(timer);
          all.delete(found);
          if (all.size === 0) waiting.delete(tag);
        };
        const found = (): void => {
          end();
          resolve(performance.now());
        };
        const timer = setTimeout(() => {
          end();
          reject(new Error(`not seen within ${PATIENCE_MS} ms: ${tag}`));
        }, PATIENCE_MS);
        all.add(found);
      }),
  };
}

function tagOf(kind: 'Service' | 'EndpointSlice', current: KubeObject | undefined, previous: KubeObject | undefined): string {
  const { name = '', labels } = (current ?? previous)?.metadata ?? {};
  if (kind === 'Service') return current === undefined ? TAG.serviceGone(name) : TAG.service(name);
  const service = labels?.['kubernetes.io/service-name'] ?? '';
  return current === undefined ? TAG.endpointsGone(service) : TAG.endpoints(service, portOf(current));
}

export function portOf(object: KubeObject): number {
  return (object as KubeObject & { readonly ports?: readonly { readonly port?: number }[] | null }).ports?.[0]?.port ?? 0;
}

const SILENT: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, with: () => SILENT };
