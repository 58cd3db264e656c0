/**
 * Looks while a tunnel fails whose far end others hear elsewhere, at first every two seconds, whether another place is to be tried.
 */
import type { PathStatus } from '../../core/failover/failover.js';
import { lookForPlaces, type Trials, worthLooking } from '../../core/failover/places.js';
import type { Healing } from '../../core/failover/stall.js';
import type { NodePlan } from '../../core/mesh/plan.js';
import { type TunnelsDeps, watchTunnels } from './watchTunnels.js';

export interface PlacesDeps extends TunnelsDeps {
  paths(): readonly PathStatus[];
  onPlace(healing: Healing): void;
}

export function watchPlaces(deps: PlacesDeps, signal: AbortSignal): Promise<void> {
  const { clock } = deps;
  let trials: Trials = new Map();
  let lookedAt = Number.NEGATIVE_INFINITY;
  let places = '';
  let pending = false;
  return watchTunnels(deps, async (plan, ask) => {
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
  }, signal);
}

/** Where others hear the far ends: news of that are a reason to look at once. */
function placesOf({ interfaces }: NodePlan): string {
  return interfaces.flatMap(({ peers }) => peers.flatMap(({ publicKey, heard = [] }) => heard.map((place) => `${publicKey} ${place}`))).join();
}
