/**
 * Looks while a tunnel fails whose far end others hear elsewhere, at first every two seconds, whether another place is to be tried.
 */
import type { PathStatus } from '../../core/failover/failover.js';
import { lookForPlaces, type Trials, worthLooking } from '../../core/failover/places.js';
import type { Healing } from '../../core/failover/stall.js';
import type { NodePlan } from '../../core/mesh/plan.js';
import type { LookAtTunnels, TunnelsDeps } from './watchTunnels.js';

export interface PlacesDeps extends Pick<TunnelsDeps, 'clock'> {
  paths(): readonly PathStatus[];
  onPlace(healing: Healing): void;
}

export function placesLook(deps: PlacesDeps): LookAtTunnels {
  const { clock } = deps;
  let trials: Trials = new Map();
  let lookedAt = Number.NEGATIVE_INFINITY;
  let places = '';
  let pending = false;
  return async (plan, ask) => {
    const wait = worthLooking(deps.paths(), plan, trials);
    if (wait === undefined) {
      trials = new Map();
      return;
    }
    const known = placesOf(plan);
    if (!pending && clock.now() - lookedAt < wait && known === places) return;
    lookedAt = clock.now();
    places = known;
    const tunnels = await ask();
    const looked = lookForPlaces({ plan, paths: deps.paths(), tunnels, before: trials, now: clock.now(), at: clock.wall() / 1000 });
    ({ trials, pending } = looked);
    for (const healing of looked.healings) deps.onPlace(healing);
  };
}

/** Where others hear the far ends: news of that are a reason to look at once. */
function placesOf({ interfaces }: NodePlan): string {
  return interfaces.flatMap(({ peers }) => peers.flatMap(({ publicKey, heard = [] }) => heard.map((place) => `${publicKey} ${place}`))).join();
}
