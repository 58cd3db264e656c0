/**
 * The floor: the least that any mirror must do. One watch on the Services and one on the EndpointSlices of a cluster, and as its only
 * answer to an event the writes without which nothing is mirrored, at once: a Service and its slice, or their deletion.
 */
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { applyObject, deleteObject } from '../../kube/wire/apply.js';
import type { BareCluster } from '../bare/cluster.js';
import { asksFloor, FLOOR, namespaceOf, sketchOf } from './propagationObjects.js';
import { portOf, watchCluster } from './sightings.js';

/** Of the mirror of one. */
export const copyOf = (service: string): string => `copy-${service}`;

/** Mirrors by hand what is exported in `from`, until `signal` aborts. */
export async function runBareMirror(from: BareCluster, to: BareCluster, signal: AbortSignal): Promise<void> {
  const ports = new Map<string, number>();
  const exported = new Set<string>();
  const sketch = (service: string): ReturnType<typeof sketchOf> => sketchOf(copyOf(service), ports.get(service) ?? 0);
  const apply = (object: object): unknown => applyObject(to.client, object as KubeObject, { fieldManager: 'floor' });

  function sliceChanged(service: string, slice: KubeObject): void {
    ports.set(service, portOf(slice));
    if (exported.has(service)) void apply(sketch(service).slice);
  }

  function serviceChanged(service: string, wanted: boolean): void {
    if (wanted === exported.has(service)) return;
    if (wanted) {
      exported.add(service);
      void Promise.all([apply(sketch(service).service(false)), apply(sketch(service).slice)]);
      return;
    }
    exported.delete(service);
    const copy = copyOf(service);
    const namespace = namespaceOf(copy);
    void Promise.all([
      deleteObject(to.client, { resource: RESOURCE.service, namespace, name: copy }),
      deleteObject(to.client, { resource: RESOURCE.endpointSlice, namespace, name: `${copy}-1` }),
    ]);
  }

  await watchCluster(from, signal, (kind, current, previous) => {
    const { name = '', labels, annotations } = (current ?? previous)?.metadata ?? {};
    const service = kind === 'Service' ? name : (labels?.['kubernetes.io/service-name'] ?? '');
    if (!service.startsWith(FLOOR)) return;
    if (kind === 'Service') serviceChanged(service, current !== undefined && asksFloor(annotations));
    else if (current !== undefined) sliceChanged(service, current);
  });
}
