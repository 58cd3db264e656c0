/**
 * Addresses of the bare lab, of both families: a network is an IPv4 /24 or an IPv6 /64, and its hosts are counted.
 */
export type Family = 'inet' | 'inet6';

export function familyOf(text: string): Family {
  return text.includes(':') ? 'inet6' : 'inet';
}

/** `10.42.1.0/24` and 10 give `10.42.1.10`; `fd42:2:1::/64` and 10 give `fd42:2:1::10`, so that both look alike to people. */
export function hostIn(network: string, host: number): string {
  return familyOf(network) === 'inet6' ? network.replace(/\/64$/, String(host)) : network.replace(/0\/24$/, String(host));
}

/**
 * With the network's prefix length, as `ip addr add` takes it. IPv6 addresses need no detection of duplicates here, which takes a second.
 */
export function assigned(network: string, host: number): string {
  return familyOf(network) === 'inet6' ? `${hostIn(network, host)}/64 nodad` : `${hostIn(network, host)}/24`;
}

/** The `count`th network below a prefix: `10.42` gives `10.42.1.0/24`, `fd42:2` gives `fd42:2:1::/64`. */
export function networkBelow(prefix: string, count: number): string {
  return familyOf(prefix) === 'inet6' ? `${prefix}:${count}::/64` : `${prefix}.${count}.0/24`;
}

/** An address as part of a URL, or before a port. */
export function inUrl(address: string): string {
  return familyOf(address) === 'inet6' ? `[${address}]` : address;
}
