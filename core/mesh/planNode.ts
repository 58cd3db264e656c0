/**
 * The cluster as everyone sees it, to what one node's host must hold.
 */
import type { MeshNode } from '../api/meshNode.js';
import { type Cidr, parseCidr, sortCidrs } from '../net/cidr.js';
import { believed } from './believed.js';
import { placeBesideKilo } from './besideKilo.js';
import { carrierFirewall, planCarrier } from './carriers.js';
import { claimPrefixes, type Claims } from './claims.js';
import { routable } from './detours.js';
import { type HeardAt, heardBy } from './heard.js';
import type { MeshInput } from './input.js';
import { mtuProblems, tunnelMtu } from './mtu.js';
import { planNat } from './nat.js';
import { FAMILIES, leavesPods, type Neighbour, neighboursOf } from './neighbours.js';
import { planPaths } from './paths.js';
import { peerSegments } from './peerSegments.js';
import type { NodePlan, Problem, WireguardInterface } from './plan.js';
import { planCni, translatesPods } from './podNetwork.js';
import { planProbes } from './probes.js';
import { internalAddresses, ownSegments, present, type Segment, siteName, viewOf } from './segments.js';
import { unreachableSegments, waysTo } from './ways.js';
import { addressFor, type Interfaces, planInterfaces } from './wireguard.js';

export type PlannedNode =
  | { readonly kind: 'plan'; readonly plan: NodePlan }
  /** Nothing is to be done yet, and nothing undone. */
  | { readonly kind: 'absent'; readonly reason: string };

/** The plan of `input.node`. Equal inputs, in whatever order, give equal plans; one bad peer costs only itself. */
export function planNode(input: MeshInput): PlannedNode {
  const there = present(input.nodes);
  const nodes = believed(there);
  const self = placed(nodes, input.node);
  if (self === undefined) return { kind: 'absent', reason: there.some(({ metadata: { name } }) => name === input.node) ? `MeshNode ${input.node} has no mesh address yet: the cluster-agent gives it one` : `there is no MeshNode ${input.node}` };
  const { meshAddresses } = self.status;
  const { planes, granularity, encapsulationType } = input.mesh;
  const cluster = ownSegments(nodes, input.mesh, [self]);
  // A peer has one tunnel with a key of ours: while Kilo holds it, a second one would take its sessions away.
  const peers = peerSegments(input.mesh.besideKilo === undefined ? input.peers : []);
  const local = nodes.filter((node) => siteName(node, granularity) === siteName(self, granularity));
  const view = viewOf(cluster.segments, input.node, local);
  const { own } = view;
  const remote = [...view.remote, ...peers.segments];
  const claims = claimPrefixes({ own, remote, internalIPs: local.flatMap(({ spec }) => spec.internalIPs) });
  const ends = new Set(cluster.segments.flatMap(({ gateways, nodes: members }) => (gateways.length === 0 ? members : gateways.map(({ name }) => name))));
  const reserved = parseCidrs(input.apiServers ?? []);
  const destinations = routable(claims, {
    underlay: [...underlayAddresses(input, { ends: nodes.filter(({ metadata }) => ends.has(metadata.name)), local }), ...parseCidrs(claims.ownLocationIPs)],
    reserved,
    outbid: leavesPods(encapsulationType),
  });
  const slot = own.gateways.find(({ name }) => name === input.node)?.slot;
  const tunnels = slot === undefined ? undefined : { slot, ...planTunnels(input, { self, slot, remote, claims, heardAt: heardBy({ self, slot, nodes }) }) };
  const interfaces = tunnels?.interfaces ?? [];
  const neighbours = neighboursOf(self, nodes, input.mesh);
  const carrier = planCarrier({ self, neighbours, type: encapsulationType, underlayMtu: input.underlayMtu, tunnelMtu: tunnelMtu(input) });
  const paths = planPaths({
    meshAddresses,
    podCIDRs: self.spec.podCIDRs,
    neighbours,
    encapsulationType,
    planes: interfaces.map(({ plane }) => plane),
    remote: remote.map((segment) => ({
      segment: segment.name,
      destinations: destinations.get(segment.name) ?? [],
      candidates: waysTo(segment, { own, neighbours, planes, tunnels }),
    })),
    probes: planProbes({ self, own, neighbours, remote, tunnels }),
    spread: input.mesh.activeGateways === 'all',
  });
  const nat = planNat({ own, claims, reserved, gateway: slot !== undefined, podCIDRs: translatesPods(input.mesh) ? self.spec.podCIDRs : [] });
  const cni = planCni(input, self, carrier);
  const problems = [cluster, peers, claims, tunnels ?? NOTHING, paths].flatMap((part) => part.problems).concat(slot === undefined ? [] : mtuProblems(input));
  return {
    kind: 'plan',
    plan: placeBesideKilo({
      ...paths,
      node: input.node,
      role: slot === undefined ? { kind: 'member' } : { kind: 'gateway', slot },
      meshAddresses: meshAddresses.toSorted(),
      interfaces,
      ...carrier,
      firewall: { clampInterfaces: clampedDevices(interfaces, neighbours), ...tunnelFirewall(interfaces, meshAddresses), ...carrierFirewall(carrier, neighbours), ...(nat === undefined ? {} : { nat }) },
      ...(cni === undefined ? {} : { cni }),
      ...(input.mesh.forwardRules === true ? { forward: { podCIDRs: sortCidrs(self.spec.podCIDRs) } } : {}),
      problems: sortProblems([...problems, ...unreachableSegments(own, remote, planes)]),
    }, input.mesh.besideKilo),
  };
}

type PlacedNode = MeshNode & { readonly status: { readonly meshAddresses: readonly string[] } };

function placed(nodes: readonly MeshNode[], name: string): PlacedNode | undefined {
  return nodes.find((node): node is PlacedNode => node.metadata.name === name && (node.status?.meshAddresses ?? []).length > 0);
}

const NOTHING: { readonly problems: readonly Problem[] } = { problems: [] };

function planTunnels(
  input: MeshInput,
  { self, slot, remote, claims, heardAt }: { readonly self: MeshNode; readonly slot: number; readonly remote: readonly Segment[]; readonly claims: Claims; readonly heardAt: HeardAt },
): Interfaces {
  const { mesh, node, resolved } = input;
  const { endpoints, publicKey, persistentKeepalive } = self.spec;
  return planInterfaces({
    mesh,
    self: { name: node, slot, port: endpoints[0]?.port ?? mesh.port, publicKey, persistentKeepalive, dialable: endpoints.length > 0 },
    remote,
    prefixes: new Map([...claims.prefixes].map(([segment, granted]) => [segment, granted.map(({ text }) => text)])),
    resolved,
    heardAt,
    mtu: tunnelMtu(input),
  });
}

/**
 * While a node does not know yet that another one is a gateway, its routes may lead to that one's endpoint through a tunnel, with
 * our mesh address for the sender. WireGuard there would answer to it, through the mesh, and the tunnel would run into itself for
 * ever: what roams is believed until something else comes.
 */
function tunnelFirewall(interfaces: readonly WireguardInterface[], meshAddresses: readonly string[]): Pick<NodePlan['firewall'], 'tunnels'> {
  return interfaces.length === 0 ? {} : { tunnels: { ports: interfaces.map(({ listenPort }) => listenPort), addresses: meshAddresses.toSorted() } };
}

/** All that packets of the mesh leave by, but the underlay. */
function clampedDevices(interfaces: readonly WireguardInterface[], neighbours: readonly Neighbour[]): string[] {
  const carriers = neighbours.flatMap(({ via }) => FAMILIES.flatMap((family) => via[family]?.dev ?? []));
  return [...new Set([...interfaces.map(({ name }) => name), ...carriers.filter((dev) => dev !== 'underlay').toSorted()])];
}

/**
 * What must be reached without the mesh: the addresses that tunnels may end at, and the nodes of the own location, which VXLAN
 * and plain packets are sent to. A tunnel may end at any endpoint of a gateway, and at its internal addresses: WireGuard answers
 * to where it was last heard from, and without NAT between that is whatever source the far kernel picked. Of a segment that has no
 * gateway yet any node may become one, and may be where the API server is, without which nobody would hear of it.
 */
function underlayAddresses(input: MeshInput, { ends, local }: { readonly ends: readonly MeshNode[]; readonly local: readonly MeshNode[] }): Cidr[] {
  const hosts = [
    ...ends.flatMap(({ spec }) => spec.endpoints.map(({ host }) => host)),
    ...ends.flatMap(internalAddresses),
    ...input.peers.map(({ spec: { endpoint } }) => endpoint?.dnsOrIP.dns ?? endpoint?.dnsOrIP.ip).filter((host) => host !== undefined),
  ].map((host) => addressFor(host, input.resolved));
  const addresses = new Set([...hosts.filter((host) => host !== undefined), ...local.flatMap(internalAddresses)]);
  return parseCidrs([...addresses]);
}

function parseCidrs(texts: readonly string[]): Cidr[] {
  return texts.map(parseCidr).filter((cidr) => cidr !== undefined);
}

function sortProblems(problems: readonly Problem[]): Problem[] {
  const unique = new Map(problems.map((problem) => [`${problem.subject}\n${problem.reason}\n${problem.message}`, problem]));
  return [...unique].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, problem]) => problem);
}
