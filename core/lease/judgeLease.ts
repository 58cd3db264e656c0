/**
 * What a hub does about the Lease of a member that it does not hold.
 */
import { heldForMs, type SeenLease } from './hubLease.js';

interface LeaseClaimant {
  readonly federation: string;
  /** `<federation>/<instance>`. */
  readonly holder: string;
  /** When this process took the Lease last, as it wrote it. Undefined: it has not. */
  readonly acquired: string | undefined;
}

type LeaseVerdict =
  /** It may be taken. */
  | { readonly kind: 'take' }
  /** Somebody holds it for so long, unless he renews it. `twin`: under this hub's own name. */
  | { readonly kind: 'wait'; readonly holder: string; readonly ms: number; readonly twin: boolean }
  /** The member belongs to another federation, whether its hub runs or not. */
  | { readonly kind: 'foreign'; readonly federation: string };

/** `lease`: undefined if there is none. */
export function judgeLease(lease: SeenLease | undefined, claimant: LeaseClaimant, now: number): LeaseVerdict {
  if (lease === undefined) return { kind: 'take' };
  if (lease.federation !== undefined && lease.federation !== claimant.federation) return { kind: 'foreign', federation: lease.federation };
  const ms = heldForMs(lease, now);
  if (lease.holder === undefined || ms === 0) return { kind: 'take' };
  if (lease.holder !== claimant.holder) return { kind: 'wait', holder: lease.holder, ms, twin: false };
  // Of this name: an earlier process, such as a container of this pod that crashed. But who held it in this process was displaced by one.
  const displaced = claimant.acquired !== undefined && claimant.acquired !== lease.acquired;
  return displaced ? { kind: 'wait', holder: lease.holder, ms, twin: true } : { kind: 'take' };
}
