/**
 * Tunnels that fail while others hear their far end at some other place (mesh/heard.ts): where to send, and when.
 *
 * As long as not a byte comes, the places have their turns: the endpoint that is wanted, then each where others hear it, for as long as WireGuard
 * makes two handshakes, and longer after a minute. All turns are as long as each other. So two ends that try each other need not do so at the same
 * time: even if one begins when the other ends, it has sent within the last five seconds, and a NAT that was opened by one packet
 * lets answers in for half a minute at least (nf_conntrack_udp_timeout; RFC 4787 asks for more).
 *
 * Not while anything is received, since whoever gets data answers by an empty packet after ten seconds (KEEPALIVE_TIMEOUT, WireGuard whitepaper
 * 6.5); and not where a handshake was made since the tunnel failed, since then the place is right (silence.ts has what may be wrong).
 */
import { canonicalEndpoint } from '../host/text.js';
import type { NodePlan, WireguardPeer } from '../mesh/plan.js';
import { endOf, type Look, type Seen, seenOf, shakesHands, type TunnelEnd } from './failing.js';
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

export interface PlacesFound {
  readonly trials: Trials;
  readonly healings: readonly Healing[];
  /** A first place is to be tried, if the silence lasts: look again soon. */
  readonly pending: boolean;
}

/**
 * How long after the last look it is worth asking WireGuard again, milliseconds; undefined: nothing fails that is heard elsewhere, or was tried there.
 */
export function worthLooking(paths: readonly PathStatus[], plan: NodePlan, before: Trials): number | undefined {
  const waits = paths.filter(isFailing).filter(({ path }) => trialEnd(plan, path, before) !== undefined).map(({ forMs }) => (isEarly(forMs) ? 0 : LATER_MS));
  return waits.length === 0 ? undefined : Math.min(...waits);
}

export function lookForPlaces({ plan, paths, tunnels, before, now, at }: Look<Trials>): PlacesFound {
  const looks = paths.filter(isFailing).flatMap((status) => {
    const end = trialEnd(plan, status.path, before);
    const seen = end === undefined ? undefined : seenOf(tunnels, end);
    if (end === undefined || seen === undefined || shakesHands(seen, status, at)) return [];
    const { device, peer, key } = end;
    const look = lookAt(peer, seen, before.get(key), { now, turnMs: isEarly(status.forMs) ? SILENT_MS : LATER_MS });
    return look === undefined ? [] : [{ ...look, key, far: { plane: device.plane, publicKey: peer.publicKey } }];
  });
  return {
    trials: new Map(looks.map(({ key, trial }) => [key, trial])),
    healings: looks.flatMap(({ far, to, wanted }): Healing[] => (to === undefined ? [] : [to === wanted ? { kind: 'endpoint', ...far } : { kind: 'heard', ...far, endpoint: to }])),
    pending: looks.some(({ isPending }) => isPending === true),
  };
}

interface LookAtOne {
  readonly trial: Trial;
  readonly wanted: string | undefined;
  /** Where to send from now on; absent: as before. */
  readonly to?: string;
  /** A first place is to be tried, if the silence lasts. */
  readonly isPending?: boolean;
}

/** Undefined: there is nowhere else to send to. */
function lookAt({ endpoint, heard = [] }: WireguardPeer, seen: Seen, last: Trial | undefined, { now, turnMs }: { readonly now: number; readonly turnMs: number }): LookAtOne | undefined {
  const wanted = endpoint === undefined ? undefined : canonicalEndpoint(endpoint);
  const place = seen.endpoint;
  // Where one is wanted, that WireGuard has none is another matter.
  if (wanted !== undefined && place === undefined) return undefined;
  const to = after(place, wanted === undefined ? heard : [wanted, ...heard]);
  if (to === undefined) return undefined;
  const trial = trialOf(seen, last, now);
  const isNew = seen.receivedBytes === 0 && !trial.tried && place === wanted;
  if (now - trial.since < (isNew ? NEW_MS : turnMs)) return { trial, wanted, isPending: !trial.tried && (last === undefined || last === trial) };
  // A peer that is made anew counts from zero.
  return { trial: { receivedBytes: to === wanted ? seen.receivedBytes : 0, since: now, tried: true }, wanted, to };
}

function trialOf({ receivedBytes }: Seen, last: Trial | undefined, now: number): Trial {
  return last?.receivedBytes === receivedBytes ? last : { receivedBytes, since: now, tried: last?.tried ?? false };
}

/** The place that comes after `now`, which may be none of them; undefined: no other. */
function after(now: string | undefined, places: readonly string[]): string | undefined {
  const place = places[(places.indexOf(now ?? '') + 1) % places.length];
  return place === now ? undefined : place;
}

/** Undefined: nobody hears its peer elsewhere, or has of late. */
function trialEnd(plan: NodePlan, path: PathStatus['path'], before: Trials): TunnelEnd | undefined {
  const end = endOf(plan, path);
  return end?.peer.heard === undefined && !before.has(end?.key ?? '') ? undefined : end;
}

/** Has it failed for so short a time that it is looked at all the time? */
function isEarly(forMs: number): boolean {
  return forMs <= EARLY_MS;
}

function isFailing({ path, state }: PathStatus): boolean {
  return path.kind === 'tunnel' && state === 'down';
}

/** KEEPALIVE_TIMEOUT and more than twice REKEY_TIMEOUT, and what probes and looks are apart. */
const SILENT_MS = 12_000;
/** A tunnel that never worked, whose probes have found that already. */
const NEW_MS = 2000;
const EARLY_MS = 60_000;
/** A turn after that. A NAT stays open for it. */
const LATER_MS = 30_000;
