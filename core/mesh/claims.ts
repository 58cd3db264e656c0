/**
 * Who owns which prefix.
 *
 * On one WireGuard interface a prefix belongs to one peer: giving it to a second one silently takes it from the first. So segments claim
 * their prefixes in order of trust: nodes of the own cluster, networks beside them, external peers, other members. The first three are what
 * the cluster's own administrator wrote, and another cluster takes none of it. Among members, whoever came here first is first. A claim
 * that would take something from an earlier one is refused, and becomes a problem.
 *
 * A prefix around an earlier one takes nothing, since the longest match wins, in WireGuard and in routes. A prefix inside an earlier one
 * would, so it is refused. The exceptions are among external peers and networks beside nodes, since a laptop in the range of a site's
 * router is intended, and among the nodes of one cluster. (Kilo drops a network beside nodes that overlaps another, or any peer, on all
 * nodes: pkg/mesh/topology.go.)
 *
 * A member must keep to the ranges that it may have (memberRanges.ts). Its prefix must not overlap anything of others: their prefixes, the
 * networks that the cluster's nodes stand in, the ranges of the cluster's mesh addresses.
 */
import { type Cidr, compareCidrs, formatCidr, overlaps, parseCidr } from '../net/cidr.js';
import { firstNotBefore, within } from '../net/sets.js';
import { createPrefixMap, type PrefixMap } from '../net/prefixMap.js';
import { readPrefixes } from '../net/prefix.js';
import { isSpecial } from '../net/special.js';
import { onDemand } from '../memory/onDemand.js';
import { ANNOTATION } from '../api/names.js';
import type { Complaint, Problem, Subject } from '../api/problem.js';
import { cutsOff, type LocalNetwork, touches } from './localNetworks.js';
import { mayHave } from './memberRanges.js';
import { bySegmentPrecedence } from './precedence.js';
import type { Segment } from './segments.js';

/** Where a claim comes from: a segment's nodes or peers, or a Node's annotation about the network it is in (`location`). */
type ClaimKind = Segment['kind'] | 'location';

const TRUST: Readonly<Record<ClaimKind, number>> = { own: 0, location: 1, externalPeer: 2, member: 3 };
const MAY_NEST: ReadonlySet<ClaimKind> = new Set(['location', 'externalPeer']);

export interface Claims {
  /** By segment name: the prefixes granted to it, in address order. Without the node's own segment. */
  readonly prefixes: ReadonlyMap<string, readonly Claim[]>;
  /** All granted claims that contain `cidr`, those of the own segment among them, the narrowest first. */
  readonly covering: (cidr: Cidr) => readonly Claim[];
  /** Networks beside the nodes of the own location. Their hosts have no route back to the mesh, unless somebody added one. */
  readonly ownLocationIPs: readonly string[];
  readonly refused: readonly RefusedClaim[];
  /** Those of `refused`. */
  readonly problems: readonly Problem[];
}

interface RefusedClaim {
  readonly claim: Claim;
  readonly problem: Problem;
}

export interface Claim {
  readonly segment: Segment;
  readonly kind: ClaimKind;
  readonly cidr: Cidr;
  /** `cidr` as canonical text. */
  readonly text: string;
}

interface ClaimsInput {
  /** The node's own segment, which claims first. */
  readonly own: Segment;
  readonly remote: readonly Segment[];
  /** Networks that the own segment's nodes stand in; absent: none are known. */
  readonly near?: () => readonly LocalNetwork[];
  /** And those of the whole cluster. */
  readonly all?: () => readonly LocalNetwork[];
  /** Ranges that the cluster gives addresses out of; absent: none are known. */
  readonly ownRanges?: () => readonly string[];
}

export function claimPrefixes({ own, remote, near = NONE, all = NONE, ownRanges = NO_RANGES }: ClaimsInput): Claims {
  // Most clusters have no claims but those of their own nodes, which are many and hold whatever they want.
  const heldOnDemand = onDemand(() => createHeld(claimsOf(own, own.allowedIPs, 'own')));
  const granted = new Map<Segment, Claim[]>([own, ...remote].map((segment) => [segment, []]));
  const refused: RefusedClaim[] = [];
  const networks: Networks = {
    near,
    all,
    ranges: onDemand(() =>
      ownRanges()
        .map(parseCidr)
        .filter((cidr) => cidr !== undefined),
    ),
  };

  for (const { segment, kind, prefixes } of bidsOf(own, remote)) {
    if (prefixes.length === 0) continue;
    const held = heldOnDemand();
    const good = claimsOf(segment, prefixes, kind).filter((claim) => {
      const refusal = refusalOf(claim, held, segment === own ? NOWHERE : networks);
      if (refusal !== undefined) refused.push({ claim, problem: { subject: subjectOf(segment), ...refusal } });
      return refusal === undefined;
    });
    for (const claim of good) held.add(claim);
    granted.get(segment)?.push(...good);
  }
  return {
    prefixes: new Map(
      remote.map((segment) => [segment.name, (granted.get(segment) ?? []).toSorted((a, b) => compareCidrs(a.cidr, b.cidr))]),
    ),
    covering: (cidr) => heldOnDemand().index.covering(cidr),
    ownLocationIPs: (granted.get(own) ?? []).map(({ text }) => text),
    refused,
    problems: refused.map(({ problem }) => problem),
  };
}

/** What was granted so far. */
interface Held {
  readonly index: PrefixMap<Claim>;
  add(claim: Claim): void;
  /** Those that contain `cidr`, and those that it contains. */
  overlapping(cidr: Cidr): Claim[];
}

function createHeld(all: Claim[]): Held {
  const index = createPrefixMap<Claim>();
  for (const claim of all) index.set(claim.cidr, claim);
  /** All, sorted; only members ask, who come last. */
  let sorted: Claim[] | undefined;
  return {
    index,
    add(claim) {
      index.set(claim.cidr, claim);
      if (sorted === undefined) all.push(claim);
      else sorted.splice(firstNotBefore(claim.cidr, sorted, cidrOf), 0, claim);
    },
    overlapping(cidr) {
      sorted ??= all.toSorted((a, b) => compareCidrs(a.cidr, b.cidr));
      return [...index.covering(cidr), ...within(cidr, sorted, cidrOf)];
    },
  };
}

function cidrOf({ cidr }: Claim): Cidr {
  return cidr;
}

interface Bid {
  readonly segment: Segment;
  readonly kind: ClaimKind;
  readonly prefixes: readonly string[];
}

/** What others must keep away from. */
interface Networks {
  readonly near: () => readonly LocalNetwork[];
  readonly all: () => readonly LocalNetwork[];
  /** Those that the cluster gives addresses out of. */
  readonly ranges: () => readonly Cidr[];
}

/** Pods of one cluster: Calico lends a single address of one node's block to another node. */
function mayNest(outer: Claim, { kind, segment: { member } }: Claim): boolean {
  if (MAY_NEST.has(outer.kind)) return MAY_NEST.has(kind);
  return outer.kind === kind && outer.segment.member === member;
}

const NONE = (): readonly LocalNetwork[] => [];

const NO_RANGES = (): readonly string[] => [];

const NOWHERE: Networks = { near: NONE, all: NONE, ranges: () => [] };

function refusalOf(claim: Claim, held: Held, networks: Networks): Complaint | undefined {
  const { segment, kind, cidr, text } = claim;
  const what = describeClaim(kind, text);
  if (cidr.length === 0) {
    return { reason: 'DefaultRoute', message: `${what} would carry the tunnels themselves`, remedy: 'list the networks behind it instead' };
  }
  if (isSpecial(cidr))
    return {
      reason: 'SpecialRange',
      message: `${what} touches a loopback, link-local, multicast or reserved range`,
      remedy: 'leave it out',
    };
  const holder = held.index.covering(cidr).find((each) => !mayNest(each, claim) || each.cidr.length === cidr.length);
  if (holder !== undefined && (holder.segment !== segment || holder.kind !== kind)) {
    const where = holder.text === text ? 'already belongs to' : `lies in ${holder.text}, which belongs to`;
    return { reason: 'PrefixTaken', message: `${what} ${where} ${holder.segment.name}`, remedy: 'remove it from one of the two' };
  }
  if (kind === 'member') return memberRefusal(claim, held, networks);
  const lan = MAY_NEST.has(kind) ? networks.near().find((each) => cutsOff(cidr, each)) : undefined;
  if (lan !== undefined) {
    return {
      reason: 'LocalNetwork',
      message: `${what} would cut nodes off from their own network ${formatCidr(lan.network)}`,
      remedy: 'list single addresses, or a range without nodes',
    };
  }
  return undefined;
}

/**
 * What only another member must not have. Around the prefix of somebody else is too near: WireGuard would take packets from it that say
 * they are theirs.
 */
function memberRefusal({ segment, kind, cidr, text }: Claim, held: Held, { all, ranges }: Networks): Complaint | undefined {
  const what = describeClaim(kind, text);
  const lan = all().find((each) => touches(cidr, each));
  if (lan !== undefined) {
    return {
      reason: 'LocalNetwork',
      message: `${what} overlaps ${formatCidr(lan.network)}, which nodes of this cluster stand in`,
      remedy: 'give the member another range',
    };
  }
  const other = held.overlapping(cidr).find((each) => each.segment.member === undefined || each.segment.member !== segment.member);
  const range = ranges().find((each) => overlaps(each, cidr));
  if (other !== undefined || range !== undefined) {
    const whose =
      other === undefined
        ? `${formatCidr(range ?? cidr)}, which belongs to this cluster`
        : `${other.text}, which belongs to ${other.segment.name}`;
    return { reason: 'PrefixTaken', message: `${what} overlaps ${whose}`, remedy: 'give the member another range' };
  }
  const { declared } = segment.origin ?? NOBODY;
  if (declared.some((declaredRanges) => mayHave(cidr, declaredRanges))) return undefined;
  return {
    reason: 'NotAllowed',
    message: `${what} is no range that another member may have here`,
    remedy: `declare it for the member with ${ANNOTATION.allowedCIDRs}, if it is meant to have it`,
  };
}

const NOBODY = { declared: [undefined] };

/** How messages name a prefix. */
function describeClaim(kind: ClaimKind, text: string): string {
  return kind === 'location' ? `allowed location IP ${text}` : text;
}

function claimsOf(segment: Segment, prefixes: readonly string[], kind: ClaimKind): Claim[] {
  return readPrefixes(prefixes).map(({ cidr, text }) => ({ segment, kind, cidr, text }));
}

function subjectOf({ name, peer }: Segment): Subject {
  return peer === undefined ? { kind: 'segment', name } : { kind: 'peer', name: peer };
}

/** By trust, with the own segment first, then by precedence. */
function bidsOf(own: Segment, remote: readonly Segment[]): Bid[] {
  const beside = (segment: Segment): Bid => ({ segment, kind: 'location', prefixes: segment.locationIPs });
  const bids = [
    beside(own),
    ...remote
      .toSorted(bySegmentPrecedence)
      .flatMap((segment): Bid[] => [{ segment, kind: segment.kind, prefixes: segment.allowedIPs }, beside(segment)]),
  ];
  return bids.toSorted((a, b) => TRUST[a.kind] - TRUST[b.kind]);
}
