/**
 * Address families by the names that iproute2 and nft use.
 */
export type Family = 'inet' | 'inet6';

/** IPv4 first. */
export const FAMILIES: readonly Family[] = ['inet', 'inet6'];

/** For messages. */
export const FAMILY_TEXT: Readonly<Record<Family, string>> = { inet: 'IPv4', inet6: 'IPv6' };

/**
 * The smallest MTU that IPv6 runs on, bytes (RFC 8200, section 5): below it the kernel takes IPv6 from a device, and so from everybody
 * behind it.
 */
export const IPV6_MIN_MTU = 1280;

/** Of an address or a CIDR. */
export function familyName(text: string): Family {
  return text.includes(':') ? 'inet6' : 'inet';
}
