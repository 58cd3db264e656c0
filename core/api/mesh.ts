/**
 * `Mesh` (kilofed.io/v1alpha1, cluster-scoped, the singleton `default`): how the nodes of one cluster are meshed.
 *
 * spec: an administrator. status: the cluster-agent. Read by everyone.
 */
import * as z from 'zod';
import { namedMesh } from './meshSpec.js';
import { conditions, line, LIST_MAP_KEYS, LIST_TYPE } from './schema.js';
import { LINK_REASONS, LINK_STATES } from './links.js';

const linkSchema = z.object({
  from: line(300).describe('A segment of this cluster.'),
  to: line(317).describe('The remote segment.'),
  member: z.string().max(63).optional().describe('The other member. Absent: the segment is of this cluster.'),
  state: z.enum(LINK_STATES).describe('degraded: some tunnels do not work, and others carry the traffic. unknown: nobody reports on it.'),
  since: z.string().max(35).optional().describe('When a tunnel of it last changed its state, RFC 3339.'),
  inUse: z
    .array(z.object({ slot: z.int(), peer: line(253) }))
    .max(16)
    .optional()
    .describe('The far gateways that get the traffic, each by its slot and its MeshNode or Peer.'),
  rttMilliseconds: z.number().optional().describe('Round-trip time of the tunnels in use, the upper bound of its bucket.'),
  lossPercent: z.int().optional().describe('Lost probes of the tunnels in use, the upper bound of its bucket.'),
  reason: z.enum(LINK_REASONS).optional().describe('Why it does not work.'),
  message: z.string().max(1024).optional().describe('Why, in words, and what to do.'),
});

const meshStatusSchema = z.object({
  observedGeneration: z.int().optional().describe('Generation of the spec that this status is for.'),
  podCIDRs: z.array(line(49)).optional().describe('Union of the pod CIDRs of all nodes.'),
  serviceCIDRs: z.array(line(49)).optional().describe('From the ServiceCIDR API; on older clusters from the spec.'),
  nodeCIDRs: z.array(line(49)).optional().describe('Internal addresses of all nodes, as single addresses.'),
  segments: z
    .array(
      z.object({
        name: line(300),
        location: line(253),
        nodes: z.int().describe('Number of nodes.'),
        gateways: z.array(z.object({ slot: z.int(), node: line(253) })).describe('By slot.'),
      }),
    )
    .meta({ [LIST_TYPE]: 'map', [LIST_MAP_KEYS]: ['name'] })
    .optional()
    .describe('The segments of this cluster.'),
  links: z
    .array(linkSchema)
    .max(128)
    .optional()
    .describe('What the segments of this cluster send to other segments, by the reports of its gateways; those that do not work first.'),
  conditions: conditions
    .optional()
    .describe('Ready: the nodes are meshed. Linked: all other segments are reached. If not True, with a reason and what to do.'),
});

export const meshSchema = namedMesh({ status: meshStatusSchema.optional() });

export type Mesh = z.infer<typeof meshSchema>;
