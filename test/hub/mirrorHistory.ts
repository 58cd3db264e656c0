/**
 * What a watcher of an importing API server sees of a mirror: every state that its Service and slices were in, in order.
 */
import { type KubeObject, RESOURCE, resourcePath } from '../../core/api/resources.js';
import type { Cluster } from './cluster.js';

export interface MirrorHistory {
  /**
   * Ports of the Service, as `number/protocol`, that had endpoints in one state of it and none in a later one, and what the
   * Service and the slices named then. A Service that is created anew begins anew.
   */
  gaps(): readonly string[];
  /** How often the Service and its slices changed. */
  readonly changes: () => number;
  stop(): void;
}

interface Port {
  readonly name?: string;
  readonly protocol?: string;
  readonly port?: number;
}

interface Service extends KubeObject {
  readonly spec: { readonly ports: readonly Port[] };
}

interface Slice extends KubeObject {
  readonly ports: readonly Port[] | null;
  readonly endpoints: readonly unknown[] | null;
}

interface List {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly KubeObject[];
}

interface Event {
  /** Revision of the API server's store: one order for all resources. */
  readonly revision: bigint;
  readonly object: KubeObject;
  readonly gone: boolean;
}

/** Follows the Service `namespace/name` and the slices that name it, from now on. */
export async function recordMirror({ client }: Pick<Cluster, 'client'>, namespace: string, name: string): Promise<MirrorHistory> {
  const stop = new AbortController();
  const events: Event[] = [];
  const concerns = ({ kind, metadata }: KubeObject): boolean =>
    kind === 'Service' ? metadata.name === name : metadata.labels?.['kubernetes.io/service-name'] === name;
  const take = (object: KubeObject, gone: boolean): void => {
    if (concerns(object)) events.push({ revision: BigInt(object.metadata.resourceVersion ?? 0), gone, object });
  };
  for (const resource of [RESOURCE.service, RESOURCE.endpointSlice]) {
    const path = resourcePath(resource, namespace);
    const listed = await client.call<List>({ method: 'GET', path });
    if (!listed.ok) throw new Error(listed.error.message);
    const { items, metadata } = listed.value;
    for (const item of items) take({ ...item, kind: resource.kind }, false);
    const query = { watch: true, resourceVersion: metadata.resourceVersion };
    void client.stream({ path, query, idleMs: 60_000, signal: stop.signal }, (line) => {
      const { type, object } = JSON.parse(line) as { readonly type: string; readonly object: KubeObject };
      take(object, type === 'DELETED');
    });
  }
  return {
    gaps: () => gapsIn(events.toSorted((a, b) => Number(a.revision - b.revision))),
    changes: () => events.length,
    stop: () => stop.abort(),
  };
}

function gapsIn(events: readonly Event[]): string[] {
  const slices = new Map<string, Slice>();
  const served = new Set<string>();
  const gaps: string[] = [];
  let service: Service | undefined;
  for (const { object, gone } of events) {
    if (object.kind === 'Service') {
      if (gone || object.metadata.uid !== service?.metadata.uid) served.clear();
      service = gone ? undefined : (object as Service);
    } else if (gone) slices.delete(object.metadata.name);
    else slices.set(object.metadata.name, object as Slice);
    if (service === undefined) continue;
    const named = new Set(
      [...slices.values()].flatMap(({ ports, endpoints }) => ((endpoints ?? []).length === 0 ? [] : (ports ?? []).map(nameOf))),
    );
    for (const port of service.spec.ports) {
      const number = `${port.port}/${port.protocol ?? 'TCP'}`;
      if (named.has(nameOf(port))) served.add(number);
      else if (served.has(number)) gaps.push(`${number} is named ${nameOf(port)}, slices have ${[...named].join()}`);
    }
  }
  return gaps;
}

function nameOf({ name, protocol }: Port): string {
  return `${name ?? ''}/${protocol ?? 'TCP'}`;
}
