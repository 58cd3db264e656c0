/**
 * Which Services have ready endpoints nowhere but in one member, so that its drain leaves others without any.
 */
import type { FederationStatus } from '../core/api/status.js';

export interface LeftWithout {
  /** `namespace/name`. */
  readonly service: string;
  /** Ids of the members that import it, sorted. */
  readonly importers: readonly string[];
}

/** Sorted by name. Only what somebody imports counts. One that is drained, or has none ready, is no help. */
export function leftWithout(id: string, { members, services }: FederationStatus): readonly LeftWithout[] {
  const drained = new Set(members.flatMap((member) => (member.drain === undefined ? [] : [member.id])));
  return services
    .flatMap(({ namespace, name, exporters, importers }) => {
      const helps = exporters.some(({ cluster, ready }) => cluster !== id && ready > 0 && !drained.has(cluster));
      const mirrored = importers.flatMap(({ cluster, state }) => (state === 'mirrored' && cluster !== id ? [cluster] : []));
      const isOurs = exporters.some(({ cluster, ready }) => cluster === id && ready > 0);
      return helps || !isOurs || mirrored.length === 0 ? [] : [{ service: `${namespace}/${name}`, importers: mirrored.toSorted() }];
    })
    .toSorted((a, b) => (a.service < b.service ? -1 : 1));
}
