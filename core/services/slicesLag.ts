/**
 * Finds exporters whose EndpointSlices do not have the ports of their Service yet.
 *
 * kube-controller-manager updates the slices a moment after the Service changes, and the hub watches both separately. If that
 * state were mirrored, the Service would name a port that no slice has.
 */
import type { Exporter } from './importParts.js';
import type { ServicePort, SlicePort } from './model.js';

/** Ids of the exporters with endpoints behind a port that their Service lacks, and none behind a port that it has. */
export function laggingExporters(exporters: readonly Exporter[]): string[] {
  return exporters
    .filter(({ service, slices }) => slices.some((slice) => slice.endpoints.length > 0 && differ(service.ports, slice.ports)))
    .map(({ service }) => service.cluster);
}

/** Each has a port that the other lacks. If only the Service has more, it may name a port that no pod serves. */
function differ(ofService: readonly ServicePort[], ofSlice: readonly SlicePort[]): boolean {
  return lacksSome(ofService, ofSlice) && lacksSome(ofSlice, ofService);
}

function lacksSome(ports: readonly (ServicePort | SlicePort)[], others: readonly (ServicePort | SlicePort)[]): boolean {
  const known = new Set(ports.map(keyOf));
  return others.some((other) => !known.has(keyOf(other)));
}

function keyOf({ name, protocol }: ServicePort | SlicePort): string {
  return `${protocol}/${name}`;
}
