/**
 * Who owns which prefix.
 *
 * On one WireGuard interface a prefix belongs to one peer: the last to be given it silently takes it from the other. So
 * segments claim their prefixes in order of trust (own cluster, other members, networks beside own nodes, people), then of
 * name, and a claim that would take something from an earlier one is refused with a problem.
 *
 * A prefix around an earlier one takes nothing: the longest match wins, in WireGuard as in routes. A prefix inside an earlier
 * one does, so it is refused, except among people and networks beside nodes: a laptop in the range of a site's router is what
 * both mean. (Kilo drops a network beside nodes that overlaps another, or anybody's peer, on all nodes: pkg/mesh/topology.go.)
 */
import { addressOf, type Cidr, compareCidrs, contains, formatCidr, parseCidr } from '../net/cidr.js';
import { createPrefixMap, type PrefixMap } from '../net/prefixMap.js';
import { isSpecial } from '../net/special.js';
import type { Problem } from './plan.js';
import type { Segment } from './segments.js';

/** Whose word a claim is: a segment's about its nodes or peers, or a Node's annotation about the network it stands in. */
export type ClaimKind = Segment['kind'] | 'location';

const TRUST: Readonly<Record<ClaimKind, number>> = { own: 0, member: 1, location: 2, person: 3 };
const MAY_NEST: ReadonlySet<ClaimKind> = new Set(['location', 'person']);

export interface Claims {
  /** Segment name to the prefixes it has, in address order. The node's own segment is not among them. */
  readonly prefixes: ReadonlyMap<string, readonly Claim[]>;
  /** All of them, and those of the own segment. */
  readonly index: PrefixMap<Claim>;
  /** Networks beside the nodes of the own location. Nobody there has a way back to the mesh, unless somebody made one. */
  readonly ownLocationIPs: readonly string[];
  readonly problems: readonly Problem[];
}

export interface Claim {
  readonly segment: Segment;
  readonly kind: ClaimKind;
  readonly cidr: Cidr;
  /** `cidr` as canonical text. */
  readonly text: string;
}

export interface ClaimsInput {
  /** The node's own segment: its prefixes are spoken for before anybody else's. */
  readonly own: Segment;
  readonly remote: readonly Segment[];
  /** Internal addresses of the own segment's nodes, each with its network's prefix length. */
  readonly internalIPs: readonly string[];
}

export function claimPrefixes({ own, remote, internalIPs }: ClaimsInput): Claims {
  const index = createPrefixMap<Claim>();
  const granted = new Map<Segment, Claim[]>([own, ...remote].map((segment) => [segment, []]));
  const problems: Problem[] = [];
  const networks = localNetworks(internalIPs);

  for (const claim of claimsOf(own, own.allowedIPs, 'own')) index.set(claim.cidr, claim);
  for (const { segment, kind, prefixes } of bidsOf(own, remote)) {
    const good = claimsOf(segment, prefixes, kind).filter((claim) => {
      const refusal = refusalOf(claim, index, segment === own ? [] : networks);
      if (refusal !== undefined) problems.push({ subject: subjectOf(segment), ...refusal });
      return refusal === undefined;
    });
    for (const claim of good) index.set(claim.cidr, claim);
    granted.get(segment)?.push(...good);
  }
  return {
    prefixes: new Map(remote.map((segment) => [segment.name, (granted.get(segment) ?? []).toSorted((a, b) => compareCidrs(a.cidr, b.cidr))])),
    index,
    ownLocationIPs: (granted.get(own) ?? []).map(({ text }) => text),
    problems,
  };
}

interface Bid {
  readonly segment: Segment;
  readonly kind: ClaimKind;
  readonly prefixes: readonly string[];
}

interface LocalNetwork {
  readonly network: Cidr;
  readonly addresses: readonly Cidr[];
}

type Refusal = Omit<Problem, 'subject'>;

function refusalOf({ segment, kind, cidr, text }: Claim, index: PrefixMap<Claim>, networks: readonly LocalNetwork[]): Refusal | undefined {
  const what = describeClaim(kind, text);
  if (cidr.length === 0) {
    return { reason: 'DefaultRoute', message: `${what} would carry the tunnels themselves: list the networks behind it instead` };
  }
  if (isSpecial(cidr)) return { reason: 'SpecialRange', message: `${what} touches a loopback, link-local, multicast or reserved range: leave it out` };
  const holder = index.covering(cidr).find((each) => !(MAY_NEST.has(each.kind) && MAY_NEST.has(kind)) || each.cidr.length === cidr.length);
  if (holder !== undefined && (holder.segment !== segment || holder.kind !== kind)) {
    const where = holder.text === text ? 'already belongs to' : `lies in ${holder.text}, which belongs to`;
    return { reason: 'PrefixTaken', message: `${what} ${where} ${holder.segment.name}: remove it from one of the two` };
  }
  const lan = MAY_NEST.has(kind) ? networks.find((each) => cutsOff(cidr, each)) : undefined;
  if (lan !== undefined) {
    return { reason: 'LocalNetwork', message: `${what} would cut nodes off from their own network ${formatCidr(lan.network)}: list single addresses, or a range without nodes` };
  }
  return undefined;
}

/** How messages name a prefix. */
export function describeClaim(kind: ClaimKind, text: string): string {
  return kind === 'location' ? `allowed location IP ${text}` : text;
}

/**
 * A route as narrow as the nodes' own network, and with nodes in it, competes with the one that the network's address gave
 * the host. The wider network around it does not.
 */
function cutsOff(cidr: Cidr, { network, addresses }: LocalNetwork): boolean {
  return contains(network, cidr) && addresses.some((address) => contains(cidr, address));
}

function localNetworks(internalIPs: readonly string[]): LocalNetwork[] {
  const byNetwork = new Map<string, { readonly network: Cidr; readonly addresses: Cidr[] }>();
  for (const text of internalIPs) {
    const network = parseCidr(text);
    const address = parseCidr(addressOf(text) ?? '');
    if (network === undefined || address === undefined) continue;
    const name = formatCidr(network);
    const known = byNetwork.get(name);
    if (known === undefined) byNetwork.set(name, { network, addresses: [address] });
    else known.addresses.push(address);
  }
  return [...byNetwork.values()];
}

function claimsOf(segment: Segment, prefixes: readonly string[], kind: ClaimKind): Claim[] {
  return prefixes.flatMap((text) => {
    const cidr = parseCidr(text);
    return cidr === undefined ? [] : [{ segment, kind, cidr, text }];
  });
}

function subjectOf(segment: Segment): string {
  return segment.kind === 'person' ? segment.name.replace(':', ' ') : `segment ${segment.name}`;
}

/** By trust, then the own segment, then by name; people's in their own order, so that nobody loses to who came later. */
function bidsOf(own: Segment, remote: readonly Segment[]): Bid[] {
  const beside = (segment: Segment): Bid => ({ segment, kind: 'location', prefixes: segment.locationIPs });
  const others = remote.filter(({ kind }) => kind !== 'person').toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const people = remote.filter(({ kind }) => kind === 'person');
  const bids = [beside(own), ...[...others, ...people].flatMap((segment): Bid[] => [{ segment, kind: segment.kind, prefixes: segment.allowedIPs }, beside(segment)])];
  return bids.toSorted((a, b) => TRUST[a.kind] - TRUST[b.kind]);
}
