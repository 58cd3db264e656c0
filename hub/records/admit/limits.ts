/**
 * How much of a member others take. More than that is left out by the order of names, with a problem, and changes nothing of what stands.
 */
export const LIMIT = {
  meshNodes: 2_000,
  /** Segments that are a location: each has up to four gateways, and each gateway is a Peer in every other member. */
  locations: 64,
  /** Segments that are a single node: each is one Peer. */
  singleNodes: 512,
  /** Pod CIDRs of all nodes together: two for each of 2,000 nodes. */
  podCIDRs: 4_096,
  serviceCIDRs: 64,
  /** Different DNS names among the endpoints of gateways, which every node of every other member resolves. */
  dnsNames: 64,
  /** Prefixes behind one segment, as many as a Peer may list. */
  prefixes: 4_096,
} as const;

/** `a, b, c and 12 more`: a text whose length does not grow with what a member says. */
export function someOf(all: readonly string[], shown = 5): string {
  const more = all.length - shown;
  return more <= 0 ? all.join(', ') : `${all.slice(0, shown).join(', ')} and ${more} more`;
}
