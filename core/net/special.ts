/**
 * Ranges that never belong to a pod or a node of anyone, so nobody may have them routed or mirrored
 * (RFC 6890; the reason is CVE-2026-66788: a member must not point others at their own loopback or metadata services).
 */
import { type Cidr, contains, overlaps, parseCidr } from './cidr.js';

/** "This network" and the unspecified address, loopback, link-local, multicast, reserved with broadcast; mapped IPv4. */
const SPECIAL = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/127',
  '::ffff:0:0/96',
  'fe80::/10',
  'ff00::/8',
]
  .map(parseCidr)
  .filter((cidr) => cidr !== undefined);

/** Ranges that mean something inside one network only: RFC 1918, carriers' own (RFC 6598), RFC 4193. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7']
  .map(parseCidr)
  .filter((cidr) => cidr !== undefined);

/** Does it, an address or a CIDR, touch a private range? */
export function isPrivate(what: string): boolean {
  const cidr = parseCidr(what);
  return cidr !== undefined && PRIVATE.some((range) => overlaps(range, cidr));
}

/**
 * Addresses in private ranges at which machines of a cloud find their credentials (Alibaba, AWS, Google). Ranges around them are in use for
 * other things, so they are not special as such.
 */
const METADATA = ['100.100.100.200', 'fd00:ec2::254', 'fd20:ce::254'].map(parseCidr).filter((cidr) => cidr !== undefined);

/** Is all of it private? */
export function isWhollyPrivate(cidr: Cidr): boolean {
  return PRIVATE.some((range) => contains(range, cidr));
}

/** Does it hold the address of a cloud's metadata service? */
export function holdsMetadata(cidr: Cidr): boolean {
  return METADATA.some((address) => contains(cidr, address));
}

/** Does it, an address or a CIDR, touch a special range? What does not parse counts as special. */
export function isSpecial(what: string | Cidr): boolean {
  const cidr = typeof what === 'string' ? parseCidr(what) : what;
  return cidr === undefined || SPECIAL.some((special) => overlaps(special, cidr));
}
