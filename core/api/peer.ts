/**
 * `Peer` (kilo.squat.ai/v1alpha1, cluster-scoped): a WireGuard peer outside the cluster. Kilo's own schema, which its
 * users and `kgctl` write, plus a status.
 *
 * External peers, such as laptops and routers, are Peers that people write. Peers of the hub, labelled `kilofed.io/managed-by`, are
 * the gateways of other members: `endpoint.port` is the remote base port, and the slot, plane count and mesh address are annotations
 * (core/api/names.ts).
 */
import * as z from 'zod';
import { cidr, conditions, dnsName, ipAddress, meta, port, ruled, wireguardKey } from './schema.js';

const KEEPALIVE_MESSAGE = 'is in seconds, 0 to 65535; kgctl showconf prints nanoseconds: write 10 for 10000000000';
const ENDPOINT_MESSAGE = 'give dns or ip, or leave out the whole endpoint for a peer that dials us';

const peerSpecSchema = z.object({
  allowedIPs: z.array(cidr).max(4096).describe('Prefixes routed to the peer.'),
  publicKey: wireguardKey,
  presharedKey: wireguardKey.optional(),
  persistentKeepalive: ruled(
    z.int().refine((seconds) => seconds >= 0 && seconds <= 65535, KEEPALIVE_MESSAGE),
    { rule: 'self >= 0 && self <= 65535', message: KEEPALIVE_MESSAGE },
  )
    .optional()
    .describe('Seconds; 0 or absent: off.'),
  endpoint: z
    .object({
      dnsOrIP: ruled(
        z
          .object({
            dns: dnsName.optional().describe('Wins over ip when both are given, as in Kilo.'),
            ip: ipAddress.optional(),
          })
          .refine((at) => at.dns !== undefined || at.ip !== undefined, ENDPOINT_MESSAGE),
        {
          rule: 'has(self.dns) || has(self.ip)',
          message: ENDPOINT_MESSAGE,
        },
      ),
      port,
    })
    .optional()
    .describe('Absent: the peer dials us.'),
});

export const peerSchema = z.object({
  apiVersion: z.literal('kilo.squat.ai/v1alpha1'),
  kind: z.literal('Peer'),
  metadata: meta,
  spec: peerSpecSchema,
  status: z.object({ conditions: conditions.optional() }).optional(),
});

export type PeerSpec = z.infer<typeof peerSpecSchema>;
export type Peer = z.infer<typeof peerSchema>;
