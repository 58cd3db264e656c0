/**
 * discover: what a node tells the mesh of itself, from its Node object and its own addresses.
 *
 * Kilo's annotations keep their meaning (Kilo docs/annotations.md). A value that cannot be used is a problem that says
 * what to write, and the node goes on as if it were not there.
 */
import ipaddr from 'ipaddr.js';
import * as z from 'zod';
import type { MeshSpec } from '../api/mesh.js';
import { meshNodeSpecSchema, type MeshNodeSpec } from '../api/meshNode.js';
import { ANNOTATION, KILO_ANNOTATION } from '../api/names.js';
import { addressWithPrefix, cidr, host, meta, port } from '../api/schema.js';
import { CILIUM_HOST, type Problem } from '../mesh/plan.js';
import type { Confirmed } from '../mesh/believed.js';
import type { HostAddress } from './parseIp.js';
import { sortCidrs } from '../net/cidr.js';
import { canonicalAddress, familyOf, singleCIDR } from './text.js';

/** A Node, as far as we read it. */
export const nodeSchema = z.object({
  metadata: meta,
  spec: z.object({ podCIDR: z.string().optional(), podCIDRs: z.array(z.string()).optional(), unschedulable: z.boolean().optional() }).optional(),
  status: z.object({ addresses: z.array(z.object({ type: z.string(), address: z.string() })).optional() }).optional(),
});

export type NodeFacts = z.infer<typeof nodeSchema>;

export interface DiscoverInput {
  readonly node: NodeFacts;
  readonly mesh: MeshSpec;
  /** All of the host. */
  readonly addresses: readonly HostAddress[];
  readonly publicKey: string;
  /** What of Kilo's own agent is on the host; absent: nothing. */
  readonly kilo?: MeshNodeSpec['kilo'] | undefined;
}

export interface Discovery {
  readonly spec: MeshNodeSpec;
  readonly problems: readonly Problem[];
}

export function discover(input: DiscoverInput): Discovery {
  const { node, mesh, publicKey, kilo } = input;
  const problems: Problem[] = [];
  const report = (reason: string, message: string): void => void problems.push({ subject: `node ${node.metadata.name}`, reason, message });
  const allowedLocationIPs = locationIPsOf(node, report);
  const cniCompatibilityIP = mesh.encapsulationType === 'cilium' ? ciliumAddress(input.addresses, report) : undefined;
  const spec: MeshNodeSpec = {
    publicKey,
    endpoints: endpointsOf(node, mesh.port, report),
    internalIPs: internalIPsOf(node, input.addresses, report),
    podCIDRs: podCIDRsOf(node, report),
    ...(allowedLocationIPs.length === 0 ? {} : { allowedLocationIPs }),
    ...(cniCompatibilityIP === undefined ? {} : { cniCompatibilityIP }),
    location: locationOf(node, mesh.topologyLabel),
    gateway: gatewayOf(node),
    persistentKeepalive: keepaliveOf(node, report),
    ...(kilo === undefined ? {} : { kilo }),
  };
  return { spec: meshNodeSpecSchema.parse(spec), problems };
}

/** The part of `discover` that stands in the Node alone, so that others can check what an agent tells. Not the key, which does not. */
export function confirmable(node: NodeFacts, mesh: Pick<MeshSpec, 'topologyLabel' | 'port'>): Omit<Confirmed, 'publicKey'> & Pick<MeshNodeSpec, 'gateway'> {
  const allowedLocationIPs = locationIPsOf(node, silent);
  return {
    location: locationOf(node, mesh.topologyLabel),
    podCIDRs: podCIDRsOf(node, silent),
    internalIPs: internalAddresses(node).slice(0, 4),
    endpoints: endpointsOf(node, mesh.port, silent).map(({ host: each }) => each),
    ...(allowedLocationIPs.length === 0 ? {} : { allowedLocationIPs }),
    gateway: gatewayOf(node),
  };
}

const silent = (): void => undefined;

/** The node's own addresses inside its location: what finds its underlay device. */
export function internalAddresses(node: NodeFacts): readonly string[] {
  const forced = annotation(node, 'forceInternalIP');
  const list = forced === undefined ? undefined : forcedInternalIPs(forced);
  return list === undefined ? addressesOf(node, 'InternalIP') : list.map((one) => canonicalAddress(one.split('/')[0] ?? ''));
}

/** Is the node to be left by traffic that has another way: cordoned, or told so? */
export function isSpared(node: NodeFacts): boolean {
  return node.spec?.unschedulable === true || node.metadata.annotations?.[ANNOTATION.drain] === 'true';
}

type Report = (reason: string, message: string) => void;

function annotation(node: NodeFacts, name: keyof typeof KILO_ANNOTATION): string | undefined {
  return node.metadata.annotations?.[KILO_ANNOTATION[name]];
}

/** Addresses of a type, without those that are no addresses: a Node may also list host names. */
function addressesOf(node: NodeFacts, type: string): readonly string[] {
  return (node.status?.addresses ?? []).filter((one) => one.type === type && ipaddr.isValid(one.address)).map((one) => canonicalAddress(one.address));
}

/** The annotation wins even when it is empty: that is the default location. */
function locationOf(node: NodeFacts, label: string): string {
  return (annotation(node, 'location') ?? node.metadata.labels?.[label] ?? '').slice(0, 253);
}

function gatewayOf(node: NodeFacts): MeshNodeSpec['gateway'] {
  return annotation(node, 'leader') === undefined ? 'auto' : 'preferred';
}

function endpointsOf(node: NodeFacts, meshPort: number, report: Report): MeshNodeSpec['endpoints'] {
  const text = annotation(node, 'forceEndpoint');
  const forced = text === undefined || text === '' ? undefined : parseEndpoint(text);
  if (forced !== undefined) return [forced];
  if (text !== undefined && text !== '') {
    report('BadForceEndpoint', `annotation ${KILO_ANNOTATION.forceEndpoint} is "${text}": write host:port, such as 203.0.113.7:51820 or [2001:db8::7]:51820`);
  }
  const external = addressesOf(node, 'ExternalIP');
  return (external.length > 0 ? external : addressesOf(node, 'InternalIP')).slice(0, 8).map((address) => ({ host: address, port: meshPort }));
}

function parseEndpoint(text: string): { readonly host: string; readonly port: number } | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):([0-9]+)$/.exec(text) ?? [];
  const parsed = z.object({ host, port }).safeParse({ host: bracketed ?? plain?.toLowerCase(), port: Number(digits) });
  return parsed.success ? parsed.data : undefined;
}

function internalIPsOf(node: NodeFacts, addresses: readonly HostAddress[], report: Report): string[] {
  const text = annotation(node, 'forceInternalIP');
  const forced = text === undefined ? undefined : forcedInternalIPs(text);
  if (forced !== undefined) return [...forced];
  if (text !== undefined) {
    report('BadForceInternalIP', `annotation ${KILO_ANNOTATION.forceInternalIP} is "${text}": write the address with its prefix length, such as 10.0.0.2/24, or - for none`);
  }
  return addressesOf(node, 'InternalIP').slice(0, 4).map((address) => {
    const held = addresses.find((one) => one.address === address);
    if (held !== undefined) return `${address}/${held.prefixLength}`;
    report('InternalIPNotHere', `no device of this host holds the Node's InternalIP ${address}: it is taken as an address without neighbours; set ${KILO_ANNOTATION.forceInternalIP} to the one to use`);
    return singleCIDR(address);
  });
}

/** Undefined: not understood. */
function forcedInternalIPs(text: string): readonly string[] | undefined {
  if (text === '' || text === '-') return [];
  const parts = text.split(',').map((part) => part.trim());
  return parts.length <= 4 && parts.every((part) => part.includes('/') && addressWithPrefix.safeParse(part).success) ? parts : undefined;
}

function podCIDRsOf(node: NodeFacts, report: Report): string[] {
  const { podCIDR, podCIDRs } = node.spec ?? {};
  return (podCIDRs ?? (podCIDR === undefined ? [] : [podCIDR])).filter((text) => {
    const good = cidr.safeParse(text).success;
    if (!good) report('BadPodCIDR', `the Node's pod CIDR ${text} is no network: its pods cannot be reached`);
    return good;
  }).slice(0, 16).toSorted(byFamily);
}

/** IPv4 first. Not by `localeCompare`, whose first call loads the collation of human languages: 3 MiB. */
function byFamily(a: string, b: string): number {
  return Number(familyOf(a) === 'inet6') - Number(familyOf(b) === 'inet6');
}

/** What Kilo publishes as cni-compatibility-ip (Kilo pkg/encapsulation/cilium.go). */
function ciliumAddress(addresses: readonly HostAddress[], report: Report): string | undefined {
  const held = addresses.find(({ dev, address }) => dev === CILIUM_HOST && familyOf(address) === 'inet');
  if (held === undefined) report('NoCiliumHost', `the Mesh says encapsulationType cilium, but this host has no device ${CILIUM_HOST} with an IPv4 address: run Cilium here, or choose vxlan`);
  return held?.address;
}

/** Kilo takes `a, b` for `a` alone, and leaves out in silence what it does not understand (Kilo pkg/k8s/backend.go). */
function locationIPsOf(node: NodeFacts, report: Report): string[] {
  const parts = (annotation(node, 'allowedLocationIPs') ?? '').split(',').map((part) => part.trim()).filter((part) => part !== '');
  const good = parts.filter((text) => {
    const parsed = cidr.safeParse(text);
    if (!parsed.success) report('BadAllowedLocationIPs', `annotation ${KILO_ANNOTATION.allowedLocationIPs} lists "${text}", which is left out: it ${parsed.error.issues[0]?.message}`);
    return parsed.success;
  });
  const sorted = sortCidrs(good);
  if (sorted.length > MAX_LOCATION_IPS) {
    report('BadAllowedLocationIPs', `annotation ${KILO_ANNOTATION.allowedLocationIPs} lists ${sorted.length} networks, of which the first ${MAX_LOCATION_IPS} are taken: write wider ones`);
  }
  return sorted.slice(0, MAX_LOCATION_IPS);
}

const MAX_LOCATION_IPS = 64;

function keepaliveOf(node: NodeFacts, report: Report): number {
  const text = annotation(node, 'persistentKeepalive');
  if (text === undefined || text === '') return 0;
  if (/^[0-9]{1,5}$/.test(text) && Number(text) <= 65535) return Number(text);
  report('BadPersistentKeepalive', `annotation ${KILO_ANNOTATION.persistentKeepalive} is "${text}": write whole seconds from 0 (off) to 65535`);
  return 0;
}
