/**
 * The words our schemas are made of. Each knows its zod check, for objects we read, and its CEL rule, for the API server
 * that must refuse a bad object before anyone reads it; `core/api/crd.ts` turns the second into CRD YAML.
 */
import ipaddr from 'ipaddr.js';
import * as z from 'zod';
import { parseAddress } from '../net/cidr.js';

interface CelRule {
  readonly rule: string;
  readonly message: string;
}

/** CEL rules travel in zod's own metadata under this key, and leave it again as `x-kubernetes-validations`. */
export const CEL = 'x-kubernetes-validations';
/** How server-side apply merges a list; travels like CEL. */
export const LIST_TYPE = 'x-kubernetes-list-type';
export const LIST_MAP_KEYS = 'x-kubernetes-list-map-keys';

/** Standard base64 of exactly 32 bytes: 43 digits, of which the last carries 4 bits, and one `=`. */
const WIREGUARD_KEY = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** RFC 1123 subdomain. */
const DNS_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/**
 * `schema` with CEL rules for the API server. Where a word has both a rule and a regular expression, only the rule goes to
 * the CRD: it carries a message that says what to write instead.
 */
export const ruled = <T extends z.ZodType>(schema: T, ...rules: CelRule[]): T => schema.meta({ [CEL]: rules });

const WIREGUARD_KEY_MESSAGE =
  'must be a WireGuard key as wg prints it: 32 bytes in base64, 44 characters; leave an optional key out instead of writing an empty one';

export const wireguardKey = ruled(z.string().max(44).regex(WIREGUARD_KEY, WIREGUARD_KEY_MESSAGE), {
  rule: `self.matches('${celText(WIREGUARD_KEY)}')`,
  message: WIREGUARD_KEY_MESSAGE,
});

const IP_MESSAGE = 'must be an IP address, such as 10.0.0.1 or fd00::1; leave the field out for none';

export const ipAddress = ruled(z.string().max(45).refine(isIP, IP_MESSAGE), { rule: 'isIP(self)', message: IP_MESSAGE });

const DNS_MESSAGE = 'must be a DNS name in lower case, such as gw.example.com; leave the field out for none';

export const dnsName = ruled(z.string().max(253).regex(DNS_NAME, DNS_MESSAGE), {
  rule: `self.matches('${celText(DNS_NAME)}')`,
  message: DNS_MESSAGE,
});

const CIDR_MESSAGE = 'must be a CIDR, such as 10.0.0.0/16 or fd00::/64';
const HOST_BITS_MESSAGE = 'has bits set behind its prefix length: write the network (10.0.0.0/24) or the single address (10.0.0.1/32)';

export const cidr = ruled(
  z
    .string()
    .max(49)
    .refine(isCIDR, CIDR_MESSAGE)
    .refine((text) => !isCIDR(text) || isNetwork(text), HOST_BITS_MESSAGE),
  { rule: 'isCIDR(self)', message: CIDR_MESSAGE },
  { rule: '!isCIDR(self) || cidr(self).masked() == cidr(self)', message: HOST_BITS_MESSAGE },
);

const PREFIX_MESSAGE = 'must be an address with its prefix length, such as 10.0.0.2/24';

export const addressWithPrefix = ruled(z.string().max(49).refine(isCIDR, PREFIX_MESSAGE), {
  rule: 'isCIDR(self)',
  message: PREFIX_MESSAGE,
});

const HOST_MESSAGE = 'must be an IP address or a DNS name in lower case';

export const host = ruled(
  z
    .string()
    .max(253)
    .refine((text) => isIP(text) || DNS_NAME.test(text), HOST_MESSAGE),
  { rule: `isIP(self) || self.matches('${celText(DNS_NAME)}')`, message: HOST_MESSAGE },
);

/** Free text of one line. Its bound counts UTF-16 code units, that of the API server code points. */
export const line = (longest: number): z.ZodString =>
  z
    .string()
    .max(longest)
    .regex(/^\P{Cc}*$/u, LINE_MESSAGE);

export const port = z.int().min(1).max(65535);

/** metav1.Condition, merged by type under server-side apply. */
export const conditions = z
  .array(
    z.object({
      type: z.string().max(316),
      status: z.enum(['True', 'False', 'Unknown']),
      reason: z.string().min(1).max(1024),
      message: z.string().max(32_768),
      observedGeneration: z.int().optional(),
      lastTransitionTime: z.string().meta({ format: 'date-time' }),
    }),
  )
  .meta({ [LIST_TYPE]: 'map', [LIST_MAP_KEYS]: ['type'] });

/** Object metadata as far as we read it; the API server knows it anyway, so it never reaches a CRD. */
export const meta = z.object({
  name: z.string().max(253),
  namespace: z.string().max(63).optional(),
  uid: z.string().optional(),
  resourceVersion: z.string().optional(),
  generation: z.int().optional(),
  creationTimestamp: z.string().optional(),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  ownerReferences: z
    .array(
      z.object({
        apiVersion: z.string(),
        kind: z.string(),
        name: z.string(),
        uid: z.string(),
        controller: z.boolean().optional(),
        blockOwnerDeletion: z.boolean().optional(),
      }),
    )
    .optional(),
});

const LINE_MESSAGE = 'must not have control characters';

/** What CEL's isIP takes: no zone, no leading zeros, no IPv4 inside IPv6 (k8s.io/apiserver/pkg/cel/library/ip.go). */
function isIP(text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && (address.family === 4 || address.bits >> 32n !== 0xffffn);
}

/** What CEL's isCIDR takes. */
function isCIDR(text: string): boolean {
  const slash = text.indexOf('/');
  const address = text.slice(0, slash);
  const length = text.slice(slash + 1);
  if (slash < 0 || !isIP(address) || !/^(0|[1-9]\d{0,2})$/.test(length)) return false;
  return Number(length) <= (address.includes(':') ? 128 : 32);
}

/** A CIDR whose address is its network's. */
function isNetwork(text: string): boolean {
  const [address] = ipaddr.parseCIDR(text);
  const network = address.kind() === 'ipv4' ? ipaddr.IPv4.networkAddressFromCIDR(text) : ipaddr.IPv6.networkAddressFromCIDR(text);
  return network.toNormalizedString() === address.toNormalizedString();
}

/** A regular expression inside a CEL string: a character class spares the backslash that both would want escaped. */
function celText(expression: RegExp): string {
  return expression.source.replaceAll('\\.', '[.]').replaceAll('\\/', '/');
}
