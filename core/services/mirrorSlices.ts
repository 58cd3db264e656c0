/**
 * One exporter's EndpointSlices as they are to stand in an importing member: one source slice, one mirror.
 *
 * Conditions are copied as they are, since kube-proxy itself falls back to serving, terminating endpoints. What only means
 * something in the source cluster goes: node names, pod references, zone hints.
 */
import { ANNOTATION, HUB_MANAGER, LABEL, MCS_LABEL } from '../api/names.js';
import { parseCidr } from '../net/cidr.js';
import { createPrefixMap } from '../net/prefixMap.js';
import { isSpecial } from '../net/special.js';
import type { EndpointSliceObject, Exporter } from './importParts.js';
import { type MergedService, samePort, standingName } from './merge.js';
import type { SliceEndpoint, SlicePort, SliceRecord } from './model.js';
import { mirroredSliceName, type Sha256 } from './names.js';
import { isHostname, isOfType, isPort, SLICE_LIMIT } from './wellFormed.js';

export interface MirrorContext {
  /** The Service in the importing member. */
  readonly service: string;
  readonly merged: MergedService;
  readonly families: readonly ('IPv4' | 'IPv6')[];
  readonly sha256: Sha256;
}

export interface Mirrored {
  readonly slices: readonly EndpointSliceObject[];
  /** What was left out, and why. */
  readonly notes: readonly string[];
}

export function mirrorSlices(exporter: Exporter, context: MirrorContext): Mirrored {
  const { cluster, namespace, name } = exporter.service;
  // Nothing ends up anywhere but where its Service was watched (CVE-2026-66788).
  const ours = exporter.slices.filter((slice) => slice.cluster === cluster && slice.namespace === namespace && slice.service === name);
  const mirrored = ours.filter(({ addressType }) => context.families.includes(addressType));
  const reach = reachOf(exporter.networks);
  const publish = publisher(exporter, context.merged);
  let strangers = 0;
  let surplus = 0;

  const endpointsOf = (slice: SliceRecord): Readonly<Record<string, unknown>>[] => {
    surplus += Math.max(0, slice.endpoints.length - SLICE_LIMIT.endpoints);
    return slice.endpoints.slice(0, SLICE_LIMIT.endpoints).flatMap((endpoint) => {
      const addresses = endpoint.addresses.filter((address) => reach(address) && isOfType(address, slice.addressType));
      strangers += endpoint.addresses.length - addresses.length;
      return addresses.length === 0 ? [] : [endpointObject(endpoint, addresses.slice(0, SLICE_LIMIT.addresses), exporter.tunnels === 'down')];
    });
  };
  const slices = mirrored.map((slice) => sliceObject(slice, { context, endpoints: endpointsOf(slice), ports: publish(slice.ports) }));
  return {
    slices,
    notes: [
      ...(strangers === 0 ? [] : [`${strangers} address(es) of ${cluster} lie outside of its pod and node ranges, so they are not mirrored`]),
      ...(surplus === 0 ? [] : [`${surplus} endpoint(s) of ${cluster} are more than an EndpointSlice holds, so they are not mirrored`]),
      ...(mirrored.length === ours.length ? [] : [`${ours.length - mirrored.length} EndpointSlice(s) of ${cluster} are of an IP family that is not mirrored here`]),
      ...(exporter.tunnels === 'down' ? [`no tunnel to ${cluster} works, so its endpoints count as not ready`] : []),
    ],
  };
}

/** Is an address one that the exporter may have others send to? */
function reachOf(networks: readonly string[]): (address: string) => boolean {
  const map = createPrefixMap<true>();
  for (const network of networks) {
    const cidr = parseCidr(network);
    if (cidr !== undefined) map.set(cidr, true);
  }
  return (address) => {
    if (address.includes('/')) return false;
    const cidr = parseCidr(address);
    return cidr !== undefined && !isSpecial(cidr) && map.covering(cidr).length > 0;
  };
}

/**
 * Only ports that the merged Service has too, by name, protocol and number: the same name with another number would carry
 * traffic meant for neither. In a slice the number is the endpoint's own, so it is the exporter's Service that tells.
 */
function publisher({ service }: Exporter, merged: MergedService): (ports: readonly SlicePort[]) => SlicePort[] {
  const published = service.ports.filter((port) => merged.ports.some((each) => samePort(each, port)));
  return (ports) => ports
    .filter((port) => isPort(port) && published.some(({ name, protocol }) => name === port.name && protocol === port.protocol))
    .slice(0, SLICE_LIMIT.ports)
    .map((port) => ({ ...port, name: standingName(port.name, merged) }));
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
    ports: parts.ports.map(({ name, protocol, port, appProtocol }) => ({ name, protocol, port, ...(appProtocol !== undefined && { appProtocol }) })),
    endpoints: parts.endpoints,
  };
}

/** `silent`: nothing reaches it. Then it must not serve either, or kube-proxy would fall back to it. */
function endpointObject(endpoint: SliceEndpoint, addresses: readonly string[], silent: boolean): Readonly<Record<string, unknown>> {
  const { ready, serving, terminating, hostname, zone } = endpoint;
  return {
    addresses,
    conditions: {
      ...(silent ? { ready: false, serving: false } : { ...(ready !== undefined && { ready }), ...(serving !== undefined && { serving }) }),
      ...(terminating !== undefined && { terminating }),
    },
    ...(hostname !== undefined && isHostname(hostname) && { hostname }),
    ...(zone !== undefined && { zone }),
  };
}
