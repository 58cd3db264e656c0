/**
 * Segments: what is reached through one set of gateways. Those of the own cluster's nodes are made here; peerSegments.ts makes the others.
 *
 * A segment is a location of this cluster (or a single node: one that stands alone, or each one, by the Mesh's granularity), a segment of
 * another member, or an external peer. Tunnels end at its gateways. A gateway's slot says by which of our planes it is reached.
 */
import type { MeshSpec } from '../api/meshSpec.js';
import type { MeshNode } from '../api/meshNode.js';
import { addressOf, singleAddress, sortCidrs } from '../net/cidr.js';
import { type Prefix, prefixOf } from '../net/prefix.js';
import { perObject } from '../memory/perObject.js';
import { verifiedNodes, keyOwnership } from './verified.js';
import { endpointFor } from './dialing.js';
import { groupByName } from './groupByName.js';
import type { DeclaredRanges } from './memberRanges.js';
import type { Problem } from '../api/problem.js';
import { createPrefixSorters, type PrefixSorters } from './prefixSorters.js';

export interface Segment {
  /** `location:eu`, `node:lonely`, `west/location:eu`, `peer:laptop`. */
  readonly name: string;
  readonly kind: 'own' | 'member' | 'externalPeer';
  readonly location: string;
  /** The member it belongs to; of members' segments only. */
  readonly member?: string;
  /** Of a single node of this cluster that is a segment by itself; absent: a location, or not of this cluster. */
  readonly node?: string;
  /** Names of the nodes, sorted; empty: unknown. */
  readonly nodes: readonly string[];
  /** By slot, at most one each. */
  readonly gateways: readonly Gateway[];
  /** Every prefix behind the segment, sorted. */
  readonly allowedIPs: readonly string[];
  /** Of an external peer: the name of its Peer. */
  readonly peer?: string;
  /** Of members' segments only. */
  readonly origin?: MemberOrigin;
  /** Networks beside its nodes that are reached through them (kilo.squat.ai/allowed-location-ips), sorted; of own segments only. */
  readonly locationIPs: readonly string[];
}

interface MemberOrigin {
  /** When the oldest Peer of the member was written here: no time that the member itself could choose. RFC 3339; empty: unknown. */
  readonly since: string;
  /** What each Peer of the segment says of the ranges that the member may have. */
  readonly declared: readonly DeclaredRanges[];
}

export interface Gateway {
  readonly slot: number;
  readonly name: string;
  readonly publicKey: string;
  readonly presharedKey?: string;
  /** An address or a DNS name; absent: it dials us. */
  readonly host?: string;
  /** Of plane 0. */
  readonly port: number;
  /** How many planes it runs; our gateways in higher slots cannot reach it. */
  readonly planes: number;
  readonly persistentKeepalive: number;
  /** Where it answers probes; empty: unknown. */
  readonly meshAddresses: readonly string[];
  /** When its Peer was written here, RFC 3339; absent: unknown, or a node of this cluster. */
  readonly since?: string;
}

export interface Segmented {
  readonly segments: readonly Segment[];
  readonly problems: readonly Problem[];
}

/** The fields of a Mesh that segments depend on. */
export type Segmentation = Pick<MeshSpec, 'granularity' | 'planes' | 'besideKilo'>;

/** Planes below it are left to Kilo's own agent, whose only interface has the name and port of plane 0. */
export function firstPlane({ besideKilo }: Pick<MeshSpec, 'besideKilo'>): number {
  return besideKilo === undefined ? 0 : 1;
}

/** The segment a node belongs to. */
export function segmentName(node: MeshNode, granularity: MeshSpec['granularity']): string {
  return standsAlone(node, granularity) ? `node:${node.metadata.name}` : locationName(node);
}

const locationName = perObject(({ spec }: MeshNode) => `location:${spec.location}`);

/** A node without an internal address has no neighbours (Kilo pkg/mesh/topology.go). */
export function standsAlone(node: MeshNode, granularity: MeshSpec['granularity']): boolean {
  return granularity !== 'location' || node.spec.internalIPs.length === 0;
}

/** Nodes of one site reach each other without a tunnel: those of a location, unless every node stands alone. */
export function siteName(node: MeshNode, granularity: MeshSpec['granularity']): string {
  return segmentName(node, granularity === 'cross' ? 'location' : granularity);
}

/**
 * A cluster's own nodes as segments, sorted by name, by what is verified of them. Nodes that are being deleted are left out. Endpoints are
 * those that `dialers` can use.
 */
export function ownSegments(nodes: readonly MeshNode[], mesh: Segmentation, dialers: readonly MeshNode[] = []): Segmented {
  return segmentsOf(verifiedNodes(present(nodes)), mesh, dialers, createPrefixSorters());
}

/** As `ownSegments`, of nodes that are present and verified, sorted by name. */
export function segmentsOf(
  known: readonly MeshNode[],
  mesh: Segmentation,
  dialers: readonly MeshNode[],
  sorters: PrefixSorters,
): Segmented {
  const problems: Problem[] = [];
  const sort = sorters.round();
  const ownsKey = keyOwnership(known);
  const segments = groupByName(known, (node) => segmentName(node, mesh.granularity)).map(([name, group]): Segment => ({
    name,
    kind: 'own',
    location: group[0]?.spec.location ?? '',
    ...(group[0] !== undefined && standsAlone(group[0], mesh.granularity) ? { node: group[0].metadata.name } : {}),
    nodes: group.map((node) => node.metadata.name),
    gateways: uniqueSlots(gatewaysOf(group, mesh, { ownsKey, dialers }), problems),
    allowedIPs: sort(name, group, nodePrefixes),
    locationIPs: sortCidrs(group.flatMap(({ spec }) => spec.allowedLocationIPs ?? [])),
  }));
  return { segments, problems };
}

/** In the place of a node's own segment, where claims are not seen from any node. */
export const NO_SEGMENT: Segment = { name: '', kind: 'own', location: '', nodes: [], gateways: [], allowedIPs: [], locationIPs: [] };

/** What a node reaches without a tunnel, as one segment with the node's own gateways, and what it reaches through tunnels. */
interface View {
  readonly own: Segment;
  readonly remote: readonly Segment[];
}

/** `segments` as seen from the node `self`, one of the `site` of nodes that reach each other without a tunnel. */
export function viewOf(segments: readonly Segment[], self: string, site: readonly MeshNode[]): View {
  const near = new Set(site.map((node) => node.metadata.name));
  const home = segments.filter(({ nodes }) => nodes.some((node) => near.has(node)));
  const mine = home.find(({ nodes }) => nodes.includes(self));
  if (mine === undefined) throw new Error(`${self} is in no segment of its own site`);
  return {
    own:
      home.length === 1
        ? mine
        : {
            ...mine,
            nodes: home.flatMap(({ nodes }) => nodes),
            allowedIPs: sortCidrs(home.flatMap(({ allowedIPs }) => allowedIPs)),
            locationIPs: sortCidrs(home.flatMap(({ locationIPs }) => locationIPs)),
          },
    remote: segments.filter((segment) => !home.includes(segment)),
  };
}

/** The prefixes behind a node: its pods, its internal addresses, its mesh addresses. */
export const nodePrefixes = perObject((node: MeshNode): readonly Prefix[] =>
  [...node.spec.podCIDRs, ...underlayAddressesOf(node).map(singleAddress), ...(node.status?.meshAddresses ?? []).map(singleAddress)]
    .map(prefixOf)
    .filter((prefix) => prefix !== undefined),
);

/** A node's internal addresses without their prefix lengths, canonical. */
export const underlayAddressesOf = perObject((node: MeshNode): readonly string[] =>
  node.spec.internalIPs.map(addressOf).filter((address) => address !== undefined),
);

export function present(nodes: readonly MeshNode[]): MeshNode[] {
  return nodes.filter((node) => node.metadata.deletionTimestamp === undefined).toSorted(byName);
}

/** Where the Mesh makes every node a segment, no slot is assigned: only the node itself can be its gateway. */
function gatewaysOf(
  nodes: readonly MeshNode[],
  mesh: Segmentation,
  { ownsKey, dialers }: { readonly ownsKey: (node: MeshNode) => boolean; readonly dialers: readonly MeshNode[] },
): Gateway[] {
  const { granularity, planes } = mesh;
  const first = firstPlane(mesh);
  const slotOf = (node: MeshNode): number | undefined => (granularity === 'location' ? node.status?.slot : first);
  const ends = nodes.filter((node) => slotOf(node) !== undefined && ownsKey(node));
  return ends.flatMap((node): Gateway[] => {
    const slot = slotOf(node);
    if (slot === undefined || slot < first || slot >= planes) return [];
    const endpoint = endpointFor(node.spec.endpoints, dialers);
    return [
      {
        slot,
        name: node.metadata.name,
        publicKey: node.spec.publicKey,
        ...(endpoint === undefined ? {} : { host: endpoint.host }),
        port: endpoint?.port ?? 0,
        planes,
        persistentKeepalive: node.spec.persistentKeepalive,
        meshAddresses: node.status?.meshAddresses ?? [],
      },
    ];
  });
}

/** A plane can have only one gateway of a slot; of two, the lower name is kept. */
export function uniqueSlots(gateways: readonly Gateway[], problems: Problem[]): Gateway[] {
  const bySlot = new Map<number, Gateway>();
  for (const gateway of [...gateways].toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const holder = bySlot.get(gateway.slot);
    if (holder === undefined) bySlot.set(gateway.slot, gateway);
    else
      problems.push({
        subject: { kind: 'gateway', name: gateway.name },
        reason: 'DuplicateSlot',
        message: `slot ${gateway.slot} is held by ${holder.name}`,
      });
  }
  return [...bySlot.values()].toSorted((a, b) => a.slot - b.slot);
}

interface Aged {
  readonly metadata: { readonly name: string; readonly creationTimestamp?: string | undefined };
}

/** The oldest first, then by name; without a timestamp it is the youngest. */
export function byAge(a: Aged, b: Aged): number {
  const [ageA, ageB] = [a.metadata.creationTimestamp ?? '~', b.metadata.creationTimestamp ?? '~'];
  return ageA === ageB ? byName(a, b) : ageA < ageB ? -1 : 1;
}

function byName(a: { readonly metadata: { readonly name: string } }, b: { readonly metadata: { readonly name: string } }): number {
  return a.metadata.name < b.metadata.name ? -1 : a.metadata.name > b.metadata.name ? 1 : 0;
}
