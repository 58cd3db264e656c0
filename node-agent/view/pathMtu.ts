/**
 * The smallest MTU on the underlay paths to gateways. External peers do not count: one laptop behind a narrow device must not make the
 * tunnels of all smaller; what is too large for its path is fragmented there. The paths are remembered as long as what else is known of the
 * host, so that a new peer costs one question about itself.
 */
import type { Path } from '../../core/host/parsePaths.js';
import type { HostState } from '../../core/host/state.js';
import { endpointAddress } from '../../core/host/text.js';
import { INTERFACE_PREFIX } from '../../core/mesh/reserved.js';
import type { Host } from '../host/host.js';

/** How small the path to an address was found to be, and until when that is trusted, in milliseconds of `now`. */
export type LearnedMtus = Map<string, { readonly mtu: number; readonly until: number }>;

interface PathMemory {
  /** Gets what had to be asked for; null: there is no path. */
  readonly known: Map<string, Path | null>;
  /**
   * Smaller tunnels make the kernel forget what made them small, so it is remembered longer than there: a path that stays narrow costs
   * packets once a day, not every ten minutes.
   */
  readonly learned: LearnedMtus;
  readonly now: number;
}

const LEARNED_MS = 24 * 3_600_000;

/** Undefined: nothing is known of any path. */
export async function pathMtu(
  host: Pick<Host, 'paths'>,
  addresses: readonly string[],
  { known, learned, now }: PathMemory,
): Promise<number | undefined> {
  const unknown = addresses.filter((address) => !known.has(address));
  const found = unknown.length === 0 ? new Map<string, Path>() : await host.paths(unknown);
  for (const address of unknown) known.set(address, found.get(address) ?? null);
  forget(learned, new Set(addresses), now);
  // A tunnel cannot take a path through a tunnel of ours; `lo` is ourselves.
  const sizes = addresses.flatMap((address) => {
    const path = known.get(address);
    if (path === undefined || path === null || path.dev === 'lo' || path.dev.startsWith(INTERFACE_PREFIX)) return [];
    if (path.learned !== undefined) learned.set(address, { mtu: path.learned, until: now + LEARNED_MS });
    return [Math.min(path.mtu, learned.get(address)?.mtu ?? Infinity)];
  });
  return sizes.length === 0 ? undefined : Math.min(...sizes);
}

function forget(learned: LearnedMtus, addresses: ReadonlySet<string>, now: number): void {
  for (const [address, { until }] of learned) if (until <= now || !addresses.has(address)) learned.delete(address);
}

/** The current addresses of the peers of all interfaces, with their public keys: also of those without a configured endpoint. */
export function roamedAddresses({ wireguard }: HostState): readonly Roamed[] {
  return [...wireguard.values()].flatMap(({ peers }) =>
    [...peers].flatMap(([publicKey, { endpoint }]) => (endpoint === undefined ? [] : [{ publicKey, address: endpointAddress(endpoint) }])),
  );
}

export interface Roamed {
  readonly publicKey: string;
  readonly address: string;
}
