/**
 * Encapsulations on a VXLAN device of our own: IPv4 and IPv6 inside, over UDP, to static FDB entries. Nothing is learned and nothing is
 * announced, since every node can work out every other node's MAC.
 */
import type { MeshNode } from '../../api/meshNode.js';
import { formatAddress, parseAddress } from '../../net/cidr.js';
import { FAMILIES, type Family, IPV6_MIN_MTU } from '../../net/family.js';
import { hash32 } from '../../net/hash.js';
import { createPerObject } from '../../memory/perObject.js';
import { internalByFamily, nextHopsBetween, outerFamily } from './addresses.js';
import { DEVICE_NAME, type VxlanDevice } from './device.js';
import type { DeviceInput, Neighbour, NextHops, PlannedDevice } from './strategy.js';

/** What an encapsulation chooses of its device. */
interface VxlanOptions extends Pick<VxlanDevice, 'vni' | 'port' | 'alternative'> {
  /** Bytes that it adds to a packet, by the family of the outer one. */
  readonly overhead: Readonly<Record<Family, number>>;
}

export function vxlanNextHops(self: MeshNode, node: MeshNode): NextHops {
  const vtep = internalByFamily(node)[outerFamily(self)];
  if (vtep === undefined) return {};
  const hops = nextHopsBetween(internalByFamily(self), internalByFamily(node), () => DEVICE_NAME.vxlan);
  // IPv6 refuses a next hop inside the network of another device, as neighbours are (kernel ip6_route_check_nh_onlink).
  return { ...hops, ...(hops.inet6 === undefined ? {} : { inet6: { ...hops.inet6, address: linkLocal(vtepMac(vtep)) } }) };
}

/** Undefined: there is nobody to send to. */
export function planVxlanDevice(
  { self, neighbours, underlayMtu, tunnelMtu }: DeviceInput,
  { overhead, ...numbers }: VxlanOptions,
): PlannedDevice | undefined {
  const outer = outerFamily(self);
  const local = internalByFamily(self)[outer];
  const entries = neighbours
    .map((neighbour) => entriesOf.get(neighbour, [outer], () => entryOf(neighbour, outer)))
    .filter((entry) => entry !== undefined);
  if (local === undefined || entries.length === 0) return undefined;
  return {
    device: {
      kind: 'vxlan',
      name: DEVICE_NAME.vxlan,
      ...numbers,
      mtu: Math.max(IPV6_MIN_MTU, Math.min(tunnelMtu, underlayMtu - overhead[outer])),
      local,
      mac: vtepMac(local),
      neighbours: entries,
    },
    filter: { kind: 'vxlan', port: numbers.port, from: entries.map(({ address }) => address).toSorted() },
  };
}

const entriesOf = createPerObject<Neighbour, VxlanDevice['neighbours'][number] | undefined>();

function entryOf({ node, nextHops, encapsulated }: Neighbour, outer: Family): VxlanDevice['neighbours'][number] | undefined {
  const address = internalByFamily(node)[outer];
  const hops = FAMILIES.flatMap((family) => nextHops[family]?.address ?? []);
  return !encapsulated || address === undefined || hops.length === 0
    ? undefined
    : { node: node.metadata.name, address, mac: vtepMac(address), hops };
}

/** A locally administered MAC that every node can work out from the address alone. */
function vtepMac(address: string): string {
  const parsed = parseAddress(address);
  const bits = parsed?.family === 4 ? Number(parsed.bits) : hash32(address);
  const bytes = [0x02, 0x6b, (bits >>> 24) & 0xff, (bits >>> 16) & 0xff, (bits >>> 8) & 0xff, bits & 0xff];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** The link-local address of a device with that MAC: EUI-64 (RFC 4291, appendix A). */
function linkLocal(mac: string): string {
  const [first = 0n, ...rest] = mac.split(':').map((byte) => BigInt(`0x${byte}`));
  const bytes = [first ^ 2n, ...rest.slice(0, 2), 0xffn, 0xfen, ...rest.slice(2)];
  return formatAddress(6, (0xfe80n << 112n) | bytes.reduce((bits, byte) => (bits << 8n) | byte, 0n));
}
