/**
 * What Peers of a member hold there: keys, prefixes, and where their tunnels end. Of people's Peers, and of those that stand for each
 * other member.
 *
 * The member's API server says it, so nothing of it is trusted to have the type that it should. A lie here concerns the liar alone.
 */
import type { KubeObject } from '../../core/api/resources.js';
import { addressOf, parseCidr, singleAddress } from '../../core/net/cidr.js';
import { type CidrIndex, createCidrIndex } from '../../core/net/cidrIndex.js';
import { isSpecial } from '../../core/net/special.js';

/** Of one Peer. */
export interface PeerClaims {
  readonly name: string;
  readonly key: string | undefined;
  /** CIDRs, without the default route and others that nodes refuse. */
  readonly prefixes: readonly string[];
  /** As a CIDR. Undefined: a name, or none. */
  readonly endpoint: string | undefined;
}

/** Of several Peers. Values are the names of the Peers. */
export interface Holdings {
  readonly keys: ReadonlyMap<string, string>;
  readonly prefixes: CidrIndex<string>;
  readonly endpoints: CidrIndex<string>;
}

export function peerClaims(object: KubeObject): PeerClaims {
  const spec = fieldsOf((object as { readonly spec?: unknown }).spec);
  const ip = fieldsOf(fieldsOf(spec['endpoint'])['dnsOrIP'])['ip'];
  const address = typeof ip === 'string' ? addressOf(ip) : undefined;
  const prefixes = Array.isArray(spec['allowedIPs']) ? (spec['allowedIPs'] as unknown[]) : [];
  return {
    name: object.metadata.name,
    key: typeof spec['publicKey'] === 'string' ? spec['publicKey'] : undefined,
    prefixes: prefixes.filter((each): each is string => typeof each === 'string' && !isRefused(each)),
    endpoint: address === undefined ? undefined : singleAddress(address),
  };
}

export function holdingsOf(peers: readonly PeerClaims[]): Holdings {
  return {
    keys: new Map(peers.flatMap(({ name, key }) => (key === undefined ? [] : [[key, name]]))),
    prefixes: createCidrIndex(peers.flatMap(({ name, prefixes }) => prefixes.map((prefix): [string, string] => [prefix, name]))),
    endpoints: createCidrIndex(peers.flatMap(({ name, endpoint }) => (endpoint === undefined ? [] : [[endpoint, name] as const]))),
  };
}

/** Nodes route neither to anybody (core/mesh/claims.ts). */
function isRefused(prefix: string): boolean {
  return parseCidr(prefix)?.length === 0 || isSpecial(prefix);
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
