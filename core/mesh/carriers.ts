/**
 * The devices that carry packets inside a location, and what may come in by them.
 */
import type { MeshNode } from '../api/meshNode.js';
import { SMALLEST_MTU } from './mtu.js';
import { carrierAddress, type EncapsulationType, FAMILIES, type Family, type Neighbour, outerFamily, vtepAddress, vtepMac } from './neighbours.js';
import { type Firewall, IPIP_INTERFACE, type IpipDevice, type NodePlan, VXLAN_INTERFACE, VXLAN_PORT, VXLAN_VNI, type VxlanDevice } from './plan.js';

export interface CarrierInput {
  readonly self: MeshNode;
  readonly neighbours: readonly Neighbour[];
  readonly type: EncapsulationType;
  readonly underlayMtu: number;
  /** Of the tunnels behind: nothing larger is carried to them. */
  readonly tunnelMtu: number;
}

/** Our own device for the neighbours that are not reached straight; none where there are none, or a network plugin has it. */
export function planCarrier(input: CarrierInput): Pick<NodePlan, 'vxlan' | 'ipip'> {
  if (input.type === 'vxlan') {
    const vxlan = planVxlan(input);
    return vxlan === undefined ? {} : { vxlan };
  }
  const ipip = input.type === 'flannel' ? undefined : planIpip(input);
  return ipip === undefined ? {} : { ipip };
}

/** Who may send to the device: the neighbours, and nobody else. */
export function carrierFirewall({ vxlan, ipip }: Pick<NodePlan, 'vxlan' | 'ipip'>, neighbours: readonly Neighbour[]): Pick<Firewall, 'vxlan' | 'ipip'> {
  if (vxlan !== undefined) return { vxlan: { port: vxlan.port, from: vxlan.neighbours.map(({ address }) => address).toSorted() } };
  return ipip === undefined ? {} : { ipip: { local: ipip.local, from: ipipAddresses(neighbours).toSorted() } };
}

/** Outer Ethernet, IP, UDP and VXLAN headers, in bytes. */
const VXLAN_OVERHEAD: Readonly<Record<Family, number>> = { inet: 50, inet6: 70 };
/** One IPv4 header; under Cilium one more of its own VXLAN may come around it. */
const IPIP_OVERHEAD = { ipip: 20, cilium: 20 + VXLAN_OVERHEAD.inet } as const;

function planVxlan({ self, neighbours, underlayMtu, tunnelMtu }: CarrierInput): VxlanDevice | undefined {
  const outer = outerFamily(self);
  const local = carrierAddress(self, 'vxlan');
  const entries = neighbours.flatMap(({ node, via, carriedIn }) => {
    const address = vtepAddress(node, outer);
    const hops = FAMILIES.flatMap((family) => via[family]?.address ?? []);
    return carriedIn === undefined || address === undefined || hops.length === 0 ? [] : [{ node: node.metadata.name, address, mac: vtepMac(address), hops }];
  });
  if (local === undefined || entries.length === 0) return undefined;
  return {
    name: VXLAN_INTERFACE,
    vni: VXLAN_VNI,
    port: VXLAN_PORT,
    mtu: Math.max(SMALLEST_MTU, Math.min(tunnelMtu, underlayMtu - VXLAN_OVERHEAD[outer])),
    local,
    mac: vtepMac(local),
    neighbours: entries,
  };
}

function planIpip({ self, neighbours, type, underlayMtu, tunnelMtu }: CarrierInput): IpipDevice | undefined {
  const local = carrierAddress(self, type);
  if (local === undefined || ipipAddresses(neighbours).length === 0) return undefined;
  return { name: IPIP_INTERFACE, mtu: Math.min(tunnelMtu, underlayMtu - IPIP_OVERHEAD[type === 'cilium' ? 'cilium' : 'ipip']), local };
}

function ipipAddresses(neighbours: readonly Neighbour[]): string[] {
  return neighbours.flatMap(({ via }) => (via.inet?.dev === IPIP_INTERFACE ? [via.inet.address] : []));
}
