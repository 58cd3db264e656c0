/**
 * Mirrors the EndpointSlices of one exporter for an importing member: one slice for each source slice.
 *
 * Conditions are copied unchanged, since kube-proxy falls back to endpoints that serve while they terminate; only what is cut off, or of
 * a member that is drained, is neither ready nor serving. Node names, pod references and zone hints are dropped: they mean something in the
 * source cluster only.
 */
import { ANNOTATION, HUB_MANAGER, LABEL, MCS_LABEL } from '../api/names.js';
import { addressOf, parseCidr } from '../net/cidr.js';
import { createPrefixMap } from '../net/prefixMap.js';
import { isSpecial } from '../net/special.js';
import { BOUND } from './bounds.js';
import { byClusterIp } from './clusterIp.js';
import { cutOff } from './cutOff.js';
import type { EndpointSliceObject, Exporter } from './importParts.js';
import type { SliceEndpoint, SlicePort, SliceRecord } from './model.js';
import { mirroredSliceName, type Sha256 } from './names.js';
import { withReadiness } from './readiness.js';
import { nameOfNameless, portKey, type ServiceShape } from './serviceShape.js';
import { isHostname, isOfType, isPort } from './wellFormed.js';

interface MirrorContext {
  /** The Service in the importing member. */
  readonly service: string;
  readonly shape: ServiceShape;
  readonly families: readonly ('IPv4' | 'IPv6')[];
  /** Whether endpoints keep their host names. Undefined: they do not, and it is told. */
  readonly hostnames: boolean | undefined;
  readonly sha256: Sha256;
}

interface Mirrored {
  readonly slices: readonly EndpointSliceObject[];
  /** Whether an address in them can not be reached, or is of a member that is drained. */
  readonly isCut: (address: string) => boolean;
  /** Why some endpoints are not ready that their exporter says are. Undefined: none is. */
  readonly heldBack: HeldBack | undefined;
  /** What was left out, and why. */
  readonly notes: readonly string[];
}

/** No link to them works, or their member is drained. */
type HeldBack = 'cutOff' | 'drained';

export function mirrorSlices(given: Exporter, context: MirrorContext): Mirrored {
  const { cluster, namespace, name } = given.service;
  // An import never lands in another namespace than the one its Service was watched in (CVE-2026-66788).
  const own = given.slices.filter((slice) => slice.cluster === cluster && slice.namespace === namespace && slice.service === name);
  const { exporter, notes } = byClusterIp({ ...given, slices: own }, context.families);
  const ours = exporter.slices;
  const mirrored = ours.filter(({ addressType }) => context.families.includes(addressType));
  const reach = reachOf(exporter);
  const publish = publisher(exporter, context.shape);
  const isDrained = exporter.drained === true;
  const isCut = isDrained ? () => true : cutOff(exporter.segments ?? []);
  let foreignAddresses = 0;
  let surplus = 0;
  let hostnames = 0;

  const endpointsOf = (slice: SliceRecord): Readonly<Record<string, unknown>>[] => {
    surplus += Math.max(0, slice.endpoints.length - BOUND.endpoints);
    return slice.endpoints.slice(0, BOUND.endpoints).flatMap((endpoint) => {
      const unique = [...new Set(endpoint.addresses)];
      const addresses = unique.flatMap((address) => reach(address, slice.addressType) ?? []);
      foreignAddresses += unique.length - addresses.length;
      if (addresses.length === 0) return [];
      const named = endpoint.hostname !== undefined && isHostname(endpoint.hostname);
      if (named) hostnames += 1;
      return [endpointObject(endpoint, { addresses: addresses.slice(0, BOUND.addresses), hostname: named && context.hostnames === true })];
    });
  };
  const all = mirrored.map((slice) => sliceObject(slice, { context, endpoints: endpointsOf(slice), ports: publish(slice.ports) }));
  const slices = all.map((slice) => withReadiness(slice, isCut));
  return {
    slices,
    isCut,
    heldBack: slices.some((slice, index) => slice !== all[index]) ? (isDrained ? 'drained' : 'cutOff') : undefined,
    notes: [
      ...notes,
      ...(foreignAddresses === 0
        ? []
        : [`${foreignAddresses} address(es) of ${cluster} are neither its pods' nor routed ones of its nodes, so they are not mirrored`]),
      ...(surplus === 0 ? [] : [`${surplus} endpoint(s) of ${cluster} are more than an EndpointSlice holds, so they are not mirrored`]),
      ...(mirrored.length === ours.length
        ? []
        : [`${ours.length - mirrored.length} EndpointSlice(s) of ${cluster} are of an IP family that is not mirrored here`]),
      ...(hostnames === 0 || context.hostnames !== undefined
        ? []
        : [
            `${hostnames} host name(s) of endpoints of ${cluster} are not mirrored: annotate namespace ${namespace} here with ` +
              `${ANNOTATION.importHostnames}=true if pods are to be reached by their own names, or with =false if not`,
          ]),
    ],
  };
}

/** Finds where an address of the exporter is reached: there, or at what stands in for it. Undefined: it may not direct traffic there. */
function reachOf({ networks, substitutes }: Exporter): (address: string, type: SliceRecord['addressType']) => string | undefined {
  const map = createPrefixMap<true>();
  for (const network of networks) {
    const cidr = parseCidr(network);
    if (cidr !== undefined) map.set(cidr, true);
  }
  return (text, type) => {
    const address = text.includes('/') ? undefined : addressOf(text);
    const cidr = address === undefined ? undefined : parseCidr(address);
    if (address === undefined || cidr === undefined || isSpecial(cidr) || !isOfType(address, type)) return undefined;
    return substitutes?.get(address) ?? (map.covering(cidr).length > 0 ? text : undefined);
  };
}

/**
 * Keeps the ports that the shape has too, with the same name, protocol and number: the same name with another number
 * would mix the traffic of two ports. A slice holds the endpoint's own number, so the exporter's Service decides. A name comes once, or an
 * API server would refuse the whole slice.
 */
function publisher({ service }: Exporter, shape: ServiceShape): (ports: readonly SlicePort[]) => SlicePort[] {
  const ofShape = new Set(shape.ports.map(portKey));
  const published = new Set(service.ports.filter((port) => ofShape.has(portKey(port))).map(nameKey));
  const nameless = nameOfNameless(shape);
  return (ports) =>
    firstOfName(ports.filter((port) => isPort(port) && published.has(nameKey(port))))
      .slice(0, BOUND.ports)
      .map((port) => ({ ...port, name: port.name === '' ? nameless : port.name }));
}

function firstOfName(ports: readonly SlicePort[]): SlicePort[] {
  return [...new Map(ports.toReversed().map((port) => [port.name, port])).values()].toReversed();
}

function nameKey({ name, protocol }: SlicePort): string {
  return `${protocol}/${name}`;
}

function sliceObject(
  slice: SliceRecord,
  parts: {
    readonly context: MirrorContext;
    readonly endpoints: readonly Readonly<Record<string, unknown>>[];
    readonly ports: readonly SlicePort[];
  },
): EndpointSliceObject {
  const { context } = parts;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: mirroredSliceName(context.service, { cluster: slice.cluster, uid: slice.uid }, context.sha256),
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
    ports: parts.ports.map(({ name, protocol, port, appProtocol }) => ({
      name,
      protocol,
      port,
      ...(appProtocol !== undefined && { appProtocol }),
    })),
    endpoints: parts.endpoints,
  };
}

interface Mirroring {
  readonly addresses: readonly string[];
  /** Whether it keeps its host name. */
  readonly hostname: boolean;
}

function endpointObject(endpoint: SliceEndpoint, { addresses, hostname }: Mirroring): Readonly<Record<string, unknown>> {
  const { ready, serving, terminating, zone } = endpoint;
  return {
    addresses,
    conditions: {
      ...(ready !== undefined && { ready }),
      ...(serving !== undefined && { serving }),
      ...(terminating !== undefined && { terminating }),
    },
    ...(hostname && { hostname: endpoint.hostname }),
    ...(zone !== undefined && { zone }),
  };
}
