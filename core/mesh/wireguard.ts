/**
 * A gateway's WireGuard interfaces.
 *
 * Interface p holds, for every remote segment, the gateway in its slot p with the segment's full allowed IPs. The far end
 * sees us on the interface of *our* slot, so that is the port we send to: its base port plus our slot. People's peers have one
 * interface and know nothing of slots: they are on plane 0, and their port is taken as it stands.
 */
import type { MeshSpec } from '../api/mesh.js';
import { addressOf } from '../net/cidr.js';
import { formatEndpoint } from '../net/endpoint.js';
import type { HeardAt } from './heard.js';
import { INTERFACE_PREFIX, type Problem, PROBE_PORT, VXLAN_PORT, type WireguardInterface, type WireguardPeer } from './plan.js';
import { firstPlane, type Gateway, type Segment } from './segments.js';

export interface WireguardInput {
  readonly mesh: MeshSpec;
  readonly self: {
    readonly name: string;
    readonly slot: number;
    /** Of plane 0. */
    readonly port: number;
    readonly publicKey: string;
    readonly persistentKeepalive: number;
    /** Whether anybody can start a session with us. */
    readonly dialable: boolean;
  };
  readonly remote: readonly Segment[];
  /** Segment name to the prefixes it may have. */
  readonly prefixes: ReadonlyMap<string, readonly string[]>;
  readonly resolved: Readonly<Record<string, string>>;
  /** Absent: nobody tells. */
  readonly heardAt?: HeardAt;
  readonly mtu: number;
}

export interface Interfaces {
  readonly interfaces: readonly WireguardInterface[];
  /** Segment name to the planes that have a peer of it. */
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
      if (peer === undefined) continue;
      const holder = peers.get(peer.publicKey);
      if (holder !== undefined) {
        problems.push({ subject: peer.owner, reason: 'DuplicateKey', message: `has the public key of ${holder.owner}, which keeps it: give one of the two a new key` });
        continue;
      }
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

/** Where every node is a segment, planes above the first have peers only for the further gateways of other members, and there may be none. */
function isNeeded({ plane, peers }: WireguardInterface, { granularity }: MeshSpec): boolean {
  return granularity === 'location' || plane === 0 || peers.length > 0;
}

/** Can our gateway of slot `ownSlot` peer with a remote one? Only if it has an interface for that slot; people's have one for all. */
export function isReachable(gateway: Gateway, segment: Segment, ownSlot: number): boolean {
  return segment.kind === 'person' || ownSlot < gateway.planes;
}

/** The address to send to for an endpoint's host, canonical; undefined: a name that did not resolve. */
export function addressFor(host: string, resolved: Readonly<Record<string, string>>): string | undefined {
  return addressOf(host) ?? (Object.hasOwn(resolved, host) ? addressOf(resolved[host] ?? '') : undefined);
}

/** Those whose port can be listened on. */
function planes({ mesh, self }: WireguardInput, problems: Problem[]): number[] {
  const all = Array.from({ length: mesh.planes }, (_, plane) => plane).filter((plane) => plane >= firstPlane(mesh));
  const usable = all.filter((plane) => self.port + plane <= MAX_PORT && (self.port + plane < PROBE_PORT || self.port + plane > VXLAN_PORT));
  if (usable.length < all.length) {
    problems.push({
      subject: `node ${self.name}`,
      reason: 'PortRange',
      message: `its endpoint's port ${self.port} leaves no room for ${mesh.planes} planes below ${MAX_PORT + 1} and beside ${PROBE_PORT} to ${VXLAN_PORT}, which probes and VXLAN use: choose another`,
    });
  }
  return usable;
}

function planPeer(input: WireguardInput, at: { readonly segment: Segment; readonly gateway: Gateway }, problems: Problem[]): WireguardPeer | undefined {
  const { self } = input;
  const { segment, gateway } = at;
  const isPerson = segment.kind === 'person';
  const subject = isPerson ? `peer ${gateway.name}` : `gateway ${gateway.name}`;
  if (gateway.publicKey === self.publicKey) {
    problems.push({ subject, reason: 'OwnKey', message: "has this node's own public key: give one of them a new key" });
    return undefined;
  }
  const endpoint = endpointOf(input, at);
  if (endpoint === undefined && gateway.host !== undefined) {
    problems.push({ subject, reason: 'Unresolved', message: `no address and port can be made of its endpoint ${gateway.host}:${gateway.port}: correct the name, or the port` });
  }
  const heard = isPerson ? [] : (input.heardAt?.(gateway) ?? []).filter((place) => place !== endpoint);
  if (gateway.host === undefined && !self.dialable && heard.length === 0) {
    problems.push({ subject, reason: 'NoEndpoint', message: `neither it nor this node, ${self.name}, has an endpoint, so none can reach the other: give one of them one` });
  }
  return {
    publicKey: gateway.publicKey,
    ...(gateway.presharedKey === undefined ? {} : { presharedKey: gateway.presharedKey }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(heard.length === 0 ? {} : { heard }),
    persistentKeepalive: Math.max(self.persistentKeepalive, isPerson ? gateway.persistentKeepalive : 0),
    allowedIPs: input.prefixes.get(segment.name) ?? [],
    owner: subject,
  };
}

function endpointOf({ self, resolved }: WireguardInput, { segment, gateway }: { readonly segment: Segment; readonly gateway: Gateway }): string | undefined {
  const address = gateway.host === undefined ? undefined : addressFor(gateway.host, resolved);
  const port = segment.kind === 'person' ? gateway.port : gateway.port + self.slot;
  return address === undefined || port > MAX_PORT ? undefined : formatEndpoint({ address, port });
}

const MAX_PORT = 65_535;
