/**
 * The condition of each Peer: whether the nodes of this cluster accept all of it, and if not, what to change. It does not say that the
 * peer answers: the node-agents' metrics do.
 */
import type { MeshNode } from '../core/api/meshNode.js';
import type { MeshSpec } from '../core/api/meshSpec.js';
import { boundedPeers } from '../core/mesh/boundedPeers.js';
import { peerProblems } from '../core/mesh/peerProblems.js';
import type { Peer } from '../core/api/peer.js';
import type { Problem } from '../core/api/problem.js';
import type { Reason } from '../core/api/reasons.js';
import type { Resolver } from '../core/dns/resolver.js';
import type { PeerFacts } from './facts.js';
import type { PlannedCondition } from '../core/api/conditions.js';
import { readyCondition } from './readyCondition.js';

interface PeersInput {
  readonly mesh: MeshSpec;
  /** With their planned statuses. */
  readonly nodes: readonly MeshNode[];
  readonly peers: readonly PeerFacts[];
  /** The lookup of an endpoint's name. */
  readonly outcomeOf: (name: string) => NameOutcome;
}

export type NameOutcome = ReturnType<Resolver['outcome']>;

export interface PlannedPeerStatus {
  readonly conditions: readonly PlannedCondition[];
}

/** By name. Skips Peers that are being deleted, and those whose name is being looked up. */
export function planPeers({ mesh, nodes, peers, outcomeOf }: PeersInput): ReadonlyMap<string, PlannedPeerStatus> {
  const good = goodPeers(peers);
  const asked = new Set(peerNames(peers));
  const problems =
    mesh.besideKilo === undefined && good.length > 0
      ? peerProblems({ mesh, nodes, peers: good, unresolved: new Set(peerNames(peers).filter((name) => outcomeOf(name) === 'failed')) })
      : NONE;
  const present = peers.filter(
    (peer) =>
      peer.metadata.deletionTimestamp === undefined && !peerNames([peer]).some((name) => asked.has(name) && outcomeOf(name) === 'asking'),
  );
  return new Map(
    present.map((peer) => {
      const { name } = peer.metadata;
      return [name, { conditions: [conditionOf(peer, mesh, problems.get(name) ?? [])] }];
    }),
  );
}

/** DNS names among the endpoints, each once. */
export function peerNames(peers: readonly PeerFacts[]): readonly string[] {
  const { peers: bounded } = boundedPeers(goodPeers(peers));
  return [...new Set(bounded.flatMap(({ spec }) => spec.endpoint?.dnsOrIP.dns ?? []))];
}

/** Those that are well formed. */
export function goodPeers(peers: readonly PeerFacts[]): readonly Peer[] {
  return peers.flatMap(({ checked }) => (checked.ok ? [checked.value] : []));
}

const NONE: ReadonlyMap<string, readonly Problem[]> = new Map();

function conditionOf(peer: PeerFacts, { besideKilo }: MeshSpec, problems: readonly Problem[]): PlannedCondition {
  const { checked, metadata } = peer;
  if (!checked.ok) {
    const message = `is ignored until it is corrected: ${checked.error}`;
    return readyCondition([{ subject: { kind: 'peer', name: metadata.name }, reason: 'Invalid', message }], peer);
  }
  if (besideKilo === undefined) return readyCondition(problems, peer);
  return {
    type: 'Ready',
    status: 'Unknown',
    reason: 'LeftToKilo' satisfies Reason,
    message: "while the Mesh says besideKilo, Peers are left to Kilo's own agent",
    observedGeneration: metadata.generation ?? 0,
  };
}
