/**
 * Tunnels that fail while others hear their far end at some other place (mesh/heard.ts): where to send, and when.
 *
 * As long as not a byte comes, the places have their turns: the endpoint that is wanted, then each where others hear it, for as long as WireGuard
 * makes two handshakes. Then the wanted one has its turn again, and keeps it for longer and longer. Two ends that try each other
 * need not do so at the same time: a NAT that was opened by one packet lets answers in for half a minute at least
 * (nf_conntrack_udp_timeout; RFC 4787 asks for more), and whoever changes places has sent within the last five seconds.
 *
 * Not while anything is received, since whoever gets data answers by an empty packet after ten seconds (KEEPALIVE_TIMEOUT, WireGuard whitepaper
 * 6.5); and not where a handshake was made since the tunnel failed, since then the place is right (silence.ts has what may be wrong).
 */
import { endpointKey } from '../host/endpoints.js';
import type { PeerState } from '../host/state.js';
import { canonicalEndpoint } from '../host/text.js';
import type { NodePlan, WireguardPeer } from '../mesh/plan.js';
import type { PathStatus } from './failover.js';
import type { Healing } from './stall.js';

/** Peers that are looked at, by `endpointKey`. */
export type Trials = ReadonlyMap<string, Trial>;

interface Trial {
  readonly receivedBytes: number;
  /** Since when there were no more of them, or it is sent to where it is. */
  readonly since: number;
  /** Whether we have chosen a place before. */
  readonly tried: boolean;
}

type Seen = Pick<PeerState, 'endpoint' | 'receivedBytes' | 'lastHandshake'>;

export interface PlacesInput {
  readonly plan: NodePlan;
  readonly paths: readonly PathStatus[];
  /** What WireGuard says of its peers, by interface and public key. */
  readonly tunnels: ReadonlyMap<string, { readonly peers: ReadonlyMap<string, Seen> }>;
  /** Of the last look. */
  readonly before: Trials;
  /** Milliseconds. */
  readonly now: number;
  /** The same moment, unix seconds. */
  readonly at: number;
}

export interface PlacesFound {
  readonly trials: Trials;
  readonly healings: readonly Healing[];
  /** Somebody is sent to elsewhere than wanted, which must not go on for long, or is about to be: look again soon. */
  readonly trying: boolean;
}

/**
 * How long after the last look it is worth asking WireGuard again, milliseconds; undefined: nothing fails that is heard elsewhere. What has
 * been down for long is looked at ever more seldom.
 */
export function worthLooking(paths: readonly PathStatus[], plan: NodePlan): number | undefined {
  const waits = paths.filter(isFailing).filter(({ path }) => peerOf(plan, path) !== undefined).map(({ forMs }) => (forMs <= OFTEN_FOR_MS ? 0 : Math.min(MAX_WAIT_MS, forMs / 2)));
  return waits.length === 0 ? undefined : Math.min(...waits);
}

export function lookForPlaces({ plan, paths, tunnels, before, now, at }: PlacesInput): PlacesFound {
  const looks = paths.filter(isFailing).flatMap(({ path, forMs }) => {
    const { device, peer } = peerOf(plan, path) ?? {};
    const seen = tunnels.get(device?.name ?? '')?.peers.get(peer?.publicKey ?? '');
    if (device === undefined || peer === undefined || seen === undefined || seen.lastHandshake > at - forMs / 1000) return [];
    const key = endpointKey(device.name, peer.publicKey);
    const look = lookAt(peer, seen, before.get(key), now);
    return look === undefined ? [] : [{ ...look, key, far: { plane: device.plane, publicKey: peer.publicKey } }];
  });
  return {
    trials: new Map(looks.map(({ key, trial }) => [key, trial])),
    healings: looks.flatMap(({ far, to, wanted }): Healing[] => (to === undefined ? [] : [to === wanted ? { kind: 'endpoint', ...far } : { kind: 'heard', ...far, endpoint: to }])),
    trying: looks.some(({ to, place, wanted, isPending }) => isPending === true || (wanted !== undefined && (to ?? place) !== wanted)),
  };
}

interface LookAtOne {
  readonly trial: Trial;
  /** Where it is sent to. */
  readonly place: string | undefined;
  readonly wanted: string | undefined;
  /** Where to send from now on; absent: as before. */
  readonly to?: string;
  /** A first place is to be tried, if the silence lasts. */
  readonly isPending?: boolean;
}

/** Undefined: there is nowhere else to send to. */
function lookAt({ endpoint, heard = [] }: WireguardPeer, seen: Seen, last: Trial | undefined, now: number): LookAtOne | undefined {
  const wanted = endpoint === undefined ? undefined : canonicalEndpoint(endpoint);
  const place = seen.endpoint;
  // Where one is wanted, that WireGuard has none is another matter.
  if (wanted !== undefined && place === undefined) return undefined;
  const to = after(place, wanted === undefined ? heard : [wanted, ...heard]);
  if (to === undefined) return undefined;
  const trial = trialOf(seen, last, now);
  const isNew = seen.receivedBytes === 0 && !trial.tried && place === wanted;
  if (now - trial.since < (isNew ? NEW_MS : SILENT_MS)) return { trial, place, wanted, isPending: !trial.tried && (last === undefined || last === trial) };
  // A peer that is made anew counts from zero.
  return { trial: { receivedBytes: to === wanted ? seen.receivedBytes : 0, since: now, tried: true }, place, wanted, to };
}

function trialOf({ receivedBytes }: Seen, last: Trial | undefined, now: number): Trial {
  return last?.receivedBytes === receivedBytes ? last : { receivedBytes, since: now, tried: last?.tried ?? false };
}

/** The place that comes after `now`, which may be none of them; undefined: no other. */
function after(now: string | undefined, places: readonly string[]): string | undefined {
  const place = places[(places.indexOf(now ?? '') + 1) % places.length];
  return place === now ? undefined : place;
}

/** The peer that a tunnel leads to, and its interface; undefined: nobody hears it elsewhere. */
function peerOf(plan: NodePlan, { slot, targets }: PathStatus['path']): { readonly device: NodePlan['interfaces'][number]; readonly peer: WireguardPeer } | undefined {
  const device = plan.interfaces.find(({ plane }) => plane === slot);
  const peer = device?.peers.find(({ publicKey }) => publicKey === targets[0]?.publicKey);
  return device === undefined || peer?.heard === undefined ? undefined : { device, peer };
}

function isFailing({ path, state }: PathStatus): boolean {
  return path.kind === 'tunnel' && state === 'down';
}

/** KEEPALIVE_TIMEOUT and more than twice REKEY_TIMEOUT, and what probes and looks are apart. */
const SILENT_MS = 12_000;
/** A tunnel that never worked, whose probes have found that already. */
const NEW_MS = 2000;
const OFTEN_FOR_MS = 60_000;
const MAX_WAIT_MS = 60_000;
