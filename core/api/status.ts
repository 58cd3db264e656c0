/**
 * What the hub tells of the federation at `/api/v1/status`; `kilofed status` and `kilofed graph` render it.
 */
import * as z from 'zod';

const problem = z.object({
  /** The member it concerns. */
  cluster: z.string(),
  /** `member`, `pair west`, `service demo/web`, `node east-a1`, `peer laptop`. */
  subject: z.string(),
  reason: z.string(),
  /** What is wrong and what to do. */
  message: z.string(),
});

export const federationStatusSchema = z.object({
  hub: z.object({
    version: z.string(),
    uptimeSeconds: z.number(),
    queue: z.object({ kind: z.enum(['memory', 'redis']), degraded: z.string().optional() }),
  }),
  members: z.array(z.object({
    id: z.string(),
    /** ready: connected and synced. connecting: not yet. unreachable: was connected. refused: credentials or kubeconfig bad. */
    state: z.enum(['ready', 'connecting', 'unreachable', 'refused']),
    reason: z.string().optional(),
    server: z.string().optional(),
    kubernetesVersion: z.string().optional(),
    podCIDRs: z.array(z.string()),
    serviceCIDRs: z.array(z.string()),
    meshCIDRs: z.array(z.string()),
    segments: z.array(z.object({
      location: z.string(),
      /** The node that this segment is, where it is one by itself. */
      node: z.string().optional(),
      /** Segments of a member that share one reach each other without a tunnel. */
      site: z.string().optional(),
      nodes: z.array(z.string()),
      allowedIPs: z.array(z.string()),
      gateways: z.array(z.object({
        slot: z.int(),
        node: z.string(),
        endpoint: z.string().optional(),
        publicKey: z.string(),
      })),
    })),
    /** Objects of ours in this member. */
    written: z.object({ peers: z.int(), services: z.int(), slices: z.int() }),
  })),
  /** One entry per ordered pair of members. */
  pairs: z.array(z.object({
    from: z.string(),
    to: z.string(),
    state: z.enum(['linked', 'pending', 'refused']),
    reason: z.string().optional(),
    peers: z.int(),
  })),
  services: z.array(z.object({
    namespace: z.string(),
    name: z.string(),
    exporters: z.array(z.object({ cluster: z.string(), endpoints: z.int(), ready: z.int() })),
    importers: z.array(z.object({
      cluster: z.string(),
      state: z.enum(['mirrored', 'pending', 'refused']),
      /** Name of the Service that stands for it there: its own, or `derived-<hash>`. */
      service: z.string().optional(),
      reason: z.string().optional(),
    })),
  })),
  problems: z.array(problem),
});

export type FederationStatus = z.infer<typeof federationStatusSchema>;
export type FederationProblem = z.infer<typeof problem>;
