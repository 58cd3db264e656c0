/**
 * `GatewayReport` (kilofed.io/v1alpha1, cluster-scoped, one per node that ends tunnels, of that node's name and owned by its Node): what
 * probes say of the node's own tunnels.
 *
 * Written by that node's agent: at once when a state changes, figures at most once a minute and only when a bucket changed, so that a
 * quiet federation writes nothing. Watched by the hub and the cluster-agent; never by node-agents.
 */
import * as z from 'zod';
import { LINK_REASONS } from './links.js';
import { MAX_REPORTED_LINKS } from './reportBounds.js';
import { line, meta } from './schema.js';

const linkSchema = z.object({
  segment: line(317).describe('The remote segment, as the node names it: that of another member is `<member>/<label of the segment>`.'),
  member: z.string().max(63).optional().describe('The other member. Absent: the segment is of this cluster.'),
  slot: z.int().min(0).max(255).describe('Of the far gateway in its segment, and so the plane that leads to it.'),
  peer: line(253).describe('The far gateway: its MeshNode, or its Peer.'),
  endpoint: line(300).optional().describe('Where this node sends to; absent: the far end must begin.'),
  state: z.enum(['up', 'down', 'unknown']).describe('unknown: not known yet.'),
  inUse: z.boolean().describe('Whether traffic to the segment takes this tunnel.'),
  since: z.string().max(35).describe('When the state began, RFC 3339.'),
  rttMilliseconds: z
    .number()
    .min(0)
    .optional()
    .describe('Round-trip time: the upper bound of its bucket, in steps of half as much again from 5 on.'),
  lossPercent: z.int().min(0).max(100).optional().describe('Lost probes: the upper bound of the bucket 0, 1, 5, 20 or 100.'),
  reason: z.enum(LINK_REASONS).optional().describe('Why it does not work, as far as this end can tell.'),
});

export const gatewayReportSchema = z.object({
  apiVersion: z.literal('kilofed.io/v1alpha1'),
  kind: z.literal('GatewayReport'),
  metadata: meta,
  spec: z.object({
    draining: z.boolean().optional().describe('Others are asked to use other gateways of the segment.'),
    links: z.array(linkSchema).max(MAX_REPORTED_LINKS),
  }),
});

export type GatewayReport = z.infer<typeof gatewayReportSchema>;
export type ReportedLink = z.infer<typeof linkSchema>;
