/**
 * Random federations of up to three members, planned node by node: locations, granularities, encapsulations, planes and address
 * families of all kinds, external peers, networks beside nodes, and the Peers that the hub really writes.
 */
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import type { MeshNode } from '../../core/api/meshNode.js';
import { meshSpecSchema, type MeshSpec } from '../../core/api/meshSpec.js';
import type { Peer } from '../../core/api/peer.js';
import type { NodePlan } from '../../core/mesh/plan.js';
import { planNode } from '../../core/mesh/planNode.js';
import { siteName } from '../../core/mesh/segments.js';
import { addressOf } from '../../core/net/cidr.js';
import { planMemberPeers } from '../../hub/controllers/peers/planMemberPeers.js';
import { createAdmission } from '../../hub/records/admit/admitFacts.js';
import type { ClusterFacts } from '../../hub/records/admit/clusterFacts.js';
import { NO_API_SERVERS, NO_TERMS, targetMember, UNCONTESTED } from '../fakes/facts.js';
import { cluster, type NodeSketch, externalPeer, settled } from '../fakes/mesh.js';
import type { Host } from '../fakes/walk.js';

export interface Member {
  readonly id: string;
  readonly mesh: MeshSpec;
  readonly nodes: readonly MeshNode[];
  readonly externalPeers: readonly Peer[];
  /** External ones and those of the hub. */
  readonly peers: readonly Peer[];
}

type Stack = 'IPv4' | 'IPv6' | 'both';

export interface MemberSketch {
  readonly id: string;
  /** Tells its addresses from those of others. */
  readonly number: number;
  readonly stack: Stack;
  readonly mesh: Partial<MeshSpec>;
  readonly nodes: readonly NodeTraits[];
  /** Which external peers there are: a laptop, one inside the network beside a node, a site around that network. */
  readonly externalPeers: readonly ('laptop' | 'inside' | 'around')[];
}

interface NodeTraits {
  readonly location: number;
  /** Of the location's two. */
  readonly subnet: number;
  /** Has no internal address. */
  readonly alone: boolean;
  readonly isPublic: boolean;
  readonly willing: boolean;
}

const node: fc.Arbitrary<NodeTraits> = fc.record({
  location: fc.integer({ min: 0, max: 2 }),
  subnet: fc.integer({ min: 0, max: 1 }),
  alone: fc.integer({ min: 0, max: 5 }).map((one) => one === 0),
  isPublic: fc.boolean(),
  willing: fc.boolean(),
});

const member = (id: string, number: number): fc.Arbitrary<MemberSketch> =>
  fc
    .record({
      stack: fc.constantFrom<Stack>('IPv4', 'IPv6', 'both'),
      nodes: fc.array(node, { minLength: 1, maxLength: 5 }),
      externalPeers: fc.subarray(['laptop', 'inside', 'around'] as const),
      planes: fc.integer({ min: 1, max: 3 }),
      granularity: fc.constantFrom('location' as const, 'full' as const, 'cross' as const),
      encapsulation: fc.constantFrom('never' as const, 'crosssubnet' as const, 'always' as const),
      encapsulationType: fc.constantFrom('vxlan' as const, 'ipip' as const, 'flannel' as const, 'cilium' as const),
    })
    .map(({ stack, nodes, externalPeers, ...mesh }) => ({
      id,
      number,
      // IPIP, also the one that goes by Cilium, is for IPv4.
      stack: mesh.encapsulationType === 'ipip' || mesh.encapsulationType === 'cilium' ? 'IPv4' : stack,
      mesh,
      nodes,
      externalPeers: [...externalPeers],
    }));

/** One to three. */
export const federations: fc.Arbitrary<readonly MemberSketch[]> = fc
  .integer({ min: 1, max: 3 })
  .chain((count) => fc.tuple(...['x', 'y', 'z'].slice(0, count).map((id, index) => member(id, 20 + index))));

/** The network beside the first node of every member. */
export const besideOf = ({ number, stack }: MemberSketch): string =>
  stack === 'IPv6' ? `fd00:168:${number}::/64` : `192.168.${number}.0/24`;

/** A node that joins one of the members later: as no gateway, as one if there is a slot for it, or in a location of its own. */
export type Arrival = 'member' | 'gateway' | 'location';

/** Tells the newcomer's addresses from those of others; it is called `<member>99`. */
const NEWCOMER = 99;

/** `joining`: of whom one more node joins. Slots and addresses of all others are those that they have. */
export function membersOf(sketches: readonly MemberSketch[], joining: ReadonlyMap<string, Arrival> = new Map()): Member[] {
  const bare = sketches.map((sketch) => {
    const { id, number, stack } = sketch;
    const ranges = [...(stack === 'IPv6' ? [] : [`10.4.${number}.0/24`]), ...(stack === 'IPv4' ? [] : [`fd00:4:${number}::/64`])];
    const mesh = meshSpecSchema.parse({ ...sketch.mesh, wireguardCIDRs: ranges });
    const there = cluster(
      sketch.nodes.map((each, index) => nodeSketch(sketch, each, index)),
      ranges.join(),
      mesh,
    );
    const arrival = joining.get(id);
    const nodes = arrival === undefined ? there : settled([...there, newcomer(sketch, arrival)], ranges.join(), mesh);
    return {
      id,
      mesh,
      nodes: mesh.encapsulationType === 'cilium' ? nodes.map((each, index) => withCilium(each, number, index)) : nodes,
      externalPeers: sketch.externalPeers.map((kind, index) => externalPeerOf(sketch, kind, index)),
    };
  });
  const facts = new Map(bare.map(({ id, mesh, nodes }) => [id, factsOf(mesh, nodes)]));
  return bare.map((one) => ({
    ...one,
    peers: [
      ...one.externalPeers,
      ...bare
        .filter(({ id }) => id !== one.id)
        .flatMap((other) => hubPeers({ id: other.id, facts: facts.get(other.id) }, { id: one.id, facts: facts.get(one.id) })),
    ],
  }));
}

function withCilium(one: MeshNode, number: number, index: number): MeshNode {
  return { ...one, spec: { ...one.spec, cniCompatibilityIP: `10.${number}.${index}.99` } };
}

/** Without addresses and slot. Where nobody has a location to share, it has one of its own. */
function newcomer(sketch: MemberSketch, arrival: Arrival): MeshNode {
  const shared = sketch.nodes.find(({ alone }) => !alone);
  const isShared = arrival !== 'location' && shared !== undefined;
  const place = isShared ? shared : { location: 9, subnet: 0 };
  const traits = { location: place.location, subnet: place.subnet, alone: false, isPublic: false, willing: arrival === 'gateway' };
  const [settledAlone] = cluster(
    [{ ...nodeSketch(sketch, traits, NEWCOMER), ...(isShared && arrival === 'member' ? { gateway: 'never' } : {}) }],
    '10.4.0.0/16',
  );
  if (settledAlone === undefined) throw new Error('no newcomer');
  const { status: _none, ...bare } = settledAlone;
  return bare;
}

export function planOf({ mesh, nodes, peers }: Pick<Member, 'mesh' | 'nodes' | 'peers'>, name: string): NodePlan {
  const planned = planNode({ node: name, mesh, nodes, peers, resolved: {}, underlayMtu: 1500 });
  if (planned.kind === 'absent') throw new Error(planned.reason);
  return planned.plan;
}

export function hostsOf(members: readonly Member[]): Map<string, Host> {
  return new Map(members.flatMap((one) => one.nodes.map((each): [string, Host] => [each.metadata.name, hostOf(one, each)])));
}

function hostOf(one: Member, each: MeshNode): Host {
  const { mesh, nodes, id } = one;
  const { name } = each.metadata;
  const near = nodes.filter((other) => siteName(other, mesh.granularity) === siteName(each, mesh.granularity));
  return {
    plan: planOf(one, name),
    publicKey: each.spec.publicKey,
    site: `${id} ${siteName(each, 'location')}`,
    internalIPs: each.spec.internalIPs.map((address) => addressOf(address) ?? ''),
    podCIDRs: each.spec.podCIDRs,
    beside: near.flatMap(({ spec }) => spec.allowedLocationIPs ?? []),
    ...(mesh.encapsulationType === 'flannel' || mesh.encapsulationType === 'cilium' ? { plugin: id } : {}),
    pluginAddress: each.spec.cniCompatibilityIP,
  };
}

function nodeSketch(sketch: MemberSketch, { location, subnet, alone, isPublic, willing }: NodeTraits, index: number): NodeSketch {
  const { id, number, stack } = sketch;
  const place = location * 2 + subnet;
  const [inner4, inner6] = [`172.${number}.${place}.${10 + index}/24`, `fd00:20:${number}:${place}::${10 + index}/64`];
  const [pods4, pods6] = [`10.${number}.${index}.0/24`, `fd00:42:${number}:${index}::/64`];
  return {
    name: `${id}${index}`,
    location: `l${location}`,
    internalIP: alone ? null : stack === 'IPv6' ? inner6 : inner4,
    ...(stack === 'both' && !alone ? { secondIP: inner6 } : {}),
    podCIDR: stack === 'IPv6' ? pods6 : pods4,
    ...(stack === 'both' ? { secondPods: pods6 } : {}),
    ...(isPublic || alone ? { endpoint: stack === 'IPv6' ? `2001:db8:${number}::${index}` : `203.0.${number}.${index}` } : {}),
    gateway: willing ? 'preferred' : 'auto',
    ...(index === 0 ? { locationIPs: [besideOf(sketch)] } : {}),
  };
}

function externalPeerOf(sketch: MemberSketch, kind: MemberSketch['externalPeers'][number], index: number): Peer {
  const { id, number, stack } = sketch;
  const six = stack === 'IPv6';
  const allowed = {
    laptop: [...(six ? [] : [`10.9.${number}.7/32`]), ...(stack === 'IPv4' ? [] : [`fd00:9:${number}::7/128`])],
    inside: six ? [`fd00:168:${number}::99/128`] : [`192.168.${number}.99/32`],
    around: six ? ['fd00:168::/32'] : ['192.168.0.0/16'],
  }[kind];
  return externalPeer(`${id}-external-${index}`, { allowedIPs: allowed });
}

function factsOf(mesh: MeshSpec, nodes: readonly MeshNode[]): ClusterFacts {
  return createAdmission(NO_TERMS)(
    { apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata: { name: 'default' }, spec: mesh, status: { serviceCIDRs: [] } },
    nodes,
  ).facts;
}

function hubPeers(
  source: { readonly id: string; readonly facts: ClusterFacts | undefined },
  target: { readonly id: string; readonly facts: ClusterFacts | undefined },
): Peer[] {
  if (source.facts === undefined || target.facts === undefined) return [];
  const { peers, problems } = planMemberPeers({
    source: { id: source.id, facts: source.facts },
    target: targetMember(target.id, target.facts),
    apiServers: NO_API_SERVERS,
    ownership: UNCONTESTED,
    sha256: (text) => createHash('sha256').update(text).digest(),
  });
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  return peers.map(({ metadata, spec }) => ({
    apiVersion: 'kilo.squat.ai/v1alpha1',
    kind: 'Peer',
    metadata: { name: metadata.name, labels: { ...metadata.labels }, annotations: { ...metadata.annotations } },
    spec,
  }));
}
