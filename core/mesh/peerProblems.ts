/**
 * What of each Peer the nodes of a cluster leave out, for the status of the Peer itself.
 *
 * By the functions that a node's own plan is made with, as an onlooker would plan who stands in no segment and has a tunnel
 * with every gateway. What only a node can know is not here: whether a name resolves for it, too, whether the Peer answers.
 */
import type { MeshNode } from '../api/meshNode.js';
import type { MeshSpec } from '../api/mesh.js';
import type { Peer } from '../api/peer.js';
import { addressOf } from '../net/cidr.js';
import { claimPrefixes } from './claims.js';
import { memberSegmentName, peerSegments } from './peerSegments.js';
import type { Problem } from './plan.js';
import { ownSegments, present, type Segment } from './segments.js';
import { unreachableSegments } from './ways.js';
import { planInterfaces } from './wireguard.js';

export interface PeerProblemsInput {
  readonly mesh: MeshSpec;
  readonly nodes: readonly MeshNode[];
  readonly peers: readonly Peer[];
  /** Names of endpoints that have no address. */
  readonly unresolved: ReadonlySet<string>;
}

/**
 * By name of the Peer, the gravest first; Peers without any are not in it. What is wrong with a segment of another member is told
 * of each Peer that stands for a gateway of it.
 */
export function peerProblems({ mesh, nodes, peers, unresolved }: PeerProblemsInput): ReadonlyMap<string, readonly Problem[]> {
  const { segments: own } = ownSegments(nodes, mesh);
  const theirs = peerSegments(peers);
  const remote = [...own, ...theirs.segments];
  const members = theirs.segments.filter(({ kind }) => kind === 'member');
  const reaching = own.filter(({ gateways }) => gateways.length > 0);
  const problems = [
    ...theirs.problems,
    ...tunnelProblems(mesh, remote, unresolved),
    ...reaching.flatMap((segment) => unreachableSegments(segment, members, mesh.planes)),
    ...claimPrefixes({ own: NOBODY, remote, internalIPs: [] }).problems,
    ...localProblems(nodes, theirs.segments),
  ];
  const found = new Map<string, Map<string, Problem>>();
  const holders = bySegment(peers);
  for (const problem of problems) {
    for (const name of concerned(problem.subject, holders)) {
      const known = found.get(name) ?? new Map<string, Problem>();
      found.set(name, known.set(problem.message, known.get(problem.message) ?? problem));
    }
  }
  return new Map([...found].map(([name, all]) => [name, [...all.values()]]));
}

const NOBODY: Segment = { name: '', kind: 'own', location: '', nodes: [], gateways: [], allowedIPs: [], locationIPs: [] };

/** RFC 5737. */
const SOME_ADDRESS = '192.0.2.1';

/** Keys that two have, and endpoints that can be none. What names resolve to does not matter. */
function tunnelProblems(mesh: MeshSpec, remote: readonly Segment[], unresolved: ReadonlySet<string>): readonly Problem[] {
  const hosts = remote.flatMap(({ gateways }) => gateways.flatMap(({ host }) => (host === undefined || addressOf(host) !== undefined || unresolved.has(host) ? [] : [host])));
  return planInterfaces({
    mesh,
    self: { name: '', slot: 0, port: mesh.port, publicKey: '', persistentKeepalive: 0, dialable: true },
    remote,
    prefixes: new Map(),
    resolved: Object.fromEntries(hosts.map((host) => [host, SOME_ADDRESS])),
    mtu: 0,
  }).problems;
}

/** A node refuses what would cut it off from its own network, wherever that is. */
function localProblems(nodes: readonly MeshNode[], theirs: readonly Segment[]): readonly Problem[] {
  const people = theirs.filter(({ kind }) => kind === 'person');
  const internalIPs = present(nodes).flatMap(({ spec }) => spec.internalIPs);
  return claimPrefixes({ own: NOBODY, remote: people, internalIPs }).problems.filter(({ reason }) => reason === 'LocalNetwork');
}

function bySegment(peers: readonly Peer[]): ReadonlyMap<string, readonly string[]> {
  const holders = new Map<string, string[]>();
  for (const peer of peers) {
    const segment = memberSegmentName(peer);
    if (segment === undefined) continue;
    const known = holders.get(segment);
    if (known === undefined) holders.set(segment, [peer.metadata.name]);
    else known.push(peer.metadata.name);
  }
  return holders;
}

/** Names of the Peers that a problem's subject, such as `peer laptop`, `gateway west-eu-0` or `segment west/eu`, stands for. */
function concerned(subject: string, holders: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const space = subject.indexOf(' ');
  const [kind, name] = [subject.slice(0, space), subject.slice(space + 1)];
  if (kind === 'segment') return holders.get(name) ?? [];
  return kind === 'peer' || kind === 'gateway' ? [name] : [];
}
