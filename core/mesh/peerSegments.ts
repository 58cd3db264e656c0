/**
 * The segments that Peers stand for: those of other members, from the hub's Peers, and one for each external peer.
 */
import { ANNOTATION, HUB_MANAGER, LABEL } from '../api/names.js';
import type { Peer } from '../api/peer.js';
import { addressOf, sortCidrs } from '../net/cidr.js';
import { boundedPeers } from './boundedPeers.js';
import { groupByName } from './groupByName.js';
import { declaredRanges } from './memberRanges.js';
import type { Problem } from '../api/problem.js';
import { byAge, type Gateway, type Segment, type Segmented, uniqueSlots } from './segments.js';

/** Segments of other members, sorted by name; then one for each external peer, the oldest first. */
export function peerSegments(all: readonly Peer[]): Segmented {
  const { peers, problems: leftOut } = boundedPeers(all);
  const problems: Problem[] = [...leftOut];
  const entries: { readonly name: string; readonly peer: Peer; readonly gateway: Gateway }[] = [];
  const external: Segment[] = [];
  for (const peer of [...peers].filter((each) => each.metadata.deletionTimestamp === undefined).toSorted(byAge)) {
    if (peer.metadata.labels?.[LABEL.managedBy] !== HUB_MANAGER) {
      external.push(externalSegment(peer));
      continue;
    }
    const name = memberSegmentName(peer);
    const gateway = hubGateway(peer);
    if (name === undefined || gateway === undefined) {
      problems.push({
        subject: { kind: 'peer', name: peer.metadata.name },
        reason: 'Incomplete',
        message: "carries the hub's label but not its cluster, segment, slot and planes",
        remedy: 'delete it, and the hub writes it anew',
      });
      continue;
    }
    entries.push({ name, peer, gateway });
  }
  const since = memberAges(entries.map(({ peer }) => peer));
  const members = groupByName(entries, ({ name }) => name).map(([name, group]): Segment => ({
    name,
    kind: 'member',
    member: memberOf(group[0]?.peer),
    location: group[0]?.peer.metadata.labels?.[LABEL.location] ?? '',
    origin: {
      since: since.get(memberOf(group[0]?.peer)) ?? '',
      declared: group.map(({ peer }) => declaredRanges(peer.metadata.annotations?.[ANNOTATION.allowedCIDRs])),
    },
    nodes: [],
    gateways: uniqueSlots(
      group.map(({ gateway }) => gateway),
      problems,
    ),
    allowedIPs: sortCidrs(group.flatMap(({ peer }) => peer.spec.allowedIPs)),
    locationIPs: [],
  }));
  return { segments: [...members, ...external], problems };
}

function memberOf(peer: Peer | undefined): string {
  return peer?.metadata.labels?.[LABEL.cluster] ?? '';
}

/** When the first Peer of each member was written, by id. `peers`: the oldest first. */
function memberAges(peers: readonly Peer[]): ReadonlyMap<string, string> {
  return new Map(peers.toReversed().map((peer) => [memberOf(peer), peer.metadata.creationTimestamp ?? '']));
}

/** The segment of a Peer that the hub wrote; undefined: its labels are incomplete. */
export function memberSegmentName(peer: Peer): string | undefined {
  const cluster = peer.metadata.labels?.[LABEL.cluster];
  const segment = peer.metadata.labels?.[LABEL.segment];
  return cluster === undefined || segment === undefined ? undefined : `${cluster}/${segment}`;
}

function hubGateway(peer: Peer): Gateway | undefined {
  const slot = smallNumber(peer.metadata.annotations?.[ANNOTATION.slot]);
  const planes = smallNumber(peer.metadata.annotations?.[ANNOTATION.planes] ?? '1');
  if (slot === undefined || planes === undefined || planes < 1) return undefined;
  return { ...peerGateway(peer), slot, planes };
}

function smallNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,3}$/.test(text) ? Number(text) : undefined;
}

function externalSegment(peer: Peer): Segment {
  return {
    name: `peer:${peer.metadata.name}`,
    kind: 'externalPeer',
    peer: peer.metadata.name,
    location: '',
    nodes: [],
    gateways: [peerGateway(peer)],
    allowedIPs: sortCidrs(peer.spec.allowedIPs),
    locationIPs: [],
  };
}

function peerGateway(peer: Peer): Gateway {
  const { endpoint, presharedKey, publicKey, persistentKeepalive } = peer.spec;
  const host = endpoint?.dnsOrIP.dns ?? endpoint?.dnsOrIP.ip;
  return {
    slot: 0,
    name: peer.metadata.name,
    publicKey,
    ...(presharedKey === undefined ? {} : { presharedKey }),
    ...(host === undefined ? {} : { host }),
    port: endpoint?.port ?? 0,
    planes: 1,
    persistentKeepalive: persistentKeepalive ?? 0,
    ...(peer.metadata.creationTimestamp === undefined ? {} : { since: peer.metadata.creationTimestamp }),
    meshAddresses: (peer.metadata.annotations?.[ANNOTATION.meshAddress] ?? '')
      .split(',')
      .map(addressOf)
      .filter((address) => address !== undefined),
  };
}
