/**
 * The observed endpoints that this node publishes. They change at most every five seconds, so that a gateway that keeps moving costs the
 * rest of the cluster little.
 */
import type { ObservedEndpoint } from '../../core/api/meshNode.js';
import type { Clock } from '../../core/runtime/clock.js';
import { observedEndpointsText } from '../../core/tunnels/endpointsToPublish.js';

export interface PublishedEndpoints {
  readonly endpoints: readonly ObservedEndpoint[];
  /** False: newer ones must wait. */
  readonly isCurrent: boolean;
}

export function createPublishedEndpoints(clock: Clock): (observed: readonly ObservedEndpoint[]) => PublishedEndpoints {
  let endpoints: readonly ObservedEndpoint[] = [];
  let changedAt = Number.NEGATIVE_INFINITY;
  return (observed) => {
    if (observedEndpointsText(observed) === observedEndpointsText(endpoints)) return { endpoints, isCurrent: true };
    if (clock.now() - changedAt < REST_MS) return { endpoints, isCurrent: false };
    endpoints = observed;
    changedAt = clock.now();
    return { endpoints, isCurrent: true };
  };
}

const REST_MS = 5000;
