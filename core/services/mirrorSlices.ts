/**
 * One exporter's EndpointSlices as they are to stand in an importing member: one source slice, one mirror.
 *
 * Conditions are copied as they are, since kube-proxy itself falls back to serving, terminating endpoints. What only means
 * something in the source cluster goes: node names, pod references, zone hints.
 */
import { ANNOTATION, HUB_MANAGER, LABEL, MCS_LABEL } from '../api/names.js';
import { isWithin } from '../net/sets.js';
import { isSpecial } from '../net/special.js';
import { type MergedService, samePort } from './merge.js';
import type { SliceEndpoint, SlicePort, SliceRecord } from './model.js';
import { mirroredSliceName, type Sha256 } from './names.js';
import type { EndpointSliceObject, Exporter } from './importParts.js';

export interface MirrorContext {
  /** The Service in the importing member. */
  readonly service: string;
  readonly merged: MergedService;
  readonly families: readonly ('IPv4' | 'IPv6')[];
  readonly sha256: Sha256;
}

export function mirrorSlices(exporter: Exporter, context: MirrorContext): { readonly slices: EndpointSliceObject[]; readonly notes: string[] } {
  const { service } = exporter;
  // Only ports that the merged Service has too: the same name with another number would carry traffic meant for neither.
  const published = new Set(
    service.ports.filter((port) => context.merged.ports.some((each) => samePort(each, port))).map(({ name }) => name),
  );
  let strangers = 0;
  const slices = exporter.slices
    .filter(({ addressType }) => context.families.includes(addressType))
    .map((slice) => {
      const endpoints = slice.endpoints.flatMap((endpoint) => {
        const addresses = endpoint.addresses.filter((address) => isMirrored(address, exporter.networks));
        strangers += endpoint.addresses.length - addresses.length;
        return addresses.length === 0 ? [] : [endpointObject(endpoint, addresses)];
      });
      return sliceObject(slice, { context, endpoints, ports: slice.ports.filter(({ name }) => published.has(name)) });
    });
  const notes = strangers === 0 ? [] : [
    `${strangers} address(es) of ${service.cluster} lie outside of its pod and node ranges, so they are not mirrored`,
  ];
  return { slices, notes };
}

function isMirrored(address: string, networks: readonly string[]): boolean {
  return !isSpecial(address) && isWithin(address, networks);
}

function sliceObject(
  slice: SliceRecord,
  parts: { readonly context: MirrorContext; readonly endpoints: readonly Readonly<Record<string, unknown>>[]; readonly ports: readonly SlicePort[] },
): EndpointSliceObject {
  const { context } = parts;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: mirroredSliceName(slice.service, { cluster: slice.cluster, uid: slice.uid }, context.sha256),
      namespace: slice.namespace,
      labels: {
        [LABEL.managedBy]: HUB_MANAGER,
        [LABEL.cluster]: slice.cluster,
        [MCS_LABEL.kubeServiceName]: context.service,
        [MCS_LABEL.serviceName]: slice.service,
        [MCS_LABEL.sourceCluster]: slice.cluster,
        [MCS_LABEL.sliceManagedBy]: HUB_MANAGER,
      },
      annotations: { [ANNOTATION.source]: `${slice.namespace}/${slice.service}` },
    },
    addressType: slice.addressType,
    ports: parts.ports.map(({ name, ...rest }) => ({ name, ...rest })),
    endpoints: parts.endpoints,
  };
}

function endpointObject(endpoint: SliceEndpoint, addresses: readonly string[]): Readonly<Record<string, unknown>> {
  const { ready, serving, terminating, hostname, zone } = endpoint;
  return {
    addresses,
    conditions: {
      ...(ready === undefined ? {} : { ready }),
      ...(serving === undefined ? {} : { serving }),
      ...(terminating === undefined ? {} : { terminating }),
    },
    ...(hostname === undefined ? {} : { hostname }),
    ...(zone === undefined ? {} : { zone }),
  };
}
