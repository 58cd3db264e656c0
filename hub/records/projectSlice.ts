/**
 * What is kept of an EndpointSlice: of an exported Service what importers need, of our own what we wrote, of others nothing.
 */
import { MCS_LABEL } from '../../core/api/names.js';
import { isHubs } from '../../core/observed/ownership.js';
import { readObject } from '../../core/observed/readObject.js';
import type { KubeObject } from '../../core/api/resources.js';
import type { SliceRecord } from '../../core/services/model.js';
import { readSlice, sliceIdentity } from '../../core/services/observed.js';
import { projectOwn } from './existingObject.js';
import { type Kept, kept, malformed } from './kept.js';

export type SliceEntry =
  | { readonly kind: 'own'; readonly object: KubeObject }
  | { readonly kind: 'source'; readonly record: SliceRecord }
  /** Neither ours nor needed. */
  | { readonly kind: 'other' };

const OTHER: SliceEntry = { kind: 'other' };

/** `wanted` tells whether the slices of a Service, given as `namespace/name`, are needed. */
export function projectSlice(cluster: string, object: unknown, wanted: (service: string) => boolean): Kept<SliceEntry> {
  const identity = readObject(sliceIdentity, object);
  if (!identity.ok) return kept(OTHER, malformed('endpointSlice', object, identity.error));
  const { namespace, name, labels, deletionTimestamp } = identity.value.metadata;
  if (isHubs('endpointSlice', object)) {
    const { value: existing, problems } = projectOwn('endpointSlice', object);
    return { value: existing?.own === true ? { kind: 'own', object: existing.object } : OTHER, problems };
  }
  const service = labels?.[MCS_LABEL.kubeServiceName];
  if (service === undefined || typeof deletionTimestamp === 'string' || !wanted(`${namespace}/${service}`)) return kept(OTHER);
  const read = readSlice(cluster, object);
  if (!read.ok) return kept(OTHER, malformed('endpointSlice', object, read.error));
  if (read.value === undefined) return kept(OTHER);
  const { record, complaints } = read.value;
  const subject = { kind: 'object', type: 'EndpointSlice', key: `${namespace}/${name}` } as const;
  return kept({ kind: 'source', record }, ...complaints.map((complaint) => ({ subject, ...complaint })));
}
