/**
 * Whether a hub works for this cluster, by its Lease here.
 *
 * Clocks of machines differ, so a Lease ends when it has not changed for as long as it says, by the clock of this process. One that was
 * released ends sooner: its hub was told to end, and may be on its way back. Where there never was a Lease, no hub is missed.
 */
import { readHubLease, type SeenLease, seenLease } from '../core/lease/hubLease.js';

export interface HubWatch {
  /** `undefined`: there is no Lease. */
  saw(lease: unknown): void;
  /** Whether changes of the Lease are heard of. While they are not, nothing is known of the hub. */
  hears(does: boolean): void;
  /** `forMs`: after which to ask again if nothing is heard. `absent`: there is no hub, or nobody knows. */
  state(): { readonly kind: 'away' } | { readonly kind: 'present'; readonly forMs: number } | { readonly kind: 'absent' };
}

interface HubWatchDeps {
  /** Milliseconds that never go backwards. */
  readonly now: () => number;
}

/** A new hub takes the Lease within a second or two. */
const RELEASED_MS = 2_000;

export function createHubWatch({ now }: HubWatchDeps): HubWatch {
  let lease: SeenLease | undefined;
  let isHeard = false;
  return {
    saw(object) {
      const read = object === undefined ? undefined : readHubLease(object);
      lease = read?.ok === true ? seenLease(read.value, lease, now()) : undefined;
    },
    hears(does) {
      // What changed meanwhile was not to be heard.
      if (does && !isHeard && lease !== undefined) lease = { ...lease, since: now() };
      isHeard = does;
    },
    state() {
      if (lease === undefined || !isHeard) return { kind: 'absent' };
      const forMs = lease.since + (lease.holder === undefined ? RELEASED_MS : lease.durationMs) - now();
      return forMs > 0 ? { kind: 'present', forMs } : { kind: 'away' };
    },
  };
}
