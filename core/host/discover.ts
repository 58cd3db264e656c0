/**
 * discover: what a node publishes about itself, from its Node object and its own addresses.
 *
 * Kilo's annotations keep their meaning (Kilo docs/annotations.md). A value that cannot be used becomes a problem that says what to write,
 * and is otherwise ignored.
 */
import ipaddr from 'ipaddr.js';
import * as z from 'zod';
import type { MeshSpec } from '../api/meshSpec.js';
import { locationName, meshNodeSpecSchema, type MeshNodeSpec } from '../api/meshNode.js';
import { ANNOTATION, KILO_ANNOTATION } from '../api/names.js';
import { addressWithPrefix, cidr, host, meta, port } from '../api/schema.js';
import type { Problem, Subject } from '../api/problem.js';
import type { Reason } from '../api/reasons.js';
import type { PluginAddress } from '../mesh/encapsulation/strategy.js';
import { ENCAPSULATIONS } from '../mesh/encapsulation/table.js';
import type { Verified } from '../mesh/verified.js';
import type { HostAddress } from './parseIp.js';
import { contains, parseCidr, sortCidrs } from '../net/cidr.js';
import { canonicalAddress, singleCIDR } from './text.js';
import { familyName } from '../net/family.js';

/** The fields of a Node that we read. */
export const nodeSchema = z.object({
  metadata: meta,
  spec: z
    .object({ podCIDR: z.string().optional(), podCIDRs: z.array(z.string()).optional(), unschedulable: z.boolean().optional() })
    .optional(),
  status: z.object({ addresses: z.array(z.object({ type: z.string(), address: z.string() })).optional() }).optional(),
});

export type NodeObject = z.infer<typeof nodeSchema>;

interface DiscoverInput {
  readonly node: NodeObject;
  readonly mesh: MeshSpec;
  /** All addresses of the host. */
  readonly addresses: readonly HostAddress[];
  readonly publicKey: string;
  /** Whether Kilo's own agent runs or has left something; absent: neither. */
  readonly kilo?: MeshNodeSpec['kilo'] | undefined;
}

interface Discovery {
  readonly spec: MeshNodeSpec;
  readonly problems: readonly Problem[];
}

export function discover(input: DiscoverInput): Discovery {
  const { node, mesh, publicKey, kilo } = input;
  const problems: Problem[] = [];
  const subject: Subject = { kind: 'node', name: node.metadata.name };
  const report: Report = (reason, message, remedy) =>
    void problems.push({ subject, reason, message, ...(remedy === undefined ? {} : { remedy }) });
  const allowedLocationIPs = locationIPsOf(node, report);
  judgeDrain(node, report);
  const { pluginAddress } = ENCAPSULATIONS[mesh.encapsulationType];
  const cniCompatibilityIP = pluginAddress === undefined ? undefined : pluginAddressOf(pluginAddress, input.addresses, report);
  const spec: MeshNodeSpec = {
    publicKey,
    endpoints: endpointsOf(node, mesh.port, report),
    internalIPs: internalIPsOf(node, input.addresses, report),
    podCIDRs: podCIDRsOf(node, report),
    ...(allowedLocationIPs.length === 0 ? {} : { allowedLocationIPs }),
    ...(cniCompatibilityIP === undefined ? {} : { cniCompatibilityIP }),
    location: locationOf(node, mesh.topologyLabel, report),
    gateway: gatewayOf(node, report),
    persistentKeepalive: keepaliveOf(node, report),
    ...(kilo === undefined ? {} : { kilo }),
  };
  return { spec: meshNodeSpecSchema.parse(spec), problems };
}

/** The part of `discover` that follows from the Node alone, so that others can verify what an agent publishes. Not the key. */
export function verifiable(
  node: NodeObject,
  mesh: Pick<MeshSpec, 'topologyLabel' | 'port'>,
): Omit<Verified, 'publicKey'> & Pick<MeshNodeSpec, 'gateway'> {
  const allowedLocationIPs = locationIPsOf(node, silent);
  return {
    location: locationOf(node, mesh.topologyLabel, silent),
    podCIDRs: podCIDRsOf(node, silent),
    internalIPs: ownInternalAddresses(node).slice(0, 4),
    endpoints: endpointsOf(node, mesh.port, silent).map(({ host: each }) => each),
    ...(allowedLocationIPs.length === 0 ? {} : { allowedLocationIPs }),
    gateway: gatewayOf(node, silent),
  };
}

const silent = (): void => undefined;

/** The node's internal addresses, without prefix lengths; they identify its underlay device. */
export function ownInternalAddresses(node: NodeObject): readonly string[] {
  const forced = annotation(node, 'forceInternalIP');
  const list = forced === undefined ? undefined : forcedInternalIPs(forced);
  return list === undefined ? addressesOf(node, 'InternalIP') : list.map((one) => canonicalAddress(one.split('/')[0] ?? ''));
}

/** Whether traffic with another path should leave the node: it is cordoned, or annotated for it. */
export function isSpared(node: NodeObject): boolean {
  return node.spec?.unschedulable === true || node.metadata.annotations?.[ANNOTATION.drain] === 'true';
}

/** Whoever writes `yes` waits for traffic to leave, and it does not. */
function judgeDrain(node: NodeObject, report: Report): void {
  const text = node.metadata.annotations?.[ANNOTATION.drain];
  if (text === undefined || DRAIN_VALUES.includes(text)) return;
  report('BadDrain', `annotation ${ANNOTATION.drain} is "${text}", so the node does not drain`, 'write true, or false');
}

const DRAIN_VALUES = ['true', 'false', ''];

type Report = (reason: Reason, message: string, remedy?: string) => void;

function annotation(node: NodeObject, name: keyof typeof KILO_ANNOTATION): string | undefined {
  return node.metadata.annotations?.[KILO_ANNOTATION[name]];
}

/** The node's addresses of a type, without host names. */
function addressesOf(node: NodeObject, type: string): readonly string[] {
  return (node.status?.addresses ?? [])
    .filter((one) => one.type === type && ipaddr.isValid(one.address))
    .map((one) => canonicalAddress(one.address));
}

/** The annotation wins even if it is empty, which is the default location. */
function locationOf(node: NodeObject, label: string, report: Report): string {
  const annotated = annotation(node, 'location');
  if (annotated !== undefined && locationName.safeParse(annotated).success) return annotated;
  if (annotated !== undefined) {
    report(
      'BadLocation',
      `annotation ${KILO_ANNOTATION.location} is "${annotated}", which is ignored`,
      'write one line of at most 253 characters, without control characters',
    );
  }
  const labelled = node.metadata.labels?.[label] ?? '';
  return locationName.safeParse(labelled).success ? labelled : '';
}

/** Of Kilo's annotation the presence alone counts, whatever its value. */
function gatewayOf(node: NodeObject, report: Report): MeshNodeSpec['gateway'] {
  const text = node.metadata.annotations?.[ANNOTATION.gateway];
  const said = GATEWAY_VALUES.find((value) => value === text);
  if (said !== undefined) return said;
  if (text !== undefined) report('BadGateway', `annotation ${ANNOTATION.gateway} is "${text}": write ${GATEWAY_VALUES.join(', ')}`);
  return annotation(node, 'leader') === undefined ? 'auto' : 'preferred';
}

const GATEWAY_VALUES = ['preferred', 'auto', 'never'] as const satisfies readonly MeshNodeSpec['gateway'][];

function endpointsOf(node: NodeObject, meshPort: number, report: Report): MeshNodeSpec['endpoints'] {
  const text = annotation(node, 'forceEndpoint');
  const forced = text === undefined || text === '' ? undefined : parseEndpoint(text);
  if (forced !== undefined) return [forced];
  if (text !== undefined && text !== '') {
    report(
      'BadForceEndpoint',
      `annotation ${KILO_ANNOTATION.forceEndpoint} is "${text}"`,
      'write host:port, such as 203.0.113.7:51820 or [2001:db8::7]:51820',
    );
  }
  const external = addressesOf(node, 'ExternalIP');
  return (external.length > 0 ? external : addressesOf(node, 'InternalIP'))
    .slice(0, 8)
    .map((address) => ({ host: address, port: meshPort }));
}

function parseEndpoint(text: string): { readonly host: string; readonly port: number } | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):([0-9]+)$/.exec(text) ?? [];
  const parsed = z.object({ host, port }).safeParse({ host: bracketed ?? plain?.toLowerCase(), port: Number(digits) });
  return parsed.success ? parsed.data : undefined;
}

function internalIPsOf(node: NodeObject, addresses: readonly HostAddress[], report: Report): string[] {
  const text = annotation(node, 'forceInternalIP');
  const forced = text === undefined ? undefined : forcedInternalIPs(text);
  if (forced !== undefined) return [...forced];
  if (text !== undefined) {
    report(
      'BadForceInternalIP',
      `annotation ${KILO_ANNOTATION.forceInternalIP} is "${text}"`,
      'write the address with its prefix length, such as 10.0.0.2/24, or - for none',
    );
  }
  return addressesOf(node, 'InternalIP')
    .slice(0, 4)
    .map((address) => {
      const held = addresses.find((one) => one.address === address);
      if (held !== undefined) {
        const real = beside(held, addresses);
        if (real !== undefined) reportVirtual(held, real, report);
        return `${address}/${held.prefixLength}`;
      }
      report(
        'InternalIPNotHere',
        `no device of this host holds the Node's InternalIP ${address}`,
        `it is taken as an address without neighbours; set ${KILO_ANNOTATION.forceInternalIP} to the one to use`,
      );
      return singleCIDR(address);
    });
}

/**
 * The address of the same device in whose network `held` lies, if that stands for itself alone: then it is one that moves from node to
 * node, as keepalived and kube-vip move it, and the kubelet chose it at a moment when it was here.
 */
function beside(held: HostAddress, addresses: readonly HostAddress[]): HostAddress | undefined {
  const single = parseCidr(singleCIDR(held.address));
  if (single === undefined || held.prefixLength !== single.length) return undefined;
  return addresses.find((one) => {
    const network = parseCidr(`${one.address}/${one.prefixLength}`);
    return one.dev === held.dev && network !== undefined && network.length < single.length && contains(network, single);
  });
}

function reportVirtual({ address }: HostAddress, real: HostAddress, report: Report): void {
  const own = `${real.address}/${real.prefixLength}`;
  report(
    'VirtualInternalIP',
    `the Node's InternalIP ${address} seems to be virtual, beside ${own} on ${real.dev}: when it moves, others look for this node there`,
    `start the kubelet with --node-ip=${real.address}, or set ${KILO_ANNOTATION.forceInternalIP} to ${own}`,
  );
}

/** Undefined: not understood. */
function forcedInternalIPs(text: string): readonly string[] | undefined {
  if (text === '' || text === '-') return [];
  const parts = text.split(',').map((part) => part.trim());
  return parts.length <= 4 && parts.every((part) => part.includes('/') && addressWithPrefix.safeParse(part).success) ? parts : undefined;
}

function podCIDRsOf(node: NodeObject, report: Report): string[] {
  const { podCIDR, podCIDRs } = node.spec ?? {};
  return (podCIDRs ?? (podCIDR === undefined ? [] : [podCIDR]))
    .filter((text) => {
      const good = cidr.safeParse(text).success;
      if (!good) report('BadPodCIDR', `the Node's pod CIDR ${text} is no network: its pods cannot be reached`);
      return good;
    })
    .slice(0, 16)
    .toSorted(byFamily);
}

/** IPv4 first. Not by `localeCompare`, whose first call loads the collation of human languages: 3 MiB. */
function byFamily(a: string, b: string): number {
  return Number(familyName(a) === 'inet6') - Number(familyName(b) === 'inet6');
}

/** What Kilo publishes as cni-compatibility-ip (Kilo pkg/encapsulation/cilium.go). */
function pluginAddressOf(wanted: PluginAddress, addresses: readonly HostAddress[], report: Report): string | undefined {
  const { device, family, missing } = wanted;
  const found = addresses.find(({ dev, address }) => dev === device && familyName(address) === family);
  if (found === undefined) report(missing.reason, missing.message, missing.remedy);
  return found?.address;
}

/** Kilo reads `a, b` as `a` alone, and silently ignores what it does not understand (Kilo pkg/k8s/backend.go). */
function locationIPsOf(node: NodeObject, report: Report): string[] {
  const parts = (annotation(node, 'allowedLocationIPs') ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const good = parts.filter((text) => {
    const parsed = cidr.safeParse(text);
    if (!parsed.success)
      report(
        'BadAllowedLocationIPs',
        `annotation ${KILO_ANNOTATION.allowedLocationIPs} lists "${text}", which is left out: it ${parsed.error.issues[0]?.message}`,
      );
    return parsed.success;
  });
  const sorted = sortCidrs(good);
  if (sorted.length > MAX_LOCATION_IPS) {
    report(
      'BadAllowedLocationIPs',
      `annotation ${KILO_ANNOTATION.allowedLocationIPs} lists ${sorted.length} networks, of which the first ${MAX_LOCATION_IPS} are taken`,
      'write wider ones',
    );
  }
  return sorted.slice(0, MAX_LOCATION_IPS);
}

const MAX_LOCATION_IPS = 64;

function keepaliveOf(node: NodeObject, report: Report): number {
  const text = annotation(node, 'persistentKeepalive');
  if (text === undefined || text === '') return 0;
  if (/^[0-9]{1,5}$/.test(text) && Number(text) <= 65535) return Number(text);
  report(
    'BadPersistentKeepalive',
    `annotation ${KILO_ANNOTATION.persistentKeepalive} is "${text}"`,
    'write whole seconds from 0 (off) to 65535',
  );
  return 0;
}
