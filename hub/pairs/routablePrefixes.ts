/**
 * Which prefixes of one member another may route to it.
 *
 * Pod and mesh ranges are compared as a whole (overlaps.ts). What would hide something that the target has of its own is left out, prefix
 * by prefix. For node addresses that is no problem worth a word: LANs everywhere use the same ones.
 */
import type { MeshNode } from '../../core/api/meshNode.js';
import { ANNOTATION } from '../../core/api/names.js';
import type { Complaint, Problem, Subject } from '../../core/api/problem.js';
import { underlayAddressesOf, type Segment } from '../../core/mesh/segments.js';
import { addressOf, type Cidr, parseCidr, singleAddress, sortCidrs } from '../../core/net/cidr.js';
import { type CidrIndex } from '../../core/net/cidrIndex.js';
import { isSpecial } from '../../core/net/special.js';
import { LIMIT, someOf } from '../records/admit/limits.js';
import { registeredSegments } from '../records/admit/registeredSegments.js';
import type { ClusterFacts } from '../records/admit/clusterFacts.js';
import type { Ownership } from './ownership.js';
import { findSubstitutes } from './substitutes.js';
import type { TargetNetworks } from './targetNetworks.js';

export interface PairInput {
  readonly source: { readonly id: string; readonly facts: ClusterFacts };
  readonly target: { readonly id: string; readonly facts: ClusterFacts; readonly networks: TargetNetworks };
  /** Addresses of the members' API servers. Values are ids. */
  readonly apiServers: CidrIndex<string>;
  readonly ownership: Ownership;
}

interface RoutablePrefixes {
  /** CIDRs, in the segment's order. */
  readonly prefixes: readonly string[];
  readonly problems: readonly Problem[];
}

/** Where the target believes endpoints of the source's Services to be. */
export interface Reach {
  /** Its pods, and those of its nodes' addresses that are routed. Mesh addresses are nobody's endpoints. CIDRs, sorted. */
  readonly prefixes: readonly string[];
  /** Ranges of its Services: no pod's endpoint is one. CIDRs, sorted. */
  readonly services: readonly string[];
  /** All of these. */
  readonly reachable: readonly string[];
  /** Mesh addresses, by the addresses of nodes in whose place they are (substitutes.ts). */
  readonly substitutes: ReadonlyMap<string, string>;
}

export function findReach(input: PairInput): Reach {
  const { facts } = input.source;
  const mesh = new Set(facts.nodes.flatMap(({ status }) => status?.meshAddresses ?? []).map(singleAddress));
  const routable = createRoutable(input);
  const routed = registeredSegments(facts).segments.flatMap((segment) => routable(segment).prefixes);
  const ofServices = new Set(facts.routedServiceCIDRs);
  const prefixes = sortCidrs(routed.filter((prefix) => !mesh.has(prefix) && !ofServices.has(prefix)));
  const services = sortCidrs(routed.filter((prefix) => ofServices.has(prefix)));
  return {
    prefixes,
    services,
    reachable: [...prefixes, ...services],
    substitutes: findSubstitutes(facts, new Set(routed)),
  };
}

/** Finds the prefixes behind a segment of the source that the target may route. */
export function createRoutable(input: PairInput): (segment: Segment) => RoutablePrefixes {
  const nodes = new Map(input.source.facts.nodes.map((node) => [node.metadata.name, node]));
  return (segment) =>
    routablePrefixes(
      segment,
      segment.nodes.flatMap((name) => nodes.get(name) ?? []),
      input,
    );
}

function routablePrefixes(
  segment: Segment,
  nodes: readonly MeshNode[],
  { source, target, apiServers, ownership }: PairInput,
): RoutablePrefixes {
  const { ranges, networks } = target.networks;
  const nodeAddresses = new Set(nodes.flatMap(underlayAddressesOf).map(singleAddress));
  const tunnelEnds = tunnelEndsOf(segment, nodes);
  const leftOut = { special: [] as string[], local: [] as string[], taken: new Map<string, string[]>() };

  /** What the target or another member has there itself. */
  const ownIn = (cidr: Cidr): string | undefined => {
    const server = apiServers.touching(cidr).find((id) => id !== source.id);
    return ranges.touching(cidr)[0] ?? networks.touching(cidr)[0] ?? (server === undefined ? undefined : `the API server of ${server}`);
  };

  const mayRoute = (prefix: string): boolean => {
    const cidr = parseCidr(prefix);
    if (cidr === undefined || isSpecial(cidr)) {
      leftOut.special.push(prefix);
      return false;
    }
    if (nodeAddresses.has(prefix)) {
      // A tunnel's own packets must not be routed into it.
      const mayBeRouted = source.facts.nodeAddresses.has(prefix) && !tunnelEnds.has(prefix);
      return mayBeRouted && ownIn(cidr) === undefined && ownership.prefix(cidr) === undefined;
    }
    const own = ownIn(cidr);
    if (own !== undefined) {
      leftOut.local.push(`${prefix} (${own})`);
      return false;
    }
    const holder = ownership.prefix(cidr);
    if (holder === undefined) return true;
    const taken = leftOut.taken.get(holder) ?? [];
    taken.push(prefix);
    leftOut.taken.set(holder, taken);
    return false;
  };

  const routable = segment.allowedIPs.filter(mayRoute);
  const prefixes = bounded(routable, nodeAddresses);
  const pair: Subject = { kind: 'pair', other: target.id };
  return {
    prefixes,
    problems: [
      ...(leftOut.special.length === 0 ? [] : [specialRange(segment, leftOut.special)]),
      ...(leftOut.local.length === 0 ? [] : [{ subject: pair, ...localNetwork(leftOut.local, target.id) }]),
      ...[...leftOut.taken].map(([holder, taken]) => ({
        subject: pair,
        ...prefixTaken(taken, { holder, source: source.id, target: target.id }),
      })),
      ...(prefixes.length === routable.length ? [] : [tooManyPrefixes(segment, routable.length)]),
    ],
  };
}

/**
 * Addresses where tunnels to the segment may end, as CIDRs. A gateway sends from the address that its kernel picks, mostly its internal
 * one, and the remote WireGuard roams to it.
 */
function tunnelEndsOf(segment: Segment, nodes: readonly MeshNode[]): ReadonlySet<string> {
  const gateways = new Set(segment.gateways.map(({ name }) => name));
  return new Set([
    ...nodes.flatMap((node) => node.spec.endpoints.flatMap(({ host }) => (addressOf(host) === undefined ? [] : singleAddress(host)))),
    ...nodes
      .filter((node) => gateways.has(node.metadata.name))
      .flatMap(underlayAddressesOf)
      .map(singleAddress),
  ]);
}

/** A Peer that lists more is refused as a whole. Pods come before the addresses of nodes. */
function bounded(prefixes: readonly string[], nodeAddresses: ReadonlySet<string>): readonly string[] {
  if (prefixes.length <= LIMIT.prefixes) return prefixes;
  const first = prefixes.filter((prefix) => !nodeAddresses.has(prefix));
  const kept = new Set([...first, ...prefixes.filter((prefix) => nodeAddresses.has(prefix))].slice(0, LIMIT.prefixes));
  return prefixes.filter((prefix) => kept.has(prefix));
}

function specialRange(segment: Segment, special: readonly string[]): Problem {
  return {
    subject: { kind: 'segment', name: segment.name },
    reason: 'SpecialRange',
    message: `${someOf(special)} must not be routed between clusters and is left out`,
    remedy: 'correct the pod CIDRs or internal addresses of its nodes',
  };
}

function localNetwork(prefixes: readonly string[], target: string): Complaint {
  return {
    reason: 'LocalNetwork',
    message: `${someOf(prefixes)} would cut ${target} off from what it has itself, so that is left out there`,
    remedy: 'give one of the two clusters other ranges; a network that is told too wide is narrowed by kilo.squat.ai/force-internal-ip',
  };
}

function prefixTaken(
  prefixes: readonly string[],
  { holder, source, target }: { readonly holder: string; readonly source: string; readonly target: string },
): Complaint {
  return {
    reason: 'PrefixTaken',
    message: `${someOf(prefixes)} is ${holder}'s in ${target}, so what is behind it in ${source} cannot be reached from there`,
    remedy: `give one of the two another range, or declare what each may use (${ANNOTATION.allowedCIDRs})`,
  };
}

function tooManyPrefixes(segment: Segment, count: number): Problem {
  return {
    subject: { kind: 'segment', name: segment.name },
    reason: 'TooManyPrefixes',
    message: `it has ${count} prefixes, and a Peer holds ${LIMIT.prefixes}: the last are left out`,
    remedy: 'split its nodes among several locations',
  };
}
