/**
 * The condition of each Peer: whether the nodes of this cluster take all of it, and if not, what to change. That it answers is
 * another matter, which metrics of the node-agents tell.
 */
import type { MeshNode } from '../core/api/meshNode.js';
import type { MeshSpec } from '../core/api/mesh.js';
import { peerProblems } from '../core/mesh/peerProblems.js';
import type { Problem } from '../core/mesh/plan.js';
import type { Resolver } from '../core/names/resolver.js';
import type { PeerFacts } from './facts.js';
import type { PlannedCondition } from './planCluster.js';

export interface PeersInput {
  readonly mesh: MeshSpec;
  /** With the places that they are to have. */
  readonly nodes: readonly MeshNode[];
  readonly peers: readonly PeerFacts[];
  /** What has become of asking for the name of an endpoint. */
  readonly outcomeOf: (name: string) => NameOutcome;
}

export type NameOutcome = ReturnType<Resolver['outcome']>;

export interface PlannedPeerStatus {
  readonly conditions: readonly PlannedCondition[];
}

/** By name. Left alone are those that are being deleted, and those of which it will be known in a moment whether their name resolves. */
export function planPeers({ mesh, nodes, peers, outcomeOf }: PeersInput): ReadonlyMap<string, PlannedPeerStatus> {
  const good = peers.flatMap(({ checked }) => (checked.ok ? [checked.value] : []));
  const problems = mesh.besideKilo === undefined && good.length > 0 ? peerProblems({ mesh, nodes, peers: good, unresolved: new Set(peerNames(peers).filter((name) => outcomeOf(name) === 'failed')) }) : NONE;
  const present = peers.filter((peer) => peer.metadata.deletionTimestamp === undefined && !peerNames([peer]).some((name) => outcomeOf(name) === 'asking'));
  return new Map(present.map((peer) => {
    const verdict = verdictOn(peer, mesh, problems.get(peer.metadata.name) ?? []);
    return [peer.metadata.name, { conditions: [{ type: 'Ready', ...verdict, observedGeneration: peer.metadata.generation ?? 0 }] }];
  }));
}

/** DNS names among the endpoints, each once. */
export function peerNames(peers: readonly PeerFacts[]): readonly string[] {
  return [...new Set(peers.flatMap(({ checked }) => (checked.ok ? (checked.value.spec.endpoint?.dnsOrIP.dns ?? []) : [])))];
}

const NONE: ReadonlyMap<string, readonly Problem[]> = new Map();
/** How many messages are given in full before the rest is counted. */
const TOLD = 5;

function verdictOn({ checked }: PeerFacts, { besideKilo }: MeshSpec, problems: readonly Problem[]): Pick<PlannedCondition, 'status' | 'reason' | 'message'> {
  if (!checked.ok) return { status: 'False', reason: 'Invalid', message: `is ignored until it is corrected: ${checked.reason}` };
  if (besideKilo !== undefined) return { status: 'Unknown', reason: 'LeftToKilo', message: "while the Mesh says besideKilo, Peers are left to Kilo's own agent" };
  const [first] = problems;
  if (first === undefined) return { status: 'True', reason: 'Meshed', message: '' };
  const more = problems.length > TOLD ? `; and ${problems.length - TOLD} more` : '';
  return { status: 'False', reason: first.reason, message: `${problems.slice(0, TOLD).map(({ message }) => message).join('; ')}${more}` };
}
