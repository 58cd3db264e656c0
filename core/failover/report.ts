/**
 * What a node reports of itself to those who probe it.
 */

export interface Report {
  /** It will go soon, or should not be used. */
  readonly draining: boolean;
  /** It receives nothing from its LAN. */
  readonly lanLost: boolean;
  /** Nodes of its segment find that it forwards nothing. */
  readonly notForwarding: boolean;
  /** `hash32` of the names of remote segments that none of its own tunnels reaches; `all`: too many to list. */
  readonly unreachable: readonly number[] | 'all';
}

/** Of a node that has nothing to report. */
export const HEALTHY: Report = { draining: false, lanLost: false, notForwarding: false, unreachable: [] };

export function sameReport(a: Report, b: Report): boolean {
  return (
    a.draining === b.draining &&
    a.lanLost === b.lanLost &&
    a.notForwarding === b.notForwarding &&
    a.unreachable.toString() === b.unreachable.toString()
  );
}
