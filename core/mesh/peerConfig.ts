/**
 * The WireGuard configuration of an external peer: one gateway of each location, and the prefixes behind it. Like `kgctl showconf peer`
 * (Kilo cmd/kgctl/showconf.go), but with one gateway per location, since an interface can send a prefix to one peer only.
 *
 * A tunnel never carries the addresses that tunnels end at: a machine that sends its tunnel's own packets into the tunnel sends nothing.
 */
import type { Mesh } from '../api/mesh.js';
import type { MeshNode } from '../api/meshNode.js';
import type { Peer } from '../api/peer.js';
import { parseCidr, singleAddress, addressOf } from '../net/cidr.js';
import { formatEndpoint } from '../net/endpoint.js';
import { verifiedNodes } from './verified.js';
import { claimPrefixes } from './claims.js';
import { type Gateway, NO_SEGMENT, underlayAddressesOf, ownSegments, present, type Segment } from './segments.js';

export interface PeerConfigInput {
  readonly mesh: Mesh;
  readonly nodes: readonly MeshNode[];
  readonly peer: Peer;
  /** The slot of the gateway to use in each location. A location without a gateway in that slot is reached by its first. */
  readonly slot: number;
  /** More prefixes to send to the first location, such as Service ranges. */
  readonly allowedIPs: readonly string[];
}

export interface PeerConfig {
  /** The key whose private half the machine has. */
  readonly publicKey: string;
  /** Of the machine, without prefix lengths. */
  readonly addresses: readonly string[];
  readonly peers: readonly ConfigPeer[];
  /** What is left out, and why. */
  readonly notes: readonly string[];
}

export interface ConfigPeer {
  /** The location, and the node that is its gateway. */
  readonly segment: string;
  readonly gateway: string;
  readonly publicKey: string;
  readonly presharedKey?: string;
  /** `host:port`; absent: the gateway must dial the machine. */
  readonly endpoint?: string;
  readonly allowedIPs: readonly string[];
  /** Seconds; 0: off. */
  readonly persistentKeepalive: number;
}

export function peerConfig({ mesh, nodes, peer, slot, allowedIPs }: PeerConfigInput): PeerConfig {
  const { segments } = ownSegments(nodes, mesh.spec);
  const claims = claimPrefixes({ own: NO_SEGMENT, remote: segments });
  const notes: string[] = [];
  const reached = segments.flatMap((segment): { readonly segment: Segment; readonly gateway: Gateway }[] => {
    const gateway = segment.gateways.find((one) => one.slot === slot) ?? segment.gateways[0];
    if (gateway === undefined) notes.push(`${segment.name} is left out: it has no gateway`);
    else if (gateway.host === undefined && peer.spec.endpoint === undefined)
      notes.push(`${segment.name} is left out: its gateway ${gateway.name} has no endpoint to dial, and the Peer has none either`);
    else return [{ segment, gateway }];
    return [];
  });
  const { publicKey, presharedKey, persistentKeepalive = 0 } = peer.spec;
  const ends = new Set(reached.flatMap(({ gateway }) => endsOf(gateway, nodes)));
  return {
    publicKey,
    addresses: peer.spec.allowedIPs.flatMap(singleOf),
    peers: reached.map(({ segment, gateway }, index) => ({
      segment: segment.name,
      gateway: gateway.name,
      publicKey: gateway.publicKey,
      ...(presharedKey === undefined ? {} : { presharedKey }),
      ...(gateway.host === undefined ? {} : { endpoint: formatEndpoint({ address: gateway.host, port: gateway.port }) }),
      allowedIPs: [
        ...(claims.prefixes.get(segment.name) ?? []).map(({ text }) => text).filter((text) => !ends.has(text)),
        ...(index === 0 ? allowedIPs : []),
      ],
      persistentKeepalive,
    })),
    notes,
  };
}

/** As single addresses: the gateway's endpoint, and the addresses it may answer from. */
function endsOf({ name, host }: Gateway, nodes: readonly MeshNode[]): string[] {
  const node = verifiedNodes(present(nodes)).find(({ metadata }) => metadata.name === name);
  return [...(host === undefined ? [] : [host]), ...(node === undefined ? [] : underlayAddressesOf(node))].flatMap((text) => {
    const address = addressOf(text);
    return address === undefined ? [] : [singleAddress(address)];
  });
}

/** A prefix of one address belongs to the machine itself; a wider one is behind it. */
function singleOf(text: string): string[] {
  const cidr = parseCidr(text);
  const address = addressOf(text);
  return cidr === undefined || address === undefined || singleAddress(address) !== text ? [] : [address];
}
