/**
 * Tunnels that fail while WireGuard sends to a place where their far end is no more.
 *
 * WireGuard sends to where it last heard from a peer. When that place dies in silence (an uplink of a site, an address that was
 * taken away), it goes on sending there, and a far end that hears nothing and has nothing to say never tells it otherwise. Where
 * another endpoint is wanted, that one is tried again. Not while anything at all is received: whoever gets data and has none of
 * its own answers by an empty packet after ten seconds (KEEPALIVE_TIMEOUT, WireGuard whitepaper 6.5), so an agent that is gone
 * while its tunnel works is told from a tunnel that is dead. A far end behind NAT that is cut off for that long loses nothing: it
 * comes back as soon as it speaks, which its probes do.
 */
import { endpointKey } from '../host/endpoints.js';
import type { PeerState } from '../host/state.js';
import { canonicalEndpoint } from '../host/text.js';
import type { NodePlan } from '../mesh/plan.js';
import type { PathStatus } from './failover.js';
import type { Healing } from './stall.js';

/** Peers that are looked at, by `endpointKey`: the bytes that were received from each, and since when there were no more. */
export type Silences = ReadonlyMap<string, { readonly receivedBytes: number; readonly since: number }>;

export interface RoamedInput {
  readonly plan: NodePlan;
  readonly paths: readonly PathStatus[];
  /** What WireGuard says of its peers, by interface and public key. */
  readonly tunnels: ReadonlyMap<string, { readonly peers: ReadonlyMap<string, Pick<PeerState, 'endpoint' | 'receivedBytes'>> }>;
  /** Of the last look. */
  readonly before: Silences;
  /** Milliseconds. */
  readonly now: number;
}

export interface Roamed {
  readonly silences: Silences;
  /** Peers whose wanted endpoint is to be written. */
  readonly healings: readonly Healing[];
}

/** Is it worth asking WireGuard? A tunnel that has been down for longer was looked at in time. */
export function mayHaveRoamed(paths: readonly PathStatus[]): boolean {
  return paths.some(isCandidate);
}

export function lookForRoamed({ plan, paths, tunnels, before, now }: RoamedInput): Roamed {
  const silences = new Map<string, { readonly receivedBytes: number; readonly since: number }>();
  const healings: Healing[] = [];
  for (const { path } of paths.filter(isCandidate)) {
    const device = plan.interfaces.find(({ plane }) => plane === path.slot);
    const peer = device?.peers.find(({ publicKey }) => publicKey === path.targets[0]?.publicKey);
    if (device === undefined || peer?.endpoint === undefined) continue;
    const state = tunnels.get(device.name)?.peers.get(peer.publicKey);
    if (state?.endpoint === undefined || state.endpoint === canonicalEndpoint(peer.endpoint)) continue;
    const key = endpointKey(device.name, peer.publicKey);
    const last = before.get(key);
    const silence = last?.receivedBytes === state.receivedBytes ? last : { receivedBytes: state.receivedBytes, since: now };
    silences.set(key, silence);
    if (now - silence.since >= SILENT_MS) healings.push({ kind: 'endpoint', plane: device.plane, publicKey: peer.publicKey });
  }
  return { silences, healings };
}

function isCandidate({ path, state, forMs }: PathStatus): boolean {
  return path.kind === 'tunnel' && state === 'down' && forMs <= LOOKED_AT_MS;
}

/** KEEPALIVE_TIMEOUT, and what probes and looks are apart. */
const SILENT_MS = 12_000;
const LOOKED_AT_MS = 60_000;
