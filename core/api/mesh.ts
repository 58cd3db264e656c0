/**
 * `Mesh` (kilofed.io/v1alpha1, cluster-scoped, the singleton `default`): how the nodes of one cluster are meshed.
 *
 * spec: an administrator. status: the cluster-agent. Read by everyone.
 */
import * as z from 'zod';
import { PROBE_PORT, VXLAN_PORT } from '../mesh/plan.js';
import { MESH_NAME } from './names.js';
import { cidr, conditions, LIST_MAP_KEYS, LIST_TYPE, meta, port, ruled } from './schema.js';

const FAMILIES_MESSAGE = 'give one range per address family: at most one IPv4 and one IPv6 range';
const PORT_MESSAGE = `a plane would listen on one of the UDP ports ${PROBE_PORT} to ${VXLAN_PORT}, which probes and VXLAN use: choose a port above them, or one so far below that all planes fit`;
const BESIDE_MESSAGE = 'besideKilo needs planes of at least 2: plane 0 is left to Kilo while it is set';
const LABEL_MESSAGE = 'must be a label key, such as topology.kubernetes.io/region';
const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

const probePace = z.object({
  intervalMilliseconds: z.int().min(20).max(10_000).optional().describe('Between two probes of a way in use that answers; once an answer is missing, four times as often, up to every 50 ms.'),
  misses: z.int().min(2).max(20).optional().describe('Unanswered probes in a row after which a way is down.'),
});

const wireguardCIDRs = ruled(
  z.array(cidr).min(1).max(2)
    .refine((ranges) => ranges.length < 2 || isIPv6(ranges[0]) !== isIPv6(ranges[1]), FAMILIES_MESSAGE),
  { rule: "self.size() < 2 || self[0].contains(':') != self[1].contains(':')", message: FAMILIES_MESSAGE },
);

export const meshSpecSchema = ruled(z.object({
  granularity: z.enum(['location', 'full', 'cross']).default('location')
    .describe('What becomes a segment. location: every location, behind its gateways. full: every node, so that all traffic between nodes is encrypted. cross: every node as seen from other locations, which it reaches without a gateway between; inside a location packets go plain. Changing it interrupts the mesh for a moment.'),
  wireguardCIDRs: wireguardCIDRs.default(['10.4.0.0/16'])
    .describe('Where mesh addresses come from, one range per family. Must not overlap another member of the federation.'),
  port: port.max(65528).default(51820).describe('UDP port of plane 0; plane p listens on port + p.'),
  planes: z.int().min(1).max(4).default(2).describe('How many WireGuard interfaces a gateway has.'),
  encapsulation: z.enum(['never', 'crosssubnet', 'always']).default('crosssubnet')
    .describe('When traffic inside a location is carried in something that the network there need not understand: never, between subnets, or always.'),
  encapsulationType: z.enum(['vxlan', 'ipip', 'flannel', 'cilium']).default('vxlan')
    .describe('What carries it. vxlan: a device of our own. ipip: likewise, with 30 bytes less of overhead, for IPv4 only, where the network lets IP protocol 4 pass. flannel, cilium: for a cluster with that network plugin, which carries pods inside a location itself; our packets to the gateways go by its flannel.1, or in IPIP between the addresses of its cilium_host.'),
  topologyLabel: ruled(
    z.string().max(317).regex(LABEL_KEY, LABEL_MESSAGE),
    { rule: `self.matches('${LABEL_KEY.source.replaceAll('\\/', '/')}')`, message: LABEL_MESSAGE },
  ).default('topology.kubernetes.io/region')
    .describe('The Node label that names its location; the annotation kilo.squat.ai/location wins over it.'),
  mtu: z.int().min(1280).max(65455).optional().describe('MTU of the WireGuard interfaces, bytes. Absent: 80 less than the smallest device, configured route or learned path MTU on the ways to gateways, and no less than 1280.'),
  cni: z.object({
    enabled: z.boolean().default(false)
      .describe('Whether the node-agents write the CNI configuration of their nodes (bridge, host-local, portmap). Needs manifests/cluster-cni.yaml.'),
    others: z.enum(['keep', 'disable']).default('keep')
      .describe('What becomes of other CNI configurations that container runtimes would take before ours: keep leaves them, and they win; disable renames them, until CNI is off again.'),
  }).optional().describe('Who gives pods their network; absent: another network plugin.'),
  podNAT: z.boolean().optional()
    .describe("Whether pods reach what is outside the mesh under their node's address. Absent: where spec.cni.enabled is true, since another network plugin does it itself."),
  forwardRules: z.boolean().optional()
    .describe("Whether the FORWARD chains of iptables are told to let the mesh's packets through: for hosts where something, such as Docker, drops what is forwarded. A drop in an nftables table of one's own must be lifted there."),
  activeGateways: z.enum(['one', 'all']).default('one')
    .describe("How many of a segment's gateways carry traffic at a time: one, the others ready to take over at once, or all, flow by flow."),
  probes: z.object({
    near: probePace.optional().describe('To the gateways of the own location; 150 ms and 3 misses unless said otherwise.'),
    tunnel: probePace.optional().describe('Through tunnels, its own and those of the gateways of its location; 400 ms (500 by gateways of the location) and 4 misses unless said otherwise.'),
    returnSeconds: z.int().min(1).max(3600).optional().describe('How long a preferred gateway must have been good before it is used again; 10 unless said otherwise.'),
  }).optional().describe('How gateways are watched.'),
  serviceCIDRs: z.array(cidr).max(8).optional()
    .describe('Only for clusters older than the ServiceCIDR API (1.33), which cannot tell their Service ranges.'),
  besideKilo: z.enum(['behind', 'ahead']).optional()
    .describe("Only while Kilo's own agent still runs on the nodes: plane 0, and the Peers on it, are left to Kilo. behind: Kilo's routes carry the traffic, and ours wait. ahead: ours carry it. Absent: nodes take over what a Kilo that has ended left, and remove the rest of it."),
})
  .refine((spec) => spec.port > VXLAN_PORT || spec.port + spec.planes <= PROBE_PORT, PORT_MESSAGE)
  .refine((spec) => spec.besideKilo === undefined || spec.planes > 1, BESIDE_MESSAGE), {
  rule: `self.port > ${VXLAN_PORT} || self.port + self.planes <= ${PROBE_PORT}`,
  message: PORT_MESSAGE,
}, {
  rule: '!has(self.besideKilo) || self.planes > 1',
  message: BESIDE_MESSAGE,
});

const meshStatusSchema = z.object({
  observedGeneration: z.int().optional().describe('Of the spec that the rest is about.'),
  podCIDRs: z.array(z.string()).optional().describe('Union of the pod CIDRs of all nodes.'),
  serviceCIDRs: z.array(z.string()).optional().describe('As the ServiceCIDR API tells them; on older clusters those of the spec.'),
  nodeCIDRs: z.array(z.string()).optional().describe('Internal addresses of all nodes, as single addresses.'),
  segments: z.array(z.object({
    name: z.string(),
    location: z.string(),
    nodes: z.int().describe('How many.'),
    gateways: z.array(z.object({ slot: z.int(), node: z.string() })).describe('By slot.'),
  })).meta({ [LIST_TYPE]: 'map', [LIST_MAP_KEYS]: ['name'] }).optional().describe('What the nodes make up.'),
  conditions: conditions.optional().describe('Ready, with a reason and what to do where it is not.'),
});

const NAME_MESSAGE = `a cluster has one Mesh: name it ${MESH_NAME}`;

export const meshSchema = ruled(z.object({
  apiVersion: z.literal('kilofed.io/v1alpha1'),
  kind: z.literal('Mesh'),
  metadata: meta,
  spec: meshSpecSchema,
  status: meshStatusSchema.optional(),
}).refine((mesh) => mesh.metadata.name === MESH_NAME, NAME_MESSAGE), {
  rule: `self.metadata.name == '${MESH_NAME}'`,
  message: NAME_MESSAGE,
});

export type MeshSpec = z.infer<typeof meshSpecSchema>;
export type Mesh = z.infer<typeof meshSchema>;

function isIPv6(range: string | undefined): boolean {
  return range?.includes(':') === true;
}
