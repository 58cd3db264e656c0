/**
 * `NodePolicy` (kilofed.io/v1alpha1, cluster-scoped, one per Node with exported endpoints and owned by it): what other members may reach
 * on that node, whatever `Mesh.spec.fromMembers` leaves closed.
 *
 * spec: the cluster-agent, from exported Services and their EndpointSlices. Read by the agent of that node, and by no other.
 */
import * as z from 'zod';
import { meta, port } from './schema.js';

/** Pairs of an address and a port on one node; what is beyond is left out. */
export const MAX_EXPORTED_ENDPOINTS = 10_000;
/** Of one entry. A Service with more has several. */
export const MAX_EXPORTED_PORTS = 100;

const exportedSchema = z.object({
  addresses: z
    .array(z.string().max(45))
    .max(MAX_EXPORTED_ENDPOINTS)
    .describe('Of pods of the node, or its own; on a gateway also of those that are reached by a ClusterIP.'),
  ports: z
    .array(z.object({ protocol: z.enum(['TCP', 'UDP', 'SCTP']), port }))
    .max(MAX_EXPORTED_PORTS)
    .describe('Of each of the addresses, behind the Service.'),
  members: z.array(z.string().max(63)).max(1024).optional().describe('Who may reach them. Absent: every member.'),
});

export const nodePolicySchema = z.object({
  apiVersion: z.literal('kilofed.io/v1alpha1'),
  kind: z.literal('NodePolicy'),
  metadata: meta,
  spec: z.object({
    exported: z.array(exportedSchema).max(MAX_EXPORTED_ENDPOINTS).describe('Exported endpoints on the node.'),
  }),
});

export type NodePolicy = z.infer<typeof nodePolicySchema>;
export type Exported = z.infer<typeof exportedSchema>;
