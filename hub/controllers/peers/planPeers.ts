/**
 * The gateways of one member as `Peer`s of another: one per segment and slot, each with everything that is behind its
 * segment, so that any gateway can carry all of it.
 */
import type { MeshNode } from '../../../core/api/meshNode.js';
import { ANNOTATION, HUB_MANAGER, LABEL } from '../../../core/api/names.js';
import type { PeerSpec } from '../../../core/api/peer.js';
import type { KubeObject } from '../../../core/api/resources.js';
import type { Problem } from '../../../core/mesh/plan.js';
import { type Gateway, internalAddresses, ownSegments, type Segment } from '../../../core/mesh/segments.js';
import { addressOf, singleAddress, sortCidrs } from '../../../core/net/cidr.js';
import { hash32 } from '../../../core/net/hash.js';
import { isWithin } from '../../../core/net/sets.js';
import { isPrivate, isSpecial } from '../../../core/net/special.js';
import type { Sha256 } from '../../../core/services/names.js';
import { withOwnHash } from '../../../core/services/ownHash.js';
import type { ClusterFacts } from '../../records/facts.js';
import { localNetworks } from '../../records/localNetworks.js';

export interface PeersInput {
  readonly source: { readonly id: string; readonly facts: ClusterFacts };
  readonly target: { readonly id: string; readonly facts: ClusterFacts };
  readonly rights: Rights;
  readonly sha256: Sha256;
}

/** What other members have to say about the source's addresses. */
export interface Rights {
  /** Whether another one has a node of this address. */
  readonly isNodeElsewhere: (address: string) => boolean;
  /** Who has this prefix in the target, where it cannot be the source's; undefined: nobody. */
  readonly holderOf: (prefix: string) => string | undefined;
}

export interface PeerObject extends KubeObject {
  readonly spec: PeerSpec;
}

export interface PeersPlan {
  /** Sorted by name. */
  readonly peers: readonly PeerObject[];
  readonly problems: readonly Problem[];
}

const NAME_LIMIT = 63;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

export function planPeers(input: PeersInput): PeersPlan {
  const { source, target } = input;
  const { segments, problems: found } = ownSegments(source.facts.nodes, source.facts.mesh, target.facts.nodes);
  const problems: Problem[] = [...found];
  const peers = new Map<string, PeerObject>();
  for (const segment of segments) {
    const allowedIPs = acceptable(segment, input, problems);
    if (segment.gateways.length === 0) {
      problems.push({ subject: `segment ${segment.name}`, reason: 'NoGateway', message: `no node of it has a gateway slot, so others cannot reach ${segment.nodes.join(', ')}: is the cluster-agent running, and may a node of it be a gateway?` });
    }
    for (const gateway of segment.gateways) {
      const peer = peerOf(gateway, { segment, allowedIPs, input });
      if (peers.has(peer.metadata.name)) problems.push({ subject: `segment ${segment.name}`, reason: 'NameTaken', message: `its name hashes like another segment's of ${source.id}: rename the location` });
      else peers.set(peer.metadata.name, peer);
    }
  }
  return { peers: [...peers.values()].toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)), problems };
}

/** Every address of the source that the target can have packets for: what may be routed there, and mirrored there. */
export function reachableFrom(input: Omit<PeersInput, 'sha256'>): string[] {
  const { segments } = ownSegments(input.source.facts.nodes, input.source.facts.mesh);
  return sortCidrs(segments.flatMap((segment) => acceptable(segment, input)));
}

/**
 * What the target may route to the segment. Pod ranges and mesh addresses were compared as a whole before; single node
 * addresses are left out one by one where the target would lose something of its own: LANs everywhere use the same ones.
 */
function acceptable(segment: Segment, input: Omit<PeersInput, 'sha256'>, problems: Problem[] = []): string[] {
  const { source, target } = input;
  const nodes = source.facts.nodes.filter((node) => segment.nodes.includes(node.metadata.name));
  const nodeAddresses = new Set(nodes.flatMap(internalAddresses).map(singleAddress));
  // A gateway sends from what its kernel picks, mostly its internal address, and the far WireGuard roams to that.
  const gateways = nodes.filter((node) => segment.gateways.some(({ name }) => name === node.metadata.name));
  const tunnelEnds = new Set([...nodes.flatMap((node) => node.spec.endpoints.map(({ host }) => addressOf(host))), ...gateways.flatMap(internalAddresses)]);
  const taken = [...localNetworks(target.facts), ...target.facts.podCIDRs, ...target.facts.serviceCIDRs, ...target.facts.meshCIDRs];
  const special = segment.allowedIPs.filter(isSpecial);
  if (special.length > 0) {
    problems.push({ subject: `segment ${segment.name}`, reason: 'SpecialAddress', message: `${special.join(', ')} must not be routed between clusters and is left out: correct the pod CIDRs or internal addresses of its nodes` });
  }
  return segment.allowedIPs.filter((prefix) => {
    if (isSpecial(prefix)) return false;
    if (nodeAddresses.has(prefix)) {
      const address = addressOf(prefix) ?? '';
      // A tunnel's own packets must not be routed into it; and a public address needs no tunnel.
      return !tunnelEnds.has(address) && isPrivate(prefix) && !isWithin(prefix, taken) && !input.rights.isNodeElsewhere(address);
    }
    const holder = input.rights.holderOf(prefix);
    if (holder !== undefined) {
      problems.push({ subject: `pair ${target.id}`, reason: 'PrefixTaken', message: `${prefix} is ${holder}'s in ${target.id}, so what is behind it in ${source.id} cannot be reached from there: give one of the two another range` });
    }
    return holder === undefined;
  });
}

function peerOf(gateway: Gateway, context: { readonly segment: Segment; readonly allowedIPs: readonly string[]; readonly input: PeersInput }): PeerObject {
  const { segment, allowedIPs, input: { source, sha256 } } = context;
  const token = segmentToken(segment);
  const node = source.facts.nodes.find(({ metadata }) => metadata.name === gateway.name);
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
  return withOwnHash({
    apiVersion: 'kilo.squat.ai/v1alpha1',
    kind: 'Peer',
    metadata: {
      name: peerName(source.id, token, gateway.slot),
      labels,
      annotations: {
        [ANNOTATION.slot]: String(gateway.slot),
        [ANNOTATION.planes]: String(gateway.planes),
        [ANNOTATION.meshAddress]: meshAddresses(node).join(','),
      },
    },
    spec,
  }, sha256);
}

/**
 * One word without a dash, so that `<cluster>-<word>-<slot>` can be read from its end and no two clusters can mean the same
 * name. A location that is no such word is hashed, and so is one that looks like a hash.
 */
export function segmentToken(segment: Pick<Segment, 'name' | 'location'>): string {
  const plain = segment.name === `location:${segment.location}` && /^[a-z0-9]{1,20}$/.test(segment.location) && !/^x[0-9a-f]{8}$/.test(segment.location);
  return plain ? segment.location : `x${hash32(segment.name).toString(16).padStart(8, '0')}`;
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
