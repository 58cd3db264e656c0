/**
 * planNode: from the objects of a cluster to what one node's host must hold.
 */
import { type Problem, sortProblems } from '../api/problem.js';
import type { MeshNode } from '../api/meshNode.js';
import { type Cidr, parseCidr, sortCidrs } from '../net/cidr.js';
import { FAMILIES } from '../net/family.js';
import { aggregate } from '../net/sets.js';
import { verifiedNode } from './verified.js';
import { meshRanges } from './addresses.js';
import { placeBesideKilo } from './besideKilo.js';
import { claimPrefixes, type Claims } from './claims.js';
import { type LocalNetwork, localNetworks } from './localNetworks.js';
import { createPlanMemory, type PlanMemory } from './planMemory.js';
import { onDemand } from '../memory/onDemand.js';
import { routable } from './detours.js';
import { type ObservedEndpointsOf, observedEndpointsOf } from './observedEndpoints.js';
import type { Neighbour } from './encapsulation/strategy.js';
import { ENCAPSULATIONS } from './encapsulation/table.js';
import type { MeshInput } from './input.js';
import { planMemberFilter } from './memberFilter.js';
import { mtuProblems, tunnelMtu } from './mtu.js';
import { planKept, planNat } from './nat.js';
import { neighboursOf } from './neighbours.js';
import { planRouting } from './routing.js';
import { peerSegments } from './peerSegments.js';
import type { NodePlan, WireguardInterface } from './plan.js';
import { planCni, pluginCarriesPods, translatesPods } from './podNetwork.js';
import { planProbes } from './probes.js';
import { probeSenders } from './probeSenders.js';
import { underlayAddressesOf, present, segmentsOf, type Segment, siteName, viewOf } from './segments.js';
import { endpointProblems, peerEndpoints } from './peerEndpoints.js';
import { bySegmentPrecedence } from './precedence.js';
import { addressFor, remoteGateways } from './remoteGateways.js';
import { unreachableSegments, remotePaths } from './remotePaths.js';
import { type Interfaces, planInterfaces } from './wireguard.js';

export type PlannedNode =
  | { readonly kind: 'plan'; readonly plan: NodePlan }
  /** Nothing can be planned yet; the host stays as it is. */
  | { readonly kind: 'absent'; readonly reason: string };

/**
 * The plan of `input.node`. Equal inputs, in whatever order, give equal plans. A bad peer affects only itself. `memory`: of the plan
 * before, which this one follows; it changes nothing but what the plan costs.
 */
export function planNode(input: MeshInput, memory: PlanMemory = createPlanMemory()): PlannedNode {
  const there = present(input.nodes);
  const nodes = memory.verified.get(there, [], verifiedNode);
  const self = placed(nodes, input.node);
  if (self === undefined)
    return {
      kind: 'absent',
      reason: there.some(({ metadata: { name } }) => name === input.node)
        ? `MeshNode ${input.node} has no mesh address yet: the cluster-agent gives it one`
        : `there is no MeshNode ${input.node}`,
    };
  return { kind: 'plan', plan: placeBesideKilo(planPlaced(input, { nodes, self, memory }), input.mesh.besideKilo) };
}

type PlacedNode = MeshNode & { readonly status: { readonly meshAddresses: readonly string[] } };

function placed(nodes: readonly MeshNode[], name: string): PlacedNode | undefined {
  return nodes.find((node): node is PlacedNode => node.metadata.name === name && (node.status?.meshAddresses ?? []).length > 0);
}

interface Placed {
  readonly nodes: readonly MeshNode[];
  readonly self: PlacedNode;
  readonly memory: PlanMemory;
}

function planPlaced(input: MeshInput, { nodes, self, memory }: Placed): NodePlan {
  const { mesh, node } = input;
  const { meshAddresses } = self.status;
  const encapsulation = ENCAPSULATIONS[mesh.encapsulationType];
  const leavesPods = pluginCarriesPods(self, encapsulation);
  const sight = nodeViewOf(input, { nodes, self, memory });
  const { own, remote, claims, reserved, slot, neighbours } = sight;
  const underlay = onDemand(() => [...underlayAddresses(input, sight), ...parseCidrs(claims.ownLocationIPs)]);
  const destinations = routable(claims, {
    underlay,
    reserved,
    ends: peerEndpoints(remote, input.resolved),
    outbid: leavesPods,
  });
  const tunnels =
    slot === undefined
      ? undefined
      : { slot, ...planTunnels(input, { self, slot, remote, claims, observedAt: observedEndpointsOf({ self, slot, nodes }) }) };
  const interfaces = tunnels?.interfaces ?? [];
  const near = onDemand(() => new Set(neighbours.map(({ node: { metadata } }) => metadata.name)));
  const inside = encapsulation.device({ self, neighbours, underlayMtu: input.underlayMtu, tunnelMtu: tunnelMtu(input) });
  const routing = planRouting(
    {
      meshAddresses,
      podCIDRs: self.spec.podCIDRs,
      leavesPods,
      neighbours,
      encapsulation,
      planes: interfaces.map(({ plane }) => plane),
      remote: remote.map((segment) => ({
        segment,
        destinations: destinations.get(segment.name)?.routed ?? [],
        refused: destinations.get(segment.name)?.refused ?? [],
        paths: remotePaths(segment, { own, near: near(), planes: mesh.planes, tunnels }),
      })),
      probes: planProbes({
        self,
        own,
        neighbours,
        memory: memory.segmentPeers,
        remote,
        tunnels,
        senders: probeSenders(mesh, claims),
        holderOf: (address) => holderOf(address, claims),
      }),
      spread: mesh.gatewayMode === 'ActiveActive',
    },
    memory.routing,
  );
  const podCIDRs = translatesPods(mesh) ? self.spec.podCIDRs : [];
  const nat = planNat({ own, claims, reserved, gateway: slot !== undefined, podCIDRs });
  const cni = planCni(input, self, inside?.device);
  return {
    ...routing,
    node,
    role: slot === undefined ? { kind: 'member' } : { kind: 'gateway', slot },
    meshAddresses: meshAddresses.toSorted(),
    interfaces,
    ...(inside === undefined ? {} : { encapsulation: inside.device }),
    firewall: {
      clampInterfaces: clampedDevices(interfaces, neighbours),
      ...tunnelFirewall(interfaces, meshAddresses),
      ...(inside === undefined ? {} : { encapsulation: inside.filter }),
      ...probeFirewall(routing.probing),
      ...(nat === undefined ? {} : { nat }),
      ...(leavesPods ? { kept: planKept({ nodes, near: sight.near, claims, reserved }) } : {}),
      ...planMemberFilter({ mesh, self, nodes, remote, claims, reserved, exported: input.exported }),
    },
    ...(cni === undefined ? {} : { cni }),
    ...(mesh.forwardRules === true ? { forward: { podCIDRs: sortCidrs(self.spec.podCIDRs) } } : {}),
    problems: sortProblems([
      ...sight.problems,
      ...(tunnels?.problems ?? []),
      ...routing.problems,
      ...(slot === undefined
        ? []
        : [...mtuProblems(input), ...endpointProblems(remote, { claims, resolved: input.resolved, underlay, near: sight.near })]),
      ...unreachableSegments(
        own,
        remote.filter(({ name }) => !sight.emptied.has(name)),
        mesh.planes,
      ),
    ]),
  };
}

/** The mesh as one node sees it. */
interface NodeView {
  readonly own: Segment;
  readonly remote: readonly Segment[];
  readonly claims: Claims;
  /** Of the API server. */
  readonly reserved: readonly Cidr[];
  /** The node's own; undefined: it ends no tunnel. */
  readonly slot: number | undefined;
  readonly neighbours: readonly Neighbour[];
  /** The nodes of its site, itself among them. */
  readonly local: readonly MeshNode[];
  /** Networks that these stand in. */
  readonly near: () => readonly LocalNetwork[];
  /** Nodes that tunnels may end at. */
  readonly ends: () => readonly MeshNode[];
  /** Segments whose gateways are all left out. */
  readonly emptied: ReadonlySet<string>;
  readonly problems: readonly Problem[];
}

function nodeViewOf({ node, mesh, peers: all, resolved, apiServers = [] }: MeshInput, { nodes, self, memory }: Placed): NodeView {
  const cluster = segmentsOf(nodes, mesh, [self], memory.prefixes);
  // A peer has one tunnel with our key: while Kilo holds it, a second one would take over its sessions.
  const taken = mesh.besideKilo === undefined ? all : [];
  const peers = memory.peers.get(taken, () => peerSegments(taken));
  const site = siteName(self, mesh.granularity);
  const local = memory.local.get(nodes, [mesh.granularity, site], (each) => (siteName(each, mesh.granularity) === site ? [each] : []));
  const view = viewOf(cluster.segments, node, local);
  const near = onDemand(() => localNetworks(local));
  const known = remoteGateways({
    remote: [...view.remote, ...peers.segments].toSorted(bySegmentPrecedence),
    nodesByKey: onDemand(() => new Map(nodes.map(({ metadata: { name }, spec: { publicKey } }) => [publicKey, name]))),
    ownKey: self.spec.publicKey,
    planes: mesh.planes,
    resolved,
  });
  const remote = known.segments;
  const claims = claimPrefixes({
    own: view.own,
    remote,
    near,
    all: onDemand(() => localNetworks(nodes)),
    ownRanges: onDemand(() => meshRanges(mesh, nodes)),
  });
  // In a segment without a gateway any node may become one. The API server may be there, without which nobody would learn of it.
  const ends = onDemand(() => {
    const names = new Set(
      cluster.segments.flatMap(({ gateways, nodes: members }) => (gateways.length === 0 ? members : gateways.map(({ name }) => name))),
    );
    return nodes.filter(({ metadata }) => names.has(metadata.name));
  });
  return {
    own: view.own,
    remote,
    claims,
    reserved: parseCidrs(apiServers),
    slot: view.own.gateways.find(({ name }) => name === node)?.slot,
    neighbours: neighboursOf(self, local, mesh, memory),
    local,
    near,
    ends,
    emptied: known.emptied,
    problems: [...cluster.problems, ...peers.problems, ...known.problems, ...claims.problems],
  };
}

function planTunnels(
  input: MeshInput,
  {
    self,
    slot,
    remote,
    claims,
    observedAt,
  }: {
    readonly self: MeshNode;
    readonly slot: number;
    readonly remote: readonly Segment[];
    readonly claims: Claims;
    readonly observedAt: ObservedEndpointsOf;
  },
): Interfaces {
  const { mesh, node, resolved } = input;
  const { endpoints, persistentKeepalive } = self.spec;
  return planInterfaces({
    mesh,
    self: { name: node, slot, port: endpoints[0]?.port ?? mesh.port, persistentKeepalive, dialable: endpoints.length > 0 },
    remote,
    prefixes: new Map([...claims.prefixes].map(([segment, granted]) => [segment, granted.map(({ text }) => text)])),
    resolved,
    observedAt,
    mtu: tunnelMtu(input),
  });
}

/**
 * Keeps a tunnel out of a tunnel. Until a node learns that another one is a gateway, its routes may lead to that one's endpoint through a
 * tunnel, with our mesh address as the source. WireGuard would roam to that address and answer through the mesh, and the tunnel would run
 * into itself for ever, since WireGuard keeps a roamed endpoint until it receives from another.
 */
function tunnelFirewall(
  interfaces: readonly WireguardInterface[],
  meshAddresses: readonly string[],
): Pick<NodePlan['firewall'], 'tunnels'> {
  return interfaces.length === 0
    ? {}
    : { tunnels: { ports: interfaces.map(({ listenPort }) => listenPort), addresses: meshAddresses.toSorted() } };
}

function probeFirewall(probing: NodePlan['probing']): Pick<NodePlan['firewall'], 'probes'> {
  return probing === undefined ? {} : { probes: aggregate((probing.senders ?? []).flatMap(({ prefixes }) => prefixes)) };
}

function holderOf(address: string, { covering }: Claims): string | undefined {
  const cidr = parseCidr(address);
  return cidr === undefined ? undefined : covering(cidr)[0]?.segment.name;
}

/** All devices that packets of the mesh leave by, except the underlay. */
function clampedDevices(interfaces: readonly WireguardInterface[], neighbours: readonly Neighbour[]): string[] {
  const inside = new Set<string>();
  for (const { nextHops } of neighbours) for (const family of FAMILIES) inside.add(nextHops[family]?.dev ?? 'underlay');
  inside.delete('underlay');
  return [...new Set([...interfaces.map(({ name }) => name), ...[...inside].toSorted()])];
}

/**
 * What must be reached without the mesh: the addresses that tunnels between own nodes may end at, and the nodes of the own location, which
 * encapsulated and plain packets are sent to. A tunnel may end at any endpoint of a gateway, and at its internal addresses: WireGuard
 * answers the address that it last received from, and without NAT between them that is whatever source the far kernel chose.
 */
function underlayAddresses(input: MeshInput, { ends, local }: Pick<NodeView, 'ends' | 'local'>): Cidr[] {
  const hosts = [...ends().flatMap(({ spec }) => spec.endpoints.map(({ host }) => host)), ...ends().flatMap(underlayAddressesOf)].map(
    (host) => addressFor(host, input.resolved),
  );
  const addresses = new Set([...hosts.filter((host) => host !== undefined), ...local.flatMap(underlayAddressesOf)]);
  return parseCidrs([...addresses]);
}

function parseCidrs(texts: readonly string[]): Cidr[] {
  return texts.map(parseCidr).filter((cidr) => cidr !== undefined);
}
