/**
 * Segments out of Peers: other members' by the hub's, and one of each person's.
 */
import { ANNOTATION, HUB_MANAGER, LABEL } from '../api/names.js';
import type { Peer } from '../api/peer.js';
import { addressOf, sortCidrs } from '../net/cidr.js';
import { groupByName } from './groupByName.js';
import type { Problem } from './plan.js';
import { byAge, type Gateway, type Segment, type Segmented, uniqueSlots } from './segments.js';

/** Peers to segments: those of the hub by member and location, sorted by name; then those of people one each, the oldest first. */
export function peerSegments(peers: readonly Peer[]): Segmented {
  const problems: Problem[] = [];
  const entries: { readonly name: string; readonly peer: Peer; readonly gateway: Gateway }[] = [];
  const persons: Segment[] = [];
  for (const peer of [...peers].filter((each) => each.metadata.deletionTimestamp === undefined).toSorted(byAge)) {
    if (peer.metadata.labels?.[LABEL.managedBy] !== HUB_MANAGER) {
      persons.push(personSegment(peer));
      continue;
    }
    const name = memberSegmentName(peer);
    const gateway = hubGateway(peer);
    if (name === undefined || gateway === undefined) {
      problems.push({ subject: `peer ${peer.metadata.name}`, reason: 'Incomplete', message: "carries the hub's label but not its cluster, segment, slot and planes: delete it, and the hub writes it anew" });
      continue;
    }
    entries.push({ name, peer, gateway });
  }
  const members = groupByName(entries, ({ name }) => name).map(([name, group]): Segment => ({
    name,
    kind: 'member',
    location: group[0]?.peer.metadata.labels?.[LABEL.location] ?? '',
    nodes: [],
    gateways: uniqueSlots(group.map(({ gateway }) => gateway), problems),
    allowedIPs: sortCidrs(group.flatMap(({ peer }) => peer.spec.allowedIPs)),
    locationIPs: [],
  }));
  return { segments: [...members, ...persons], problems };
}

/** Of a Peer that the hub wrote; undefined: it does not say. */
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

function personSegment(peer: Peer): Segment {
  return {
    name: `peer:${peer.metadata.name}`,
    kind: 'person',
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
    meshAddresses: (peer.metadata.annotations?.[ANNOTATION.meshAddress] ?? '').split(',').map(addressOf).filter((address) => address !== undefined),
  };
}
