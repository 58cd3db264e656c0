/**
 * `Mesh` (kilofed.io/v1alpha1, cluster-scoped, the singleton `default`): how the nodes of one cluster are meshed.
 *
 * spec: an administrator. status: the cluster-agent. Read by everyone.
 */
import { z } from 'zod';
import { cidr, conditions, meta, port } from './schema.js';

export const meshSpecSchema = z.object({
  granularity: z.enum(['location']).default('location').describe('What becomes a segment: every location.'),
  wireguardCIDRs: z.array(cidr).min(1).max(2).default(['10.4.0.0/16'])
    .describe('Where mesh addresses come from, one range per family. Must not overlap another member of the federation.'),
  port: port.max(65528).default(51820).describe('UDP port of plane 0; plane p listens on port + p.'),
  planes: z.int().min(1).max(4).default(2).describe('How many WireGuard interfaces a gateway has.'),
  encapsulation: z.enum(['never', 'crosssubnet', 'always']).default('crosssubnet')
    .describe('When traffic inside a location is carried in VXLAN.'),
  topologyLabel: z.string().min(1).max(317).default('topology.kubernetes.io/region')
    .describe('The Node label that names its location; the annotation kilo.squat.ai/location wins over it.'),
  mtu: z.int().min(1280).max(65455).optional().describe('MTU of the WireGuard interfaces; absent: underlay minus 80.'),
  serviceCIDRs: z.array(cidr).max(8).optional()
    .describe('Only for clusters older than the ServiceCIDR API (1.33), which cannot tell their Service ranges.'),
});

export const meshStatusSchema = z.object({
  observedGeneration: z.int().optional(),
  podCIDRs: z.array(z.string()).optional().describe('Union of the pod CIDRs of all nodes.'),
  serviceCIDRs: z.array(z.string()).optional(),
  nodeCIDRs: z.array(z.string()).optional().describe('Internal addresses of all nodes, as single addresses.'),
  segments: z.array(z.object({
    name: z.string(),
    location: z.string(),
    nodes: z.int(),
    gateways: z.array(z.object({ slot: z.int(), node: z.string() })),
  })).optional(),
  conditions: conditions.optional(),
});

export const meshSchema = z.object({
  apiVersion: z.literal('kilofed.io/v1alpha1'),
  kind: z.literal('Mesh'),
  metadata: meta,
  spec: meshSpecSchema,
  status: meshStatusSchema.optional(),
});

export type MeshSpec = z.infer<typeof meshSpecSchema>;
export type MeshStatus = z.infer<typeof meshStatusSchema>;
export type Mesh = z.infer<typeof meshSchema>;
