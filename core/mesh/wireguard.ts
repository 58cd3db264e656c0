/**
 * A gateway's WireGuard interfaces.
 *
 * Interface p holds, for every remote segment, the gateway in its slot p with the segment's full allowed IPs. The far end has us on the
 * interface of *our* slot, so we send to its base port plus our slot. External peers have one interface and no slots: they are on plane 0,
 * and their port is used as it is.
 */
import type { Problem } from '../api/problem.js';
import type { MeshSpec } from '../api/meshSpec.js';
import { formatEndpoint } from '../net/endpoint.js';
import type { ObservedEndpointsOf } from './observedEndpoints.js';
import type { WireguardInterface, WireguardPeer } from './plan.js';
import { INTERFACE_PREFIX } from './reserved.js';
import { PROBE_PORT, VXLAN_PORT } from '../api/ports.js';
import { addressFor, ownerOf } from './remoteGateways.js';
import { firstPlane, type Gateway, type Segment } from './segments.js';

interface WireguardInput {
  readonly mesh: MeshSpec;
  readonly self: {
    readonly name: string;
    readonly slot: number;
    /** Of plane 0. */
    readonly port: number;
    readonly persistentKeepalive: number;
    /** Whether others can dial this node. */
    readonly dialable: boolean;
  };
  /** No two gateways of them have one key. */
  readonly remote: readonly Segment[];
  /** By segment name: the prefixes granted to it. */
  readonly prefixes: ReadonlyMap<string, readonly string[]>;
  readonly resolved: Readonly<Record<string, string>>;
  /** Absent: none are known. */
  readonly observedAt?: ObservedEndpointsOf;
  readonly mtu: number;
}

export interface Interfaces {
  readonly interfaces: readonly WireguardInterface[];
  /** By segment name: the planes that have a peer of it. */
  readonly reached: ReadonlyMap<string, readonly number[]>;
  readonly problems: readonly Problem[];
}

export function planInterfaces(input: WireguardInput): Interfaces {
  const problems: Problem[] = [];
  const reached = new Map<string, number[]>();
  const interfaces = planes(input, problems).map((plane): WireguardInterface => {
    const peers = new Map<string, WireguardPeer>();
    for (const segment of input.remote) {
      const gateway = segment.gateways.find(({ slot }) => slot === plane);
      if (gateway === undefined || !isReachable(gateway, segment, input.self.slot)) continue;
      const peer = planPeer(input, { segment, gateway }, problems);
      peers.set(peer.publicKey, peer);
      const before = reached.get(segment.name);
      if (before === undefined) reached.set(segment.name, [plane]);
      else before.push(plane);
    }
    return {
      name: `${INTERFACE_PREFIX}${plane}`,
      plane,
      listenPort: input.self.port + plane,
      mtu: input.mtu,
      peers: [...peers.values()].toSorted((a, b) => (a.publicKey < b.publicKey ? -1 : 1)),
    };
  });
  return { interfaces: interfaces.filter((each) => isNeeded(each, input.mesh)), reached, problems };
}

/**
 * Where every node is a segment, planes above the first only have peers for further gateways of other members, so there may be none.
 */
function isNeeded({ plane, peers }: WireguardInterface, { granularity }: MeshSpec): boolean {
  return granularity === 'location' || plane === 0 || peers.length > 0;
}

/** Whether our gateway in `ownSlot` can peer with a remote one, which must have an interface for that slot. External peers always can. */
export function isReachable(gateway: Gateway, segment: Segment, ownSlot: number): boolean {
  return segment.kind === 'externalPeer' || ownSlot < gateway.planes;
}

/** The planes whose port is usable. */
function planes({ mesh, self }: WireguardInput, problems: Problem[]): number[] {
  const all = Array.from({ length: mesh.planes }, (_, plane) => plane).filter((plane) => plane >= firstPlane(mesh));
  const usable = all.filter((plane) => self.port + plane <= MAX_PORT && (self.port + plane < PROBE_PORT || self.port + plane > VXLAN_PORT));
  if (usable.length < all.length) {
    problems.push({
      subject: { kind: 'node', name: self.name },
      reason: 'PortRange',
      message:
        `its endpoint's port ${self.port} leaves no room for ${mesh.planes} planes below ${MAX_PORT + 1} ` +
        `and beside ${PROBE_PORT} to ${VXLAN_PORT}, which probes and VXLAN use`,
      remedy: 'choose another',
    });
  }
  return usable;
}

function planPeer(input: WireguardInput, at: { readonly segment: Segment; readonly gateway: Gateway }, problems: Problem[]): WireguardPeer {
  const { self } = input;
  const { segment, gateway } = at;
  const isExternal = segment.kind === 'externalPeer';
  const subject = ownerOf(segment, gateway);
  const endpoint = endpointOf(input, at);
  if (endpoint === undefined && gateway.host !== undefined) {
    problems.push({
      subject,
      reason: 'Unresolved',
      message: `no address and port can be made of its endpoint ${gateway.host}:${gateway.port}`,
      remedy: 'correct the name, or the port',
    });
  }
  const observed = isExternal ? [] : (input.observedAt?.(gateway) ?? []).filter((one) => one !== endpoint);
  if (gateway.host === undefined && !self.dialable && observed.length === 0) {
    problems.push({
      subject,
      reason: 'NoEndpoint',
      message: `neither it nor this node, ${self.name}, has an endpoint, so none can reach the other`,
      remedy: 'give one of them one',
    });
  }
  return {
    publicKey: gateway.publicKey,
    ...(gateway.presharedKey === undefined ? {} : { presharedKey: gateway.presharedKey }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(observed.length === 0 ? {} : { observedEndpoints: observed }),
    persistentKeepalive: Math.max(self.persistentKeepalive, isExternal ? gateway.persistentKeepalive : 0),
    allowedIPs: input.prefixes.get(segment.name) ?? [],
    owner: subject,
    segment: segment.name,
    ...(segment.member === undefined ? {} : { member: segment.member }),
  };
}

function endpointOf(
  { self, resolved }: WireguardInput,
  { segment, gateway }: { readonly segment: Segment; readonly gateway: Gateway },
): string | undefined {
  const address = gateway.host === undefined ? undefined : addressFor(gateway.host, resolved);
  const port = segment.kind === 'externalPeer' ? gateway.port : gateway.port + self.slot;
  return address === undefined || port > MAX_PORT ? undefined : formatEndpoint({ address, port });
}

const MAX_PORT = 65_535;
