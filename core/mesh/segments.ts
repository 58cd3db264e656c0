/**
 * Segments, what is reached through one set of gateways, and those of the own cluster's nodes; peerSegments.ts has the others.
 *
 * A segment is a location of this cluster (or a single node: one that stands alone, or every one, as the Mesh's granularity
 * says), a segment of another member, or a person's peer. A gateway of it is where tunnels end; its slot says on which plane of
 * ours.
 */
import type { MeshSpec } from '../api/mesh.js';
import type { MeshNode } from '../api/meshNode.js';
import { addressOf, singleAddress, sortCidrs } from '../net/cidr.js';
import { believed, keyOwnership } from './believed.js';
import { endpointFor } from './dialing.js';
import { groupByName } from './groupByName.js';
import type { Problem } from './plan.js';

export interface Segment {
  /** `location:eu`, `node:lonely`, `west/location:eu`, `peer:laptop`. */
  readonly name: string;
  readonly kind: 'own' | 'member' | 'person';
  readonly location: string;
  /** Names of the nodes, sorted; empty where we do not know them. */
  readonly nodes: readonly string[];
  /** By slot, at most one each. */
  readonly gateways: readonly Gateway[];
  /** Every prefix behind the segment, sorted. */
  readonly allowedIPs: readonly string[];
  /** Networks beside its nodes that are reached through them (kilo.squat.ai/allowed-location-ips), sorted; of own segments only. */
  readonly locationIPs: readonly string[];
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
  /** How many planes it runs; a slot of ours beyond them cannot reach it. */
  readonly planes: number;
  readonly persistentKeepalive: number;
  /** Where it answers probes; none where we do not know them. */
  readonly meshAddresses: readonly string[];
}

export interface Segmented {
  readonly segments: readonly Segment[];
  readonly problems: readonly Problem[];
}

/** What of a Mesh makes segments. */
export type Segmentation = Pick<MeshSpec, 'granularity' | 'planes' | 'besideKilo'>;

/** Planes below it are left to Kilo's own agent, whose only interface is what plane 0 would be: same name, same port. */
export function firstPlane({ besideKilo }: Pick<MeshSpec, 'besideKilo'>): number {
  return besideKilo === undefined ? 0 : 1;
}

/** The segment a node belongs to. A node without an internal address has no neighbours (Kilo pkg/mesh/topology.go). */
export function segmentName(node: MeshNode, granularity: MeshSpec['granularity']): string {
  return granularity === 'location' && node.spec.internalIPs.length > 0 ? `location:${node.spec.location}` : `node:${node.metadata.name}`;
}

/** Nodes of one site reach each other without a tunnel: those of a location, unless every node is by itself. */
export function siteName(node: MeshNode, granularity: MeshSpec['granularity']): string {
  return segmentName(node, granularity === 'cross' ? 'location' : granularity);
}

/** A cluster's own nodes as segments, sorted by name, by what is believed of them. Nodes that are being deleted are gone. Endpoints are those that `dialers` can use. */
export function ownSegments(nodes: readonly MeshNode[], mesh: Segmentation, dialers: readonly MeshNode[] = []): Segmented {
  const problems: Problem[] = [];
  const known = believed(present(nodes));
  const ownsKey = keyOwnership(known);
  const segments = groupByName(known, (node) => segmentName(node, mesh.granularity)).map(([name, group]): Segment => ({
    name,
    kind: 'own',
    location: group[0]?.spec.location ?? '',
    nodes: group.map((node) => node.metadata.name),
    gateways: uniqueSlots(gatewaysOf(group.filter(ownsKey), mesh, dialers), problems),
    allowedIPs: sortCidrs(group.flatMap(nodePrefixes)),
    locationIPs: sortCidrs(group.flatMap(({ spec }) => spec.allowedLocationIPs ?? [])),
  }));
  return { segments, problems };
}

/** What a node needs no tunnel for, as one segment with the node's own gateways; and all that it does. */
export interface View {
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
    own: {
      ...mine,
      nodes: home.flatMap(({ nodes }) => nodes),
      allowedIPs: sortCidrs(home.flatMap(({ allowedIPs }) => allowedIPs)),
      locationIPs: sortCidrs(home.flatMap(({ locationIPs }) => locationIPs)),
    },
    remote: segments.filter((segment) => !home.includes(segment)),
  };
}

/** What is behind a node: its pods, itself, its mesh addresses. */
export function nodePrefixes(node: MeshNode): string[] {
  return [
    ...node.spec.podCIDRs,
    ...internalAddresses(node).map(singleAddress),
    ...(node.status?.meshAddresses ?? []).map(singleAddress),
  ];
}

/** A node's internal addresses without their prefix lengths, canonical. */
export function internalAddresses(node: MeshNode): string[] {
  return node.spec.internalIPs.map(addressOf).filter((address) => address !== undefined);
}

export function present(nodes: readonly MeshNode[]): MeshNode[] {
  return nodes.filter((node) => node.metadata.deletionTimestamp === undefined).toSorted(byName);
}

/** A node that is a segment of its own by the Mesh's word needs no slot to be told: nobody else could be its gateway. */
function gatewaysOf(nodes: readonly MeshNode[], mesh: Segmentation, dialers: readonly MeshNode[]): Gateway[] {
  const { granularity, planes } = mesh;
  return nodes.flatMap((node): Gateway[] => {
    const slot = granularity === 'location' ? node.status?.slot : firstPlane(mesh);
    if (slot === undefined || slot < firstPlane(mesh) || slot >= planes) return [];
    const endpoint = endpointFor(node.spec.endpoints, dialers);
    return [{
      slot,
      name: node.metadata.name,
      publicKey: node.spec.publicKey,
      ...(endpoint === undefined ? {} : { host: endpoint.host }),
      port: endpoint?.port ?? 0,
      planes,
      persistentKeepalive: node.spec.persistentKeepalive,
      meshAddresses: node.status?.meshAddresses ?? [],
    }];
  });
}

/** Two gateways in one slot cannot both be peered with on one plane; the lower name has it. */
export function uniqueSlots(gateways: readonly Gateway[], problems: Problem[]): Gateway[] {
  const bySlot = new Map<number, Gateway>();
  for (const gateway of [...gateways].toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const holder = bySlot.get(gateway.slot);
    if (holder === undefined) bySlot.set(gateway.slot, gateway);
    else problems.push({ subject: `gateway ${gateway.name}`, reason: 'DuplicateSlot', message: `slot ${gateway.slot} is held by ${holder.name}` });
  }
  return [...bySlot.values()].toSorted((a, b) => a.slot - b.slot);
}

interface Aged {
  readonly metadata: { readonly name: string; readonly creationTimestamp?: string | undefined };
}

/** The oldest first, of one age by name; what has no age is the youngest. */
export function byAge(a: Aged, b: Aged): number {
  const [ageA, ageB] = [a.metadata.creationTimestamp ?? '~', b.metadata.creationTimestamp ?? '~'];
  return ageA === ageB ? byName(a, b) : ageA < ageB ? -1 : 1;
}

export function byName(a: { readonly metadata: { readonly name: string } }, b: { readonly metadata: { readonly name: string } }): number {
  return a.metadata.name < b.metadata.name ? -1 : a.metadata.name > b.metadata.name ? 1 : 0;
}
