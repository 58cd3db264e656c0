/**
 * A gateway's WireGuard interfaces.
 *
 * Interface p holds, for every remote segment, the gateway in its slot p with the segment's full allowed IPs. The far end
 * sees us on the interface of *our* slot, so that is the port we send to: its base port plus our slot.
 */
import type { MeshSpec } from '../api/mesh.js';
import { parseAddress } from '../net/cidr.js';
import { INTERFACE_PREFIX, type Problem, type WireguardInterface, type WireguardPeer } from './plan.js';
import type { Gateway, Segment } from './segments.js';

export interface WireguardInput {
  readonly mesh: MeshSpec;
  readonly self: { readonly slot: number; readonly port: number; readonly publicKey: string; readonly persistentKeepalive: number };
  readonly remote: readonly Segment[];
  /** Segment name to the prefixes it may have. */
  readonly prefixes: ReadonlyMap<string, readonly string[]>;
  readonly resolved: Readonly<Record<string, string>>;
  readonly mtu: number;
}

export function planInterfaces(input: WireguardInput): { readonly interfaces: readonly WireguardInterface[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const keys = new Set<string>();
  const interfaces = Array.from({ length: input.mesh.planes }, (_, plane): WireguardInterface => {
    keys.clear();
    const peers = input.remote.flatMap((segment) => {
      const gateway = segment.gateways.find(({ slot }) => slot === plane);
      const peer = gateway === undefined ? undefined : planPeer(input, { segment, gateway }, problems);
      if (peer === undefined || !isNewKey(peer, keys, problems)) return [];
      return [peer];
    });
    return {
      name: `${INTERFACE_PREFIX}${plane}`,
      plane,
      listenPort: input.self.port + plane,
      mtu: input.mtu,
      peers: peers.toSorted((a, b) => (a.publicKey < b.publicKey ? -1 : 1)),
    };
  });
  return { interfaces, problems };
}

/** Can a gateway of slot `ownSlot` talk to `gateway`? Only if it has an interface for our slot; persons have one for all. */
export function isReachable(gateway: Gateway, segment: Segment, ownSlot: number): boolean {
  return segment.kind === 'person' || ownSlot < gateway.planes;
}

function planPeer(
  input: WireguardInput,
  at: { readonly segment: Segment; readonly gateway: Gateway },
  problems: Problem[],
): WireguardPeer | undefined {
  const { segment, gateway } = at;
  const subject = segment.kind === 'person' ? `peer ${gateway.name}` : `gateway ${gateway.name}`;
  if (gateway.publicKey === input.self.publicKey) {
    problems.push({ subject, reason: 'OwnKey', message: 'has this node\'s own public key: give one of them a new key' });
    return undefined;
  }
  if (!isReachable(gateway, segment, input.self.slot)) {
    problems.push({ subject, reason: 'TooFewPlanes', message: `runs ${gateway.planes} plane(s), so this node, in slot ${input.self.slot}, cannot reach it` });
    return undefined;
  }
  const address = gateway.host === undefined ? undefined : addressFor(gateway.host, input.resolved);
  if (gateway.host !== undefined && address === undefined) {
    problems.push({ subject, reason: 'Unresolved', message: `no address is known for ${gateway.host}` });
  }
  const port = segment.kind === 'person' ? gateway.port : gateway.port + input.self.slot;
  return {
    publicKey: gateway.publicKey,
    ...(gateway.presharedKey === undefined ? {} : { presharedKey: gateway.presharedKey }),
    ...(address === undefined ? {} : { endpoint: address.includes(':') ? `[${address}]:${port}` : `${address}:${port}` }),
    persistentKeepalive: Math.max(input.self.persistentKeepalive, segment.kind === 'person' ? gateway.persistentKeepalive : 0),
    allowedIPs: input.prefixes.get(segment.name) ?? [],
    owner: subject,
  };
}

function isNewKey(peer: WireguardPeer, keys: Set<string>, problems: Problem[]): boolean {
  if (!keys.has(peer.publicKey)) {
    keys.add(peer.publicKey);
    return true;
  }
  problems.push({ subject: peer.owner, reason: 'DuplicateKey', message: 'has the public key of another peer, which keeps it' });
  return false;
}

export function addressFor(host: string, resolved: Readonly<Record<string, string>>): string | undefined {
  return parseAddress(host) === undefined ? resolved[host] : host;
}
