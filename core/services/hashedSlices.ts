/**
 * The EndpointSlices of a plan as they are written: each name once, sorted, and with their hashes.
 */
import type { EndpointSliceObject } from './importParts.js';
import type { Sha256 } from './names.js';
import { withReadiness } from './readiness.js';
import { withOwnHash } from './withOwnHash.js';

export function hashedSlices(slices: readonly EndpointSliceObject[], sha256: Sha256): EndpointSliceObject[] {
  return unique(slices).map((slice) => withSliceHash(slice, sha256));
}

/** Sorted by name. Of two slices with one UID, which only a hostile member has, the first is kept. */
function unique(slices: readonly EndpointSliceObject[]): EndpointSliceObject[] {
  const byName = new Map(slices.toReversed().map((slice) => [slice.metadata.name, slice]));
  return [...byName.values()].toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

/** Of all but what is held back, so that whoever holds back in the place of the hub leaves the hash as the hub would have it. */
function withSliceHash(slice: EndpointSliceObject, sha256: Sha256): EndpointSliceObject {
  const { annotations } = withOwnHash(
    withReadiness(slice, () => false),
    sha256,
  ).metadata;
  return { ...slice, metadata: { ...slice.metadata, annotations: { ...annotations, ...slice.metadata.annotations } } };
}
