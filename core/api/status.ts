/**
 * What the hub tells of the federation at `/api/v1/status`; `kilofed status` and `kilofed graph` render it.
 */
import * as z from 'zod';
import type { Reason } from './reasons.js';

/** As in problem.ts. A plain union: all programs share one zod, and every node would load what a discriminated one needs besides. */
const subject = z.union([
  z.object({ kind: z.enum(['mesh', 'member', 'queue']) }),
  z.object({ kind: z.enum(['node', 'peer', 'gateway', 'segment', 'service']), name: z.string() }),
  z.object({ kind: z.literal('pair'), other: z.string() }),
  z.object({ kind: z.literal('object'), type: z.string(), key: z.string() }),
]);

const linkEnd = z.object({ member: z.string(), segment: z.string() });
const linkState = z.enum(['up', 'degraded', 'down', 'unknown']);

const problem = z.object({
  /** The member it concerns; absent: the hub itself. */
  cluster: z.exactOptional(z.string()),
  subject,
  /** A hub of another version may give reasons that this one does not know. */
  reason: z.string() as unknown as z.ZodType<Reason>,
  /** What is wrong and what to do. */
  message: z.string(),
});

export const federationStatusSchema = z.object({
  hub: z.object({
    version: z.string(),
    uptimeSeconds: z.number(),
    queue: z.object({ kind: z.enum(['memory', 'redis']), degraded: z.string().optional() }),
  }),
  members: z.array(
    z.object({
      id: z.string(),
      /** ready: connected and synced. connecting: not yet. unreachable: was connected. refused: credentials or kubeconfig bad. */
      state: z.enum(['ready', 'connecting', 'unreachable', 'refused']),
      reason: z.string().optional(),
      server: z.string().optional(),
      /** UID of the namespace kube-system of the cluster that answers. */
      clusterUid: z.string().optional(),
      kubernetesVersion: z.string().optional(),
      /** Its endpoints are held back in all others. */
      drain: z
        .object({
          /** Where the hub still finds endpoints of it that serve, and how many. */
          serving: z.array(z.object({ cluster: z.string(), endpoints: z.int() })),
          /** Ids of members that it cannot look into, or write into, now. */
          unread: z.array(z.string()),
        })
        .optional(),
      /** No more of its exports are mirrored than are mirrored already. */
      cordoned: z.literal(true).optional(),
      /** By which Services prefer it. */
      labels: z.record(z.string(), z.string()).optional(),
      /** When the credentials in its kubeconfig end, RFC 3339, and whole days until then. Absent: nothing is known of an end. */
      credentials: z.object({ end: z.string(), daysLeft: z.int() }).optional(),
      podCIDRs: z.array(z.string()),
      serviceCIDRs: z.array(z.string()),
      meshCIDRs: z.array(z.string()),
      segments: z.array(
        z.object({
          location: z.string(),
          /** The node that this segment is, where it is one by itself. */
          node: z.string().optional(),
          /** Segments of a member that share one reach each other without a tunnel. */
          site: z.string().optional(),
          nodes: z.array(z.string()),
          allowedIPs: z.array(z.string()),
          gateways: z.array(
            z.object({
              slot: z.int(),
              node: z.string(),
              endpoint: z.string().optional(),
              publicKey: z.string(),
            }),
          ),
        }),
      ),
      /** Objects of ours in this member. */
      written: z.object({ peers: z.int(), services: z.int(), slices: z.int() }),
    }),
  ),
  /** One entry per ordered pair of members. */
  pairs: z.array(
    z.object({
      from: z.string(),
      to: z.string(),
      state: z.enum(['linked', 'pending', 'refused']),
      reason: z.string().optional(),
      peers: z.int(),
    }),
  ),
  /**
   * Of the segments of each member to those of the others where they are registered, as the gateways at `from` report them. Where there
   * are very many, those that are up are left out.
   */
  links: z.array(
    z.object({
      from: linkEnd,
      to: linkEnd,
      state: linkState,
      /** When the last of its tunnels changed its state, RFC 3339. */
      since: z.exactOptional(z.string()),
      /** Of LINK_REASONS; a hub of another version may give others. */
      reason: z.exactOptional(z.string()),
      /** Its tunnels. */
      planes: z.array(
        z.object({
          slot: z.int(),
          /** The gateway that reports. */
          node: z.string(),
          /** The Peer that stands for the far one. */
          peer: z.string(),
          endpoint: z.string().optional(),
          state: z.enum(['up', 'down', 'unknown']),
          inUse: z.boolean(),
          since: z.string(),
          rttMilliseconds: z.number().optional(),
          lossPercent: z.number().optional(),
          reason: z.string().optional(),
        }),
      ),
    }),
  ),
  services: z.array(
    z.object({
      namespace: z.string(),
      name: z.string(),
      exporters: z.array(z.object({ cluster: z.string(), endpoints: z.int(), ready: z.int() })),
      importers: z.array(
        z.object({
          cluster: z.string(),
          state: z.enum(['mirrored', 'pending', 'refused']),
          /** Name of the Service that stands for it there: its own, or `derived-<hash>`. */
          service: z.string().optional(),
          reason: z.string().optional(),
        }),
      ),
    }),
  ),
  problems: z.array(problem),
});

export type FederationStatus = z.infer<typeof federationStatusSchema>;

/** RFC 9110, 15.5.20: with it a hub that stands by answers whatever it is asked of the federation. */
export const MISDIRECTED = 421;

export interface StandbyAnswer {
  readonly error: string;
  /** The active hub: in a cluster the name of its pod. Absent: it is not known. */
  readonly active?: string;
}
