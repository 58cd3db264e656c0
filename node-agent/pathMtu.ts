/**
 * The smallest MTU on the ways to gateways. Not to people's machines: one laptop behind a narrow device must not make the tunnels of
 * all smaller; what is too large for its way is split there. The ways are remembered as long as what else is known of the host is,
 * so that a new peer costs one question about itself.
 */
import type { Path } from '../core/host/parsePaths.js';
import type { HostState } from '../core/host/state.js';
import { endpointAddress } from '../core/host/text.js';
import { INTERFACE_PREFIX } from '../core/mesh/plan.js';
import type { Host } from './host/host.js';

/** `known` gets what had to be asked for; null: no way there. Undefined: nothing is known of any way. */
export async function pathMtu(host: Pick<Host, 'paths'>, addresses: readonly string[], known: Map<string, Path | null>): Promise<number | undefined> {
  const unknown = addresses.filter((address) => !known.has(address));
  const found = unknown.length === 0 ? new Map<string, Path>() : await host.paths(unknown);
  for (const address of unknown) known.set(address, found.get(address) ?? null);
  // A way through a tunnel of ours is none that a tunnel could take; `lo` is ourselves.
  const ways = addresses.map((address) => known.get(address)).filter((path) => path !== undefined && path !== null && path.dev !== 'lo' && !path.dev.startsWith(INTERFACE_PREFIX));
  return ways.reduce<number | undefined>((least, path) => Math.min(least ?? Infinity, path?.mtu ?? Infinity), undefined);
}

/** Where the peers of all interfaces were last heard from, with their public keys: also those that have no endpoint of their own. */
export function roamedAddresses({ wireguard }: HostState): readonly Roamed[] {
  return [...wireguard.values()].flatMap(({ peers }) => [...peers].flatMap(([publicKey, { endpoint }]) => (endpoint === undefined ? [] : [{ publicKey, address: endpointAddress(endpoint) }])));
}

export interface Roamed {
  readonly publicKey: string;
  readonly address: string;
}
