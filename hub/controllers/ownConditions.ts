/**
 * The conditions in a ServiceExport that are the hub's. Those of other types belong to other writers.
 */
import type { Condition, KubeObject } from '../../core/api/resources.js';
import type { ExportCondition } from '../../core/services/planExport.js';

export interface ServiceExport extends KubeObject {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

const OUR_TYPES: ReadonlySet<string> = new Set<ExportCondition['type']>(['Valid', 'Ready', 'Conflict']);

/** The object with these alone. */
export function ownConditions(object: ServiceExport): ServiceExport {
  const conditions = (object.status?.conditions ?? [])
    .filter(({ type }) => OUR_TYPES.has(type))
    .toSorted((a, b) => (a.type < b.type ? -1 : 1));
  return { ...object, status: { conditions } };
}
