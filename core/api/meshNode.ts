/**
 * `MeshNode` (kilofed.io/v1alpha1, cluster-scoped, one per Node and owned by it): what the mesh knows of a node.
 *
 * spec: that node's agent. status: the cluster-agent (mesh addresses, slot, what of the spec is confirmed).
 */
import * as z from 'zod';
import { addressWithPrefix, cidr, conditions, host, ipAddress, meta, port, wireguardKey } from './schema.js';

const MAX_PROBLEMS = 16;
const MAX_MESSAGE = 1024;
/** A mesh of a thousand nodes behind NAT has many who hear them, and each tells of those that are not told of twice. */
export const MAX_HEARD = 64;

export const meshNodeSpecSchema = z.object({
  publicKey: wireguardKey.describe('WireGuard public key, the same on every plane.'),
  endpoints: z.array(z.object({ host, port })).max(8)
    .describe('Where plane 0 of this node can be reached, best first; plane p is at port + p. Empty: it can only dial.'),
  internalIPs: z.array(addressWithPrefix).max(4)
    .describe("Addresses inside the location with their network's prefix length, e.g. 10.0.0.2/24. Empty: the node has no neighbours."),
  podCIDRs: z.array(cidr).max(16),
  allowedLocationIPs: z.array(cidr).max(64).optional()
    .describe('Networks beside the nodes of its location that are reached through them, such as the LAN they are on.'),
  cniCompatibilityIP: ipAddress.optional()
    .describe('IPv4 address of cilium_host, where the Mesh says encapsulationType cilium.'),
  location: z.string().max(253).default('').describe('Empty: the default location.'),
  gateway: z.enum(['auto', 'preferred', 'never']).default('auto')
    .describe('Whether it may end the tunnels of its location. Without meaning where every node is a segment.'),
  kilo: z.enum(['running', 'left']).optional()
    .describe("Of Kilo's own agent on the node: it runs, or it has ended and left something. Absent: nothing of it is there."),
  problems: z.array(z.object({ reason: z.string().min(1).max(64), message: z.string().max(MAX_MESSAGE) })).max(MAX_PROBLEMS).optional()
    .describe('What is wrong with the node as its agent sees it: annotations that are left out, addresses that are not there, CNI files in the way.'),
  heard: z.array(z.object({
    publicKey: wireguardKey.describe('Of the gateway that is heard.'),
    plane: z.int().min(0).max(3).describe('The plane that it sends by.'),
    host: ipAddress,
    port,
  })).max(MAX_HEARD).optional()
    .describe('Where this node hears far gateways, if not at their endpoints: behind NAT they do not know it themselves. Others try it while their own tunnel does not work.'),
  persistentKeepalive: z.int().min(0).max(65535).default(0).describe('Seconds; 0: off. Set where the node is behind NAT.'),
});

/** Everything in the spec that would move traffic, as the Node object has it; core/mesh/believed.ts says what it is for. */
const confirmedSchema = z.object({
  publicKey: wireguardKey.optional().describe('The key of the spec; absent: another node had it first.'),
  location: z.string().max(253),
  podCIDRs: z.array(cidr).max(16),
  internalIPs: z.array(ipAddress).max(4),
  endpoints: z.array(host).max(8),
  allowedLocationIPs: z.array(cidr).max(64).optional(),
});

const meshNodeStatusSchema = z.object({
  meshAddresses: z.array(ipAddress).max(2).optional().describe("Stable for the node's life."),
  slot: z.int().min(0).optional().describe("The node's gateway slot in its segment; absent: not a gateway."),
  confirmed: confirmedSchema.optional()
    .describe('What the Node object says of the node. What the spec claims beyond it nobody believes.'),
  conditions: conditions.optional(),
});

export const meshNodeSchema = z.object({
  apiVersion: z.literal('kilofed.io/v1alpha1'),
  kind: z.literal('MeshNode'),
  metadata: meta,
  spec: meshNodeSpecSchema,
  status: meshNodeStatusSchema.optional(),
});

export type MeshNodeSpec = z.infer<typeof meshNodeSpecSchema>;
export type Heard = NonNullable<MeshNodeSpec['heard']>[number];
export type MeshNode = z.infer<typeof meshNodeSchema>;

/** `spec` that tells of what its node hears. */
export function withHeard(spec: MeshNodeSpec, heard: readonly Heard[]): MeshNodeSpec {
  return heard.length === 0 ? spec : { ...spec, heard: [...heard] };
}

/** `spec` that tells of `problems`, the first sixteen of them; of none, if there are none. */
export function withProblems(spec: MeshNodeSpec, problems: readonly { readonly reason: string; readonly message: string }[]): MeshNodeSpec {
  if (problems.length === 0) return spec;
  return { ...spec, problems: problems.slice(0, MAX_PROBLEMS).map(({ reason, message }) => ({ reason, message: message.slice(0, MAX_MESSAGE) })) };
}
