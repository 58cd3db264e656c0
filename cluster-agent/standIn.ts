/**
 * Stands in for a hub that is away, as far as mirrors must follow what happens here: their readiness, by links and by endpoints of this
 * cluster's own. All else waits for the hub.
 */
import type { Log } from '../core/runtime/log.js';
import type { ReconcileResult } from '../core/workqueue/queue.js';
import type { HubWatch } from './hubWatch.js';
import type { Reach } from './memberReach.js';
import type { ReadinessKeeper } from './readinessKeeper.js';

interface StandIn {
  reconcile(reach: Reach | undefined): Promise<ReconcileResult>;
  /** Endpoints here of Service `namespace/name` have become ready, or are not any more. False: nobody chooses by that. */
  localChanged(service: string): boolean;
}

interface StandInDeps {
  readonly hub: Pick<HubWatch, 'state'>;
  readonly keeper: ReadinessKeeper;
  readonly log: Log;
  readonly metrics: { standsIn(is: boolean): void };
}

/** After a failure, in whatever it was. */
const AGAIN_MS = 2_000;
/** Services that are looked at one by one. */
const FEW = 20;

export function createStandIn({ hub, keeper, log, metrics }: StandInDeps): StandIn {
  let standsIn = false;
  /** What mirrors follow already. */
  let kept: Reach | undefined;
  /** Services whose own endpoints have changed since. */
  let changed = new Set<string>();
  /** Services of which those matter. Nobody but the hub changes that. Undefined: not known yet. */
  let choosing: ReadonlySet<string> | undefined;

  function become(next: boolean): void {
    if (next === standsIn) return;
    standsIn = next;
    kept = undefined;
    changed = new Set();
    choosing = undefined;
    metrics.standsIn(next);
    if (next) log.warn('The hub is away: the readiness of its mirrors follows the links of this cluster');
    else log.info('The hub is back');
  }

  return {
    localChanged(service) {
      if (!standsIn || choosing?.has(service) === false) return false;
      changed.add(service);
      return true;
    },
    async reconcile(reach) {
      const state = hub.state();
      become(state.kind === 'away');
      if (state.kind === 'present') return { kind: 'after', ms: state.forMs };
      if (state.kind === 'absent' || reach === undefined || (reach === kept && changed.size === 0)) return { kind: 'done' };
      const services = [...changed];
      changed = new Set();
      const { written, failures, ...found } = await (reach === kept && services.length <= FEW
        ? keeper.keep(reach, services)
        : keeper.keep(reach));
      if (written > 0) log.info('Wrote the readiness of mirrors', { slices: written });
      if (failures.length > 0) {
        log.warn('The readiness of some mirrors cannot be written', { failures: failures.slice(0, 3) });
        for (const service of services) changed.add(service);
        return { kind: 'after', ms: AGAIN_MS };
      }
      kept = reach;
      choosing = found.choosing === undefined ? choosing : new Set(found.choosing);
      return { kind: 'done' };
    },
  };
}
