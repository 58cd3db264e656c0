/**
 * The spec of the `Mesh`, which an administrator writes, and the Mesh as far as nodes read it: they act on nothing that its status says.
 */
import * as z from 'zod';
import { PROBE_PORT, VXLAN_PORT } from './ports.js';
import { MESH_NAME } from './names.js';
import { cidr, meta, port, ruled } from './schema.js';

const FAMILIES_MESSAGE = 'give one range per address family: at most one IPv4 and one IPv6 range';
const PORT_MESSAGE =
  `a plane would listen on one of the UDP ports ${PROBE_PORT} to ${VXLAN_PORT}, which probes and VXLAN use: ` +
  'choose a port above them, or one so far below that all planes fit';
const BESIDE_MESSAGE = 'besideKilo needs planes of at least 2: plane 0 is left to Kilo while it is set';
const LABEL_MESSAGE = 'must be a label key, such as topology.kubernetes.io/region';
const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

const probePace = z.object({
  periodMilliseconds: z
    .int()
    .min(20)
    .max(10_000)
    .optional()
    .describe('Between two probes of a path in use that answers. While an answer is missing, four times as often, up to every 50 ms.'),
  failureThreshold: z.int().min(2).max(20).optional().describe('Unanswered probes in a row after which a path is down.'),
});

const wireguardCIDRs = ruled(
  z
    .array(cidr)
    .min(1)
    .max(2)
    .refine((ranges) => ranges.length < 2 || isIPv6(ranges[0]) !== isIPv6(ranges[1]), FAMILIES_MESSAGE),
  { rule: "self.size() < 2 || self[0].contains(':') != self[1].contains(':')", message: FAMILIES_MESSAGE },
);

export const meshSpecSchema = ruled(
  z
    .object({
      granularity: z
        .enum(['location', 'full', 'cross'])
        .default('location')
        .describe(
          'What a segment is. location: a location, reached through its gateways. full: a node, so that all traffic between nodes is ' +
            'encrypted. cross: a node, as seen from other locations, so that traffic between locations needs no gateway; inside a ' +
            'location packets are not encrypted. A change interrupts the mesh for a moment.',
        ),
      wireguardCIDRs: wireguardCIDRs
        .default(['10.4.0.0/16'])
        .describe('Where mesh addresses come from, one range per family. Must not overlap another member of the federation.'),
      port: port.max(65528).default(51820).describe('UDP port of plane 0; plane p listens on port + p.'),
      planes: z.int().min(1).max(4).default(2).describe('How many WireGuard interfaces a gateway has.'),
      encapsulation: z
        .enum(['never', 'crosssubnet', 'always'])
        .default('crosssubnet')
        .describe(
          'When traffic inside a location is encapsulated, so that the network there need not know pod addresses: never, between ' +
            'subnets, or always.',
        ),
      encapsulationType: z
        .enum(['vxlan', 'ipip', 'flannel', 'cilium'])
        .default('vxlan')
        .describe(
          'The encapsulation. vxlan: a device of our own. ipip: the same with 30 bytes less overhead, for IPv4 only, where the network ' +
            'lets IP protocol 4 pass. flannel, cilium: for a cluster with that network plugin, which carries pod traffic inside a ' +
            'location; ours to the gateways uses its flannel.1, or IPIP between the addresses of its cilium_host.',
        ),
      topologyLabel: ruled(z.string().max(317).regex(LABEL_KEY, LABEL_MESSAGE), {
        rule: `self.matches('${LABEL_KEY.source.replaceAll('\\/', '/')}')`,
        message: LABEL_MESSAGE,
      })
        .default('topology.kubernetes.io/region')
        .describe('The Node label that names its location; the annotation kilo.squat.ai/location wins over it.'),
      mtu: z
        .int()
        .min(1280)
        .max(65455)
        .optional()
        .describe(
          'MTU of the WireGuard interfaces, bytes. Absent: 80 less than the smallest MTU of a device, a configured route or a learned ' +
            'path to the gateways, and at least 1280.',
        ),
      cni: z
        .object({
          enabled: z
            .boolean()
            .default(false)
            .describe(
              'Whether the node-agents write the CNI configuration of their nodes (bridge, host-local, portmap). Needs ' +
                'manifests/cluster-cni.yaml.',
            ),
          others: z
            .enum(['keep', 'disable'])
            .default('keep')
            .describe(
              'Other CNI configurations that container runtimes would use before ours. keep: they stay, and win. disable: they are ' +
                'renamed until CNI is off again.',
            ),
        })
        .optional()
        .describe('Whether Kilofed is the network plugin of the cluster. Absent: another one is.'),
      podCIDRsFrom: z
        .enum(['node', 'calico', 'cilium'])
        .optional()
        .describe(
          "Who says which ranges a node's pods have. node: the Node. calico: Calico's IPAMBlocks. cilium: the CiliumNodes. Absent: the " +
            'network plugin that has such objects, else the Node. The annotation kilofed.io/pod-cidrs of a Node wins over each of them.',
        ),
      podNAT: z
        .boolean()
        .optional()
        .describe(
          "Whether packets from pods to the outside of the mesh get their node's address (SNAT). Absent: if spec.cni.enabled is true; " +
            'other network plugins do it themselves.',
        ),
      forwardRules: z
        .boolean()
        .optional()
        .describe(
          "Whether the node-agents add rules to the FORWARD chains of iptables that accept the mesh's packets: for hosts where " +
            'something, such as Docker, drops forwarded packets. A drop in an nftables table of yours must be removed there.',
        ),
      gatewayMode: z
        .enum(['ActivePassive', 'ActiveActive'])
        .default('ActivePassive')
        .describe(
          "How a segment's gateways share traffic. ActivePassive: one carries it, the others are ready to take over at once. " +
            'ActiveActive: all carry it, flow by flow; best on Linux 5.13 or newer (resilient nexthop groups).',
        ),
      probes: z
        .object({
          lan: probePace.optional().describe('To the gateways of the own location. Defaults: every 150 ms, threshold 3.'),
          tunnel: probePace
            .optional()
            .describe('Through tunnels: its own, and those of the gateways of its location. Defaults: every 400 ms, threshold 4.'),
          failbackDelaySeconds: z
            .int()
            .min(1)
            .max(3600)
            .optional()
            .describe('How long a preferred gateway must have worked before it is used again. Default: 10.'),
        })
        .optional()
        .describe('How gateways are watched.'),
      serviceCIDRs: z
        .array(cidr)
        .max(8)
        .optional()
        .describe('The Service ranges, for clusters older than the ServiceCIDR API (Kubernetes 1.33).'),
      fromMembers: z
        .enum(['all', 'pods', 'exported', 'none'])
        .default('pods')
        .describe(
          'What other members may reach here. all: pods and the private addresses of nodes. pods: pods, and exported endpoints on nodes. ' +
            'exported: exported endpoints at their ports, each by the members that its Service is exported to. none: nothing. ' +
            'Answers to what this cluster asks come in always.',
        ),
      fromMembersMode: z
        .enum(['enforce', 'audit'])
        .default('enforce')
        .describe('enforce: other packets of members are rejected, and counted. audit: they are counted only.'),
      exportToDefault: z
        .enum(['all', 'none'])
        .default('all')
        .describe(
          'Which members may reach an exported Service without the annotation kilofed.io/export-to. The same as --export-to-default of ' +
            'the hub, which decides who imports it.',
        ),
      besideKilo: z
        .enum(['behind', 'ahead'])
        .optional()
        .describe(
          "Only while Kilo's own agent still runs on the nodes: plane 0 and the Peers on it are left to Kilo. behind: Kilo's routes " +
            'carry the traffic, and ours wait. ahead: ours carry it. Absent: a node takes over from a Kilo that has ended, and removes ' +
            'what it left.',
        ),
    })
    .refine((spec) => spec.port > VXLAN_PORT || spec.port + spec.planes <= PROBE_PORT, PORT_MESSAGE)
    .refine((spec) => spec.besideKilo === undefined || spec.planes > 1, BESIDE_MESSAGE),
  {
    rule: `self.port > ${VXLAN_PORT} || self.port + self.planes <= ${PROBE_PORT}`,
    message: PORT_MESSAGE,
  },
  {
    rule: '!has(self.besideKilo) || self.planes > 1',
    message: BESIDE_MESSAGE,
  },
);
const NAME_MESSAGE = `a cluster has one Mesh: name it ${MESH_NAME}`;

/** Without its status. */
export const nodesMeshSchema = namedMesh({});

/** A Mesh with the members `more` beside its spec. */
export function namedMesh<T extends z.ZodRawShape>(more: T) {
  return ruled(
    z
      .object({
        apiVersion: z.literal('kilofed.io/v1alpha1'),
        kind: z.literal('Mesh'),
        metadata: meta,
        spec: meshSpecSchema,
        ...more,
      })
      .refine((mesh) => (mesh as { readonly metadata: { readonly name: string } }).metadata.name === MESH_NAME, NAME_MESSAGE),
    {
      rule: `self.metadata.name == '${MESH_NAME}'`,
      message: NAME_MESSAGE,
    },
  );
}

export type MeshSpec = z.infer<typeof meshSpecSchema>;

function isIPv6(range: string | undefined): boolean {
  return range?.includes(':') === true;
}
