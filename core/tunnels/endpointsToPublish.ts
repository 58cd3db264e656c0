/**
 * Which of the endpoints that a gateway observes (roamedEndpoints.ts) it publishes for others.
 */
import { MAX_OBSERVED_ENDPOINTS, type MeshNode, type ObservedEndpoint } from '../api/meshNode.js';

/**
 * Those that fewer than two others publish, so that a gateway that moves costs two writes and not one by everybody. Where more nodes
 * started at the same time, the first two by name go on. `self` is the name of this node.
 */
export function endpointsToPublish(
  observed: readonly ObservedEndpoint[],
  self: string,
  nodes: readonly MeshNode[],
): readonly ObservedEndpoint[] {
  if (observed.length === 0) return [];
  const publishers = new Map<string, string[]>();
  for (const { metadata, spec } of nodes) {
    if (metadata.deletionTimestamp !== undefined) continue;
    for (const one of spec.observedEndpoints ?? []) publishers.set(textOf(one), [...(publishers.get(textOf(one)) ?? []), metadata.name]);
  }
  return observed
    .filter((one) => {
      const names = publishers.get(textOf(one)) ?? [];
      const rivals = names.includes(self) ? names.filter((name) => name < self) : names;
      return rivals.length < PUBLISHERS;
    })
    .toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1))
    .slice(0, MAX_OBSERVED_ENDPOINTS);
}

/** Equal for equal lists. */
export function observedEndpointsText(observed: readonly ObservedEndpoint[]): string {
  return observed.map(textOf).join();
}

function textOf({ publicKey, plane, host, port }: ObservedEndpoint): string {
  return `${publicKey} ${plane} ${host} ${port}`;
}

const PUBLISHERS = 2;
