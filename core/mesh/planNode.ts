/**
 * The cluster as everyone sees it, to what one node's host must hold.
 */
import type { MeshNode } from '../api/meshNode.js';
import { singleAddress } from '../net/cidr.js';
import { claimPrefixes } from './claims.js';
import type { MeshInput } from './input.js';
import { neighboursOf, planVxlan } from './neighbours.js';
import { type Candidate, planPaths } from './paths.js';
import type { NodePlan, Problem } from './plan.js';
import { ownSegments, peerSegments, present, type Segment, segmentName } from './segments.js';
import { addressFor, isReachable, planInterfaces } from './wireguard.js';

export type PlannedNode =
  | { readonly kind: 'plan'; readonly plan: NodePlan }
  /** Nothing is to be done yet, and nothing undone. */
  | { readonly kind: 'absent'; readonly reason: string };

/** WireGuard adds 80 bytes to a packet over IPv6, 60 over IPv4; 80 serves both. */
const WIREGUARD_OVERHEAD = 80;

/** The plan of `input.node`. Equal inputs, in whatever order, give equal plans; one bad peer costs only itself. */
export function planNode(input: MeshInput): PlannedNode {
  const self = present(input.nodes).find((node) => node.metadata.name === input.node);
  if (self === undefined) return { kind: 'absent', reason: `there is no MeshNode ${input.node}` };
  const meshAddresses = self.status?.meshAddresses ?? [];
  if (meshAddresses.length === 0) {
    return { kind: 'absent', reason: `MeshNode ${input.node} has no mesh address yet: the cluster-agent gives it one` };
  }
  const clusterSegments = ownSegments(input.nodes, input.mesh.planes);
  const peers = peerSegments(input.peers);
  const own = clusterSegments.segments.find((segment) => segment.name === segmentName(self)) as Segment;
  const remote = [...clusterSegments.segments.filter((segment) => segment !== own), ...peers.segments];
  const claims = claimPrefixes(own, remote);
  const slot = own.gateways.find((gateway) => gateway.name === input.node)?.slot;
  const neighbours = neighboursOf(self, input.nodes, input.mesh.encapsulation);
  const vxlan = planVxlan(self, neighbours, input.underlayMtu);
  const port = self.spec.endpoints[0]?.port ?? input.mesh.port;
  const tunnels = slot === undefined ? NO_TUNNELS : planInterfaces({
    mesh: input.mesh,
    self: { slot, port, publicKey: self.spec.publicKey, persistentKeepalive: self.spec.persistentKeepalive },
    remote,
    prefixes: claims.prefixes,
    resolved: input.resolved,
    mtu: input.mesh.mtu ?? input.underlayMtu - WIREGUARD_OVERHEAD,
  });
  const planned = remote.map((segment) => ({
    segment,
    prefixes: claims.prefixes.get(segment.name) ?? [],
    candidates: slot === undefined ? throughGateways(own, neighbours) : throughPlanes(segment, slot),
  }));
  const paths = planPaths({
    meshAddresses,
    podCIDRs: self.spec.podCIDRs,
    neighbours,
    planes: tunnels.interfaces.length,
    remote: planned,
    tunnelEnds: tunnelEnds(input),
  });
  return {
    kind: 'plan',
    plan: {
      node: input.node,
      role: slot === undefined ? { kind: 'member' } : { kind: 'gateway', slot },
      meshAddresses: meshAddresses.toSorted(),
      interfaces: tunnels.interfaces,
      ...(vxlan === undefined ? {} : { vxlan }),
      ...paths,
      firewall: {
        clampInterfaces: [...tunnels.interfaces.map(({ name }) => name), ...(vxlan === undefined ? [] : [vxlan.name])],
        ...(vxlan === undefined ? {} : { vxlan: { port: vxlan.port, from: vxlan.neighbours.map(({ address }) => address).toSorted() } }),
      },
      problems: sortProblems([
        ...clusterSegments.problems,
        ...peers.problems,
        ...claims.problems,
        ...tunnels.problems,
        ...planned.filter(({ candidates }) => candidates.length === 0).map(({ segment }) => unreachable(segment, own)),
      ]),
    },
  };
}

const NO_TUNNELS: ReturnType<typeof planInterfaces> = { interfaces: [], problems: [] };

function throughPlanes(segment: Segment, ownSlot: number): Candidate[] {
  return segment.gateways
    .filter((gateway) => isReachable(gateway, segment, ownSlot))
    .map(({ slot }) => ({ slot, nexthop: `plane/${slot}` }));
}

function throughGateways(own: Segment, neighbours: readonly { readonly node: MeshNode }[]): Candidate[] {
  const near = new Set(neighbours.map(({ node }) => node.metadata.name));
  return own.gateways.filter(({ name }) => near.has(name)).map(({ slot, name }) => ({ slot, nexthop: `node/${name}` }));
}

/** Every address that a tunnel ends at: those of this cluster's gateways, and of peers. */
function tunnelEnds(input: MeshInput): ReadonlySet<string> {
  const hosts = [
    ...present(input.nodes)
      .filter((node) => node.status?.slot !== undefined)
      .flatMap((node) => node.spec.endpoints.map(({ host }) => host)),
    ...input.peers.map(({ spec: { endpoint } }) => endpoint?.dnsOrIP.dns ?? endpoint?.dnsOrIP.ip).filter((host) => host !== undefined),
  ];
  return new Set(hosts.map((host) => addressFor(host, input.resolved)).filter((each) => each !== undefined).map(singleAddress));
}

function unreachable(segment: Segment, own: Segment): Problem {
  const where = segment.gateways.length === 0 ? segment.name : own.name;
  return { subject: `segment ${segment.name}`, reason: 'NoGateway', message: `no node of ${where} can be a gateway to it` };
}

function sortProblems(problems: readonly Problem[]): Problem[] {
  const unique = new Map(problems.map((problem) => [`${problem.subject}\n${problem.reason}\n${problem.message}`, problem]));
  return [...unique].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, problem]) => problem);
}

