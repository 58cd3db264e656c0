/**
 * Plans the gateways of one member as `Peer`s in another: one for each segment and slot. Each has all prefixes behind its
 * segment, so that any gateway can carry all traffic.
 */
import type { MeshNode } from '../../../core/api/meshNode.js';
import { ANNOTATION, HUB_MANAGER, LABEL } from '../../../core/api/names.js';
import type { PeerSpec } from '../../../core/api/peer.js';
import type { Problem } from '../../../core/api/problem.js';
import type { KubeObject } from '../../../core/api/resources.js';
import type { Gateway, Segment } from '../../../core/mesh/segments.js';
import { addressOf } from '../../../core/net/cidr.js';
import { hash32 } from '../../../core/net/hash.js';
import type { Sha256 } from '../../../core/services/names.js';
import { withOwnHash } from '../../../core/services/withOwnHash.js';
import { dialledFacts } from '../../pairs/dialledFacts.js';
import { segmentToken } from '../../pairs/segmentToken.js';
import { createRoutable, type PairInput } from '../../pairs/routablePrefixes.js';
import { registeredSegments } from '../../records/admit/registeredSegments.js';

interface MemberPeersInput extends PairInput {
  /** UID of the source's cluster, as the Peers are to say it. Absent: it is not known. */
  readonly clusterUid?: string;
  readonly sha256: Sha256;
}

interface PeerObject extends KubeObject {
  readonly spec: PeerSpec;
}

interface MemberPeersPlan {
  /** Sorted by name. */
  readonly peers: readonly PeerObject[];
  readonly problems: readonly Problem[];
}

const NAME_LIMIT = 63;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

export function planMemberPeers(input: MemberPeersInput): MemberPeersPlan {
  const { source, target } = input;
  const { facts, problems: undialled } = dialledFacts(input);
  const { segments, problems: found } = registeredSegments(facts, target.facts.nodes);
  const nodes = new Map(facts.nodes.map((node) => [node.metadata.name, node]));
  const routable = createRoutable(input);
  const problems: Problem[] = [...undialled, ...found];
  const peers = new Map<string, PeerObject>();
  for (const segment of segments) {
    const { prefixes: allowedIPs, problems: leftOut } = routable(segment);
    problems.push(...leftOut);
    if (segment.gateways.length === 0) {
      problems.push({
        subject: { kind: 'segment', name: segment.name },
        reason: 'NoGateway',
        message: `no node of it has a gateway slot, so others cannot reach ${segment.nodes.join(', ')}`,
        remedy: 'is the cluster-agent running, and may a node of it be a gateway?',
      });
    }
    for (const gateway of segment.gateways) {
      const holder = keyHolder(gateway, input);
      if (holder !== undefined) {
        problems.push(duplicateKey(gateway, { holder, target: target.id }));
        continue;
      }
      const peer = peerOf(gateway, { segment, allowedIPs, node: nodes.get(gateway.name), input });
      if (peers.has(peer.metadata.name))
        problems.push({
          subject: { kind: 'segment', name: segment.name },
          reason: 'NameTaken',
          message: `its name hashes like another segment's of ${source.id}: rename the location`,
        });
      else peers.set(peer.metadata.name, peer);
    }
  }
  return { peers: [...peers.values()].toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)), problems };
}

/** Whose the gateway's key is in the target, if it is not the source's: an interface has one peer of a key, so the other would lose it. */
function keyHolder({ publicKey }: Gateway, { target, ownership }: MemberPeersInput): string | undefined {
  return target.networks.keys.get(publicKey) ?? ownership.key(publicKey);
}

function duplicateKey({ name }: Gateway, { holder, target }: { readonly holder: string; readonly target: string }): Problem {
  return {
    subject: { kind: 'gateway', name },
    reason: 'DuplicateKey',
    message: `its WireGuard key is that of ${holder} in ${target}, so it is not registered there`,
    remedy: 'if it is a copy, delete the key file on the node: its agent makes another key',
  };
}

function peerOf(
  gateway: Gateway,
  context: {
    readonly segment: Segment;
    readonly allowedIPs: readonly string[];
    readonly node: MeshNode | undefined;
    readonly input: MemberPeersInput;
  },
): PeerObject {
  const {
    segment,
    allowedIPs,
    node,
    input: { source, clusterUid, sha256 },
  } = context;
  const token = segmentToken(segment);
  const spec: PeerSpec = {
    publicKey: gateway.publicKey,
    allowedIPs: [...allowedIPs],
    ...(gateway.host !== undefined && { endpoint: { dnsOrIP: hostOf(gateway.host), port: gateway.port } }),
    ...(gateway.persistentKeepalive > 0 && { persistentKeepalive: gateway.persistentKeepalive }),
  };
  const labels = {
    [LABEL.managedBy]: HUB_MANAGER,
    [LABEL.cluster]: source.id,
    [LABEL.location]: LABEL_VALUE.test(segment.location) ? segment.location : token,
    [LABEL.segment]: token,
  };
  return withOwnHash(
    {
      apiVersion: 'kilo.squat.ai/v1alpha1',
      kind: 'Peer',
      metadata: {
        name: peerName(source.id, token, gateway.slot),
        labels,
        annotations: {
          [ANNOTATION.slot]: String(gateway.slot),
          [ANNOTATION.planes]: String(gateway.planes),
          [ANNOTATION.meshAddress]: meshAddresses(node).join(','),
          ...(clusterUid !== undefined && { [ANNOTATION.clusterUid]: clusterUid }),
          // Nodes look again, and know of what is declared only by this.
          ...(source.facts.declared !== undefined && { [ANNOTATION.allowedCIDRs]: source.facts.declared.join(',') }),
        },
      },
      spec,
    },
    sha256,
  );
}

function peerName(cluster: string, token: string, slot: number): string {
  const tail = `-${token}-${slot}`;
  if (cluster.length + tail.length <= NAME_LIMIT) return cluster + tail;
  const digest = hash32(cluster).toString(16).padStart(8, '0');
  return `${cluster.slice(0, NAME_LIMIT - tail.length - digest.length - 1)}.${digest}${tail}`;
}

function hostOf(host: string): { ip: string } | { dns: string } {
  return addressOf(host) === undefined ? { dns: host } : { ip: host };
}

function meshAddresses(node: MeshNode | undefined): readonly string[] {
  return node?.status?.meshAddresses ?? [];
}
