/**
 * What the nodes of a cluster leave out of each Peer, for that Peer's status.
 *
 * It uses the functions that plan a node, for an imagined node in no segment with a tunnel to every gateway. What only a real node knows is
 * not here: whether a name resolves there, and whether the Peer answers.
 */
import type { MeshNode } from '../api/meshNode.js';
import type { MeshSpec } from '../api/meshSpec.js';
import type { Peer } from '../api/peer.js';
import { addressOf } from '../net/cidr.js';
import { meshRanges } from './addresses.js';
import { claimPrefixes } from './claims.js';
import { type LocalNetwork, localNetworks } from './localNetworks.js';
import { onDemand } from '../memory/onDemand.js';
import { memberSegmentName, peerSegments } from './peerSegments.js';
import type { Problem, Subject } from '../api/problem.js';
import { remoteGateways } from './remoteGateways.js';
import { verifiedNodes } from './verified.js';
import { NO_SEGMENT, ownSegments, present, type Segment } from './segments.js';
import { unreachableSegments } from './remotePaths.js';
import { planInterfaces } from './wireguard.js';

interface PeerProblemsInput {
  readonly mesh: MeshSpec;
  readonly nodes: readonly MeshNode[];
  readonly peers: readonly Peer[];
  /** DNS names among the endpoints that do not resolve. */
  readonly unresolved: ReadonlySet<string>;
}

/**
 * By name of the Peer, the most serious first; without Peers that have none. A problem of another member's segment is reported for each
 * Peer that is a gateway of it.
 */
export function peerProblems({ mesh, nodes, peers, unresolved }: PeerProblemsInput): ReadonlyMap<string, readonly Problem[]> {
  const { segments: own } = ownSegments(nodes, mesh);
  const theirs = peerSegments(peers);
  const told = remoteGateways({
    remote: [...own, ...theirs.segments],
    nodesByKey: onDemand(
      () => new Map(verifiedNodes(present(nodes)).map(({ metadata: { name }, spec: { publicKey } }) => [publicKey, name])),
    ),
    ownKey: '',
    planes: mesh.planes,
    resolved: {},
  });
  const remote = told.segments;
  const members = remote.filter(({ kind }) => kind === 'member');
  const reaching = own.filter(({ gateways }) => gateways.length > 0);
  const problems = [
    ...theirs.problems,
    ...told.problems,
    ...tunnelProblems(mesh, remote, unresolved),
    ...reaching.flatMap((segment) =>
      unreachableSegments(
        segment,
        members.filter(({ name }) => !told.emptied.has(name)),
        mesh.planes,
      ),
    ),
    ...claimPrefixes({ own: NO_SEGMENT, remote, all: networksOf(nodes), ownRanges: () => meshRanges(mesh, nodes) }).problems,
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

/** RFC 5737. */
const SOME_ADDRESS = '192.0.2.1';

/** Impossible endpoints. What names resolve to does not matter. */
function tunnelProblems(mesh: MeshSpec, remote: readonly Segment[], unresolved: ReadonlySet<string>): readonly Problem[] {
  const hosts = remote.flatMap(({ gateways }) =>
    gateways.flatMap(({ host }) => (host === undefined || addressOf(host) !== undefined || unresolved.has(host) ? [] : [host])),
  );
  return planInterfaces({
    mesh,
    self: { name: '', slot: 0, port: mesh.port, persistentKeepalive: 0, dialable: true },
    remote,
    prefixes: new Map(),
    resolved: Object.fromEntries(hosts.map((host) => [host, SOME_ADDRESS])),
    mtu: 0,
  }).problems;
}

/** Every node refuses what would cut it off from its own network. */
function localProblems(nodes: readonly MeshNode[], theirs: readonly Segment[]): readonly Problem[] {
  const external = theirs.filter(({ kind }) => kind === 'externalPeer');
  return claimPrefixes({ own: NO_SEGMENT, remote: external, near: networksOf(nodes) }).problems.filter(
    ({ reason }) => reason === 'LocalNetwork',
  );
}

function networksOf(nodes: readonly MeshNode[]): () => readonly LocalNetwork[] {
  return onDemand(() => localNetworks(present(nodes)));
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

/** Names of the Peers that a problem is about. */
function concerned(subject: Subject, holders: ReadonlyMap<string, readonly string[]>): readonly string[] {
  switch (subject.kind) {
    case 'segment':
      return holders.get(subject.name) ?? [];
    case 'peer':
    case 'gateway':
      return [subject.name];
    default:
      return [];
  }
}
