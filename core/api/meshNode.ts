/**
 * `MeshNode` (kilofed.io/v1alpha1, cluster-scoped, one per Node and owned by it): a node of the mesh.
 *
 * spec: that node's agent. status: the cluster-agent (mesh addresses, slot, what of the spec is verified).
 */
import * as z from 'zod';
import { type Problem, problemText } from './problem.js';
import { addressWithPrefix, cidr, conditions, host, ipAddress, line, meta, port, wireguardKey } from './schema.js';

/** Where nodes reach each other without a tunnel: any text of one line. */
export const locationName = line(253);
const MAX_PROBLEMS = 16;
const MAX_MESSAGE = 1024;
/** In a mesh of a thousand nodes behind NAT many observe them, and each publishes those that two others do not. */
export const MAX_OBSERVED_ENDPOINTS = 64;

export const meshNodeSpecSchema = z.object({
  publicKey: wireguardKey.describe('WireGuard public key, the same on every plane.'),
  endpoints: z
    .array(z.object({ host, port }))
    .max(8)
    .describe('Where plane 0 of this node can be reached, best first; plane p is at port + p. Empty: it can only dial.'),
  internalIPs: z
    .array(addressWithPrefix)
    .max(4)
    .describe("Addresses inside the location with their network's prefix length, e.g. 10.0.0.2/24. Empty: the node has no neighbours."),
  podCIDRs: z.array(cidr).max(16),
  allowedLocationIPs: z
    .array(cidr)
    .max(64)
    .optional()
    .describe('Networks beside the nodes, such as their LAN, that others reach through the location.'),
  cniCompatibilityIP: ipAddress.optional().describe('IPv4 address of cilium_host, with encapsulationType cilium.'),
  location: locationName.default('').describe('Empty: the default location.'),
  gateway: z
    .enum(['auto', 'preferred', 'never'])
    .default('auto')
    .describe('Whether the node may be a gateway of its location. No effect where every node is a segment.'),
  kilo: z
    .enum(['running', 'left'])
    .optional()
    .describe("Kilo's own agent on the node: it runs, or it has ended and left something. Absent: there is no trace of it."),
  problems: z
    .array(z.object({ reason: line(64).min(1), message: line(MAX_MESSAGE) }))
    .max(MAX_PROBLEMS)
    .optional()
    .describe(
      'What is wrong with the node, as its agent sees it: annotations that it cannot use, addresses that it does not find, CNI ' +
        'files in the way.',
    ),
  observedEndpoints: z
    .array(
      z.object({
        publicKey: wireguardKey.describe('Of the gateway.'),
        plane: z.int().min(0).max(3).describe('The plane that it sends by.'),
        host: ipAddress,
        port,
      }),
    )
    .max(MAX_OBSERVED_ENDPOINTS)
    .optional()
    .describe(
      'Endpoints at which this node receives from far gateways, where they are not those of their MeshNodes: a gateway behind NAT ' +
        'does not know its own. Others try them while their own tunnel fails.',
    ),
  persistentKeepalive: z.int().min(0).max(65535).default(0).describe('Seconds; 0: off. Set it for a node behind NAT.'),
});

/** Everything in the spec that would move traffic, as the Node object has it; core/mesh/verified.ts says what it is for. */
const verifiedSchema = z.object({
  publicKey: wireguardKey.optional().describe('The key of the spec; absent: another node had it first.'),
  location: locationName,
  podCIDRs: z.array(cidr).max(16),
  internalIPs: z.array(ipAddress).max(4),
  endpoints: z.array(host).max(8),
  allowedLocationIPs: z.array(cidr).max(64).optional(),
});

/** More than twice as many blocks as Calico gives to a node. */
export const MAX_ASSIGNED_CIDRS = 64;

const assignedPodsSchema = z.object({
  by: z.enum(['annotation', 'calico', 'cilium']),
  cidrs: z.array(cidr).max(MAX_ASSIGNED_CIDRS),
});

const meshNodeStatusSchema = z.object({
  meshAddresses: z.array(ipAddress).max(2).optional().describe("Stable for the node's life."),
  slot: z.int().min(0).optional().describe("The node's gateway slot in its segment; absent: not a gateway."),
  verified: verifiedSchema.optional().describe('What the Node object says of the node. Nobody uses what the spec claims beyond it.'),
  assignedPods: assignedPodsSchema
    .optional()
    .describe('The ranges of its pods, where others than the Node say them. Everybody uses these; absent: those of the Node.'),
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
export type ObservedEndpoint = NonNullable<MeshNodeSpec['observedEndpoints']>[number];
export type AssignedPods = z.infer<typeof assignedPodsSchema>;
export type MeshNode = z.infer<typeof meshNodeSchema>;

/** `spec` with the endpoints that its node observes. */
export function withObservedEndpoints(spec: MeshNodeSpec, observed: readonly ObservedEndpoint[]): MeshNodeSpec {
  return observed.length === 0 ? spec : { ...spec, observedEndpoints: [...observed] };
}

/** `spec` that tells of `problems`, the first sixteen of them; of none, if there are none. */
export function withProblems(spec: MeshNodeSpec, problems: readonly Problem[]): MeshNodeSpec {
  if (problems.length === 0) return spec;
  return {
    ...spec,
    problems: problems
      .slice(0, MAX_PROBLEMS)
      .map((problem) => ({ reason: problem.reason, message: problemText(problem).slice(0, MAX_MESSAGE) })),
  };
}
