/**
 * The words our schemas are made of. Each knows its zod check, for objects we read, and its CEL rule, for the API server
 * that must refuse a bad object before anyone reads it; `core/api/crd.ts` turns the second into CRD YAML.
 */
import ipaddr from 'ipaddr.js';
import { z } from 'zod';

export interface CelRule {
  readonly rule: string;
  readonly message: string;
}

/** CEL rules travel in zod's own metadata under this key, and leave it again as `x-kubernetes-validations`. */
export const CEL = 'x-kubernetes-validations';

/** Standard base64 of exactly 32 bytes: 43 digits, of which the last carries 4 bits, and one `=`. */
const WIREGUARD_KEY = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** RFC 1123 subdomain. */
const DNS_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

const word = <T extends z.ZodType>(schema: T, ...rules: CelRule[]): T => schema.meta({ [CEL]: rules });

export const wireguardKey = word(
  z.string().length(44).regex(WIREGUARD_KEY, 'must be a WireGuard key: 32 bytes in base64, 44 characters'),
);

export const ipAddress = word(
  z.string().max(45).refine(isIP, 'must be an IP address'),
  { rule: 'isIP(self)', message: 'must be an IP address, such as 10.0.0.1 or fd00::1' },
);

export const dnsName = z.string().min(1).max(253).regex(DNS_NAME, 'must be a DNS name');

export const cidr = word(
  z.string().max(49).refine(isNetwork, 'must be a CIDR without host bits, such as 10.0.0.0/16'),
  { rule: 'isCIDR(self)', message: 'must be a CIDR, such as 10.0.0.0/16 or fd00::/64' },
  {
    rule: '!isCIDR(self) || cidr(self).masked() == cidr(self)',
    message: 'has bits set behind its prefix length: write the network (10.0.0.0/24) or the single address (10.0.0.1/32)',
  },
);

export const addressWithPrefix = word(
  z.string().max(49).refine((text) => ipaddr.isValidCIDR(text), 'must be an address with its prefix length, such as 10.0.0.2/24'),
  { rule: 'isCIDR(self)', message: 'must be an address with its prefix length, such as 10.0.0.2/24' },
);

export const host = word(
  z.string().min(1).max(253).refine((text) => isIP(text) || DNS_NAME.test(text), 'must be an IP address or a DNS name'),
  {
    rule: "isIP(self) || self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",
    message: 'must be an IP address or a DNS name',
  },
);

export const port = z.int().min(1).max(65535);

export const conditions = z.array(z.object({
  type: z.string(),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string(),
  message: z.string(),
  observedGeneration: z.int().optional(),
  lastTransitionTime: z.string(),
}));

/** Object metadata as far as we read it; the API server knows it anyway, so it never reaches a CRD. */
export const meta = z.object({
  name: z.string(),
  namespace: z.string().optional(),
  uid: z.string().optional(),
  resourceVersion: z.string().optional(),
  generation: z.int().optional(),
  creationTimestamp: z.string().optional(),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  ownerReferences: z.array(z.object({
    apiVersion: z.string(),
    kind: z.string(),
    name: z.string(),
    uid: z.string(),
    controller: z.boolean().optional(),
    blockOwnerDeletion: z.boolean().optional(),
  })).optional(),
});

function isIP(text: string): boolean {
  return ipaddr.IPv6.isValid(text) || ipaddr.IPv4.isValidFourPartDecimal(text);
}

function isNetwork(text: string): boolean {
  if (!ipaddr.isValidCIDR(text)) return false;
  const [address, length] = ipaddr.parseCIDR(text);
  const network = address.kind() === 'ipv4'
    ? ipaddr.IPv4.networkAddressFromCIDR(text)
    : ipaddr.IPv6.networkAddressFromCIDR(text);
  return length >= 0 && network.toNormalizedString() === address.toNormalizedString();
}
