/**
 * Endpoint candidates: a tunnel fails, and other nodes observe its far end at other endpoints (mesh/observedEndpoints.ts).
 *
 * While not a byte arrives, the candidates take turns: the configured endpoint, then each observed one, for as long as WireGuard makes
 * two handshakes, and for longer after the first minute. All turns are equally long, so two ends that try each other need not do so at
 * the same time: even if one starts when the other stops, the other has sent within the last five seconds, and a NAT that one packet
 * has opened lets answers in for at least half a minute (nf_conntrack_udp_timeout; RFC 4787 asks for more).
 *
 * Nothing is tried while the tunnel receives anything: a peer that gets data answers with an empty packet after ten seconds
 * (KEEPALIVE_TIMEOUT, WireGuard whitepaper 6.5). Nor after a handshake since the tunnel failed: then the endpoint is right, and
 * deadTunnel.ts knows what may be wrong.
 */
import type { PathStatus } from '../failover/effects.js';
import { canonicalEndpoint } from '../host/text.js';
import type { NodePlan, WireguardPeer } from '../mesh/plan.js';
import { NEVER, type PeerCounters, type TunnelCheck, type TunnelCounters, type TunnelObservation } from './check.js';
import { countersOf, hadHandshake, isFailing, type Tunnel, tunnelOf } from './failingTunnel.js';
import type { HostRepair } from './repair.js';

export interface EndpointCandidates {
  /** Peers that are or were tried, by `endpointKey`. */
  readonly trials: ReadonlyMap<string, Trial>;
  /** A first candidate is to be tried if nothing arrives until the next look, so that comes soon. */
  readonly isPending: boolean;
  /** Milliseconds. */
  readonly lookedAt: number;
  /** All observed endpoints, then; new ones are a reason to look at once. */
  readonly observed: string;
}

interface Trial {
  readonly receivedBytes: number;
  /** When that number or the endpoint last changed, milliseconds. */
  readonly since: number;
  /** Whether this check has chosen an endpoint before. */
  readonly tried: boolean;
}

export const endpointCandidates: TunnelCheck<EndpointCandidates> = {
  initial: { trials: new Map(), isPending: false, lookedAt: Number.NEGATIVE_INFINITY, observed: '' },
  check(state, observation) {
    const { plan, paths, counters, now } = observation;
    const period = periodOf(paths, plan, state.trials);
    if (period === undefined) return { state: { ...state, trials: new Map() }, repairs: [], next: NEVER };
    const observed = observedText(plan);
    const next = state.isPending || observed !== state.observed ? now : state.lookedAt + period;
    if (counters === undefined || next > now) return { state, repairs: [], next };
    const looks = looksAt(counters, state, observation);
    return {
      state: {
        trials: new Map(looks.map(({ key, trial }) => [key, trial])),
        isPending: looks.some(({ isPending }) => isPending === true),
        lookedAt: now,
        observed,
      },
      repairs: looks.flatMap(({ far, to, configured }): HostRepair[] =>
        to === undefined ? [] : [to === configured ? { kind: 'resetEndpoint', ...far } : { kind: 'tryCandidate', ...far, endpoint: to }],
      ),
      next: now + period,
    };
  },
};

/** Milliseconds between two looks; undefined: no tunnel fails whose far end is observed elsewhere, or was tried there. */
function periodOf(paths: readonly PathStatus[], plan: NodePlan, trials: EndpointCandidates['trials']): number | undefined {
  const periods = paths
    .filter(isFailing)
    .filter(({ path }) => tunnelWithCandidates(plan, path, trials) !== undefined)
    .map(({ forMs }) => (isEarly(forMs) ? 0 : LATER_MS));
  return periods.length === 0 ? undefined : Math.min(...periods);
}

function observedText({ interfaces }: NodePlan): string {
  return interfaces
    .flatMap(({ peers }) => peers.flatMap(({ publicKey, observedEndpoints = [] }) => observedEndpoints.map((one) => `${publicKey} ${one}`)))
    .join();
}

interface Look {
  readonly trial: Trial;
  readonly configured: string | undefined;
  /** Where to send from now on; absent: as before. */
  readonly to?: string;
  readonly isPending?: boolean;
}

interface PeerLook extends Look {
  readonly key: string;
  readonly far: { readonly plane: number; readonly publicKey: string };
}

function looksAt(
  counters: TunnelCounters,
  { trials }: EndpointCandidates,
  { plan, paths, now, at }: TunnelObservation,
): readonly PeerLook[] {
  return paths.filter(isFailing).flatMap((status) => {
    const tunnel = tunnelWithCandidates(plan, status.path, trials);
    const counted = tunnel === undefined ? undefined : countersOf(counters, tunnel);
    if (tunnel === undefined || counted === undefined || hadHandshake(counted, status, at)) return [];
    const { device, peer, key } = tunnel;
    const look = lookAt(peer, counted, trials.get(key), { now, turnMs: isEarly(status.forMs) ? SILENT_MS : LATER_MS });
    return look === undefined ? [] : [{ ...look, key, far: { plane: device.plane, publicKey: peer.publicKey } }];
  });
}

/** Undefined: there is no other endpoint to try. */
function lookAt(
  { endpoint, observedEndpoints = [] }: WireguardPeer,
  counted: PeerCounters,
  last: Trial | undefined,
  { now, turnMs }: { readonly now: number; readonly turnMs: number },
): Look | undefined {
  const configured = endpoint === undefined ? undefined : canonicalEndpoint(endpoint);
  const current = counted.endpoint;
  // One is configured and WireGuard has none: the next pass writes it.
  if (configured !== undefined && current === undefined) return undefined;
  const to = candidateAfter(current, configured === undefined ? observedEndpoints : [configured, ...observedEndpoints]);
  if (to === undefined) return undefined;
  const trial = trialOf(counted, last, now);
  const isNew = counted.receivedBytes === 0 && !trial.tried && current === configured;
  if (now - trial.since < (isNew ? NEW_MS : turnMs))
    return { trial, configured, isPending: !trial.tried && (last === undefined || last === trial) };
  // A recreated peer counts from zero.
  return { trial: { receivedBytes: to === configured ? counted.receivedBytes : 0, since: now, tried: true }, configured, to };
}

function trialOf({ receivedBytes }: PeerCounters, last: Trial | undefined, now: number): Trial {
  return last?.receivedBytes === receivedBytes ? last : { receivedBytes, since: now, tried: last?.tried ?? false };
}

/** `current` may be none of the candidates. Undefined: there is no other. */
function candidateAfter(current: string | undefined, candidates: readonly string[]): string | undefined {
  const next = candidates[(candidates.indexOf(current ?? '') + 1) % candidates.length];
  return next === current ? undefined : next;
}

/** Undefined: nobody observes its peer elsewhere, or has recently. */
function tunnelWithCandidates(plan: NodePlan, path: PathStatus['path'], trials: EndpointCandidates['trials']): Tunnel | undefined {
  const tunnel = tunnelOf(plan, path);
  return tunnel?.peer.observedEndpoints === undefined && !trials.has(tunnel?.key ?? '') ? undefined : tunnel;
}

/** Whether it has failed for so short a time that turns are short. */
function isEarly(forMs: number): boolean {
  return forMs <= EARLY_MS;
}

/** KEEPALIVE_TIMEOUT, more than twice REKEY_TIMEOUT, and some room for the intervals of probes and of this check. */
const SILENT_MS = 12_000;
/** For a tunnel that never worked: its probes have waited already. */
const NEW_MS = 2000;
const EARLY_MS = 60_000;
/** A turn after that. A NAT stays open for as long. */
const LATER_MS = 30_000;
