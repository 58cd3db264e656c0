/**
 * Roamed endpoints: gateways that WireGuard receives from another endpoint than the configured one, as NAT makes it.
 *
 * A gateway behind NAT does not know its own outside endpoint, and others may wait for it, so whoever observes it publishes it
 * (MeshNode.spec.observedEndpoints; mesh/observedEndpoints.ts says what they do with it). This check looks when a tunnel has come up, and
 * every ten seconds while there is something published, since a NAT may change an endpoint without a failure here.
 */
import type { ObservedEndpoint } from '../api/meshNode.js';
import type { PathStatus } from '../failover/effects.js';
import { SESSION_SECONDS } from '../host/endpoints.js';
import { canonicalEndpoint } from '../host/text.js';
import type { NodePlan } from '../mesh/plan.js';
import { parseEndpoint } from '../net/endpoint.js';
import { isSpecial } from '../net/special.js';
import { NEVER, type PeerCounters, type TunnelCheck } from './check.js';
import { observedEndpointsText } from './endpointsToPublish.js';

interface RoamedEndpoints {
  /** Tunnels that worked at the last look, by path and public key. */
  readonly working: ReadonlySet<string>;
  /** The roamed endpoints of the last look. */
  readonly observed: string;
  /** Milliseconds. */
  readonly lookedAt: number;
}

export const roamedEndpoints: TunnelCheck<RoamedEndpoints> = {
  initial: { working: new Set(), observed: '', lookedAt: Number.NEGATIVE_INFINITY },
  check(state, { plan, paths, counters, now, at }) {
    const working = workingOf(paths);
    const isUp = [...working].some((tunnel) => !state.working.has(tunnel));
    const next = isUp ? now : state.observed === '' ? NEVER : state.lookedAt + PERIOD_MS;
    if (next > now) return { state: { ...state, working }, repairs: [], next };
    if (counters === undefined) return { state, repairs: [], next };
    const observed = observedEndpointsText(roamedEndpointsOf(plan, counters, at));
    return {
      state: { working, observed, lookedAt: now },
      repairs: observed !== state.observed && observed !== '' ? [{ kind: 'publishEndpoints' }] : [],
      next: observed === '' ? NEVER : now + PERIOD_MS,
    };
  },
};

/** Of gateways with a live session. Nobody dials external peers. `at`: unix seconds of `counters`. */
export function roamedEndpointsOf(
  { role, interfaces }: NodePlan,
  counters: ReadonlyMap<string, { readonly peers: ReadonlyMap<string, Pick<PeerCounters, 'endpoint' | 'lastHandshake'>> }>,
  at: number,
): readonly ObservedEndpoint[] {
  if (role.kind !== 'gateway') return [];
  return interfaces.flatMap(({ name, peers }) =>
    peers.flatMap(({ owner, publicKey, endpoint }): ObservedEndpoint[] => {
      const counted = counters.get(name)?.peers.get(publicKey);
      if (counted?.endpoint === undefined || owner.kind !== 'gateway' || at - counted.lastHandshake >= SESSION_SECONDS) return [];
      if (endpoint !== undefined && counted.endpoint === canonicalEndpoint(endpoint)) return [];
      const observed = parseEndpoint(counted.endpoint);
      // The far end has us on the interface of our own slot.
      return observed === undefined || isSpecial(observed.address)
        ? []
        : [{ publicKey, plane: role.slot, host: observed.address, port: observed.port }];
    }),
  );
}

function workingOf(paths: readonly PathStatus[]): ReadonlySet<string> {
  return new Set(
    paths
      .filter(({ path, state }) => path.kind === 'tunnel' && state === 'up')
      .map(({ path }) => `${path.name} ${path.targets[0]?.publicKey}`),
  );
}

const PERIOD_MS = 10_000;
