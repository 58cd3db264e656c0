/**
 * One spelling for addresses, prefixes and endpoints, so that desired and observed ones can be compared as text.
 */
import ipaddr from 'ipaddr.js';

/** RFC 5952 for IPv6; IPv4 is taken as it is. */
export function canonicalAddress(text: string): string {
  return !text.includes(':') || isPlainIPv6(text) ? text : ipaddr.IPv6.parse(text).toRFC5952String();
}

/**
 * Certainly canonical, without parsing: no zero group is written out, so `::` stands for all of them, and there are at least two. Nearly
 * all prefixes are like this, and there may be many thousands.
 */
function isPlainIPv6(text: string): boolean {
  return PLAIN.test(text) && text.split(':').length <= 7;
}

const PLAIN = /^[1-9a-f][0-9a-f]{0,3}(:[1-9a-f][0-9a-f]{0,3})*::([1-9a-f][0-9a-f]{0,3}(:[1-9a-f][0-9a-f]{0,3})*)?$/;

/** Always with a prefix length: iproute2 leaves out that of a single address. */
export function canonicalCIDR(text: string): string {
  const slash = text.indexOf('/');
  const address = canonicalAddress(slash < 0 ? text : text.slice(0, slash));
  return `${address}/${slash < 0 ? singleLength(address) : text.slice(slash + 1)}`;
}

/** `address:port` or `[address]:port`. */
export function canonicalEndpoint(text: string): string {
  const end = text.lastIndexOf(']');
  return text.startsWith('[') && end > 0 ? `[${canonicalAddress(text.slice(1, end))}]${text.slice(end + 1)}` : text;
}

/** Of an endpoint, which names an address and a port. */
export function endpointAddress(endpoint: string): string {
  return endpoint.slice(0, endpoint.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}

/** The CIDR of one address. */
export function singleCIDR(address: string): string {
  return `${address}/${singleLength(address)}`;
}

function singleLength(address: string): number {
  return address.includes(':') ? 128 : 32;
}
