/**
 * Of several hubs of a federation in one home cluster, one is active: it alone takes the members' Leases. The others read everything and
 * stand by. What became of an import in one member is told in others, so all members are written by one hub.
 *
 * A Lease in the home cluster decides. It keeps two hubs from sharing the members, no more: that no two write into a member is ensured by
 * the member's own Lease. So where the home cluster does not answer, or does not let the hub have a Lease, or another federation's hub has
 * it, the hub goes on as if it were alone.
 */
import { ACTIVE_HUB_LEASE } from '../core/api/names.js';
import type { Problem } from '../core/api/problem.js';
import type { Clock } from '../core/runtime/clock.js';
import type { Log } from '../core/runtime/log.js';
import type { KubeClient } from '../kube/wire/client.js';
import { createHubLease, type HubIdentity, type Standby } from './members/lease.js';

interface Leadership {
  /** Undefined: this hub is the active one. */
  standby(): Standby | undefined;
  problems(): readonly Problem[];
  /** Until `signal` aborts, then lets go. */
  run(signal: AbortSignal): Promise<void>;
}

/** The cluster that hubs share, and the namespace that they run in. */
export interface Home {
  readonly client: KubeClient;
  readonly namespace: string;
}

interface LeadershipDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly hub: HubIdentity;
  /** Undefined: there is none, and this hub is active as long as it runs. */
  readonly home: Home | undefined;
  /** This hub is active now, or not any more. */
  readonly changed: () => void;
}

/** The home cluster may be away for so long before nobody waits for it: longer than another hub's hold on a member lasts. */
const SILENCE_MS = 15_000;

export function createLeadership({ clock, log, hub, home, changed }: LeadershipDeps): Leadership {
  let standby: Standby | undefined = home === undefined ? undefined : { active: undefined };
  /** Ends the wait for an answer of the home cluster. */
  let cancel: (() => void) | undefined;

  function become(next: Standby | undefined): void {
    const was = standby;
    standby = next;
    if (was?.active === next?.active && (was === undefined) === (next === undefined)) return;
    if (next === undefined) log.info('This hub is the active one');
    else if (next.active !== undefined) log.info('This hub stands by', { active: next.active });
    changed();
  }

  function judge(): void {
    const state = lease.state();
    if (state.kind === 'wanted' && !isRefused()) {
      cancel ??= clock.after(SILENCE_MS, () => become(undefined));
      return;
    }
    cancel?.();
    cancel = undefined;
    become(state.kind === 'waiting' ? { active: state.holder } : undefined);
  }

  function isRefused(): boolean {
    const state = lease.state();
    return state.kind === 'wanted' && (state.failure?.kind === 'forbidden' || state.failure?.kind === 'notFound');
  }

  const lease = createHubLease({
    clock,
    log,
    hub,
    place: { namespace: home?.namespace ?? '', name: ACTIVE_HUB_LEASE },
    standby: () => undefined,
    marks: () => new Set(),
    idle: () => Promise.resolve(),
    changed: judge,
  });

  return {
    standby: () => standby,
    problems: () => (home === undefined || !isRefused() ? [] : [refused(home.namespace)]),
    async run(signal) {
      if (home === undefined) return;
      judge();
      await lease.run(home.client, signal);
      cancel?.();
    },
  };
}

function refused(namespace: string): Problem {
  return {
    subject: { kind: 'member' },
    reason: 'NoActiveLease',
    message: `the hub may not keep the Lease ${ACTIVE_HUB_LEASE} in namespace ${namespace} of its cluster: a second one would not stand by`,
    remedy: 'apply manifests/hub.yaml again',
  };
}
