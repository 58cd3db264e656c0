/**
 * People's ServiceExports beyond the bound of exports: some of them say so. A member may have any number, and each costs a write.
 */
import { BOUND } from '../../core/services/bounds.js';
import type { MemberRecords } from '../records/memberRecords.js';
import type { ServiceExport } from './ownConditions.js';

export interface WaitingExports {
  /** Whether this one, which waits, says so, or may begin to. */
  mayTell(service: string): boolean;
}

export function createWaitingExports(records: Pick<MemberRecords, 'exports' | 'waits'>): WaitingExports {
  /** Undefined until it is first asked: those that say so already keep their places, whichever hub wrote them. */
  let told: Set<string> | undefined;
  return {
    mayTell(service) {
      told ??= new Set([...records.exports()].flatMap(([key, { object }]) => (saysWaiting(object) ? [key] : [])));
      for (const each of told) if (!records.waits(each)) told.delete(each);
      if (!told.has(service) && told.size >= BOUND.waitingTold) return false;
      told.add(service);
      return true;
    },
  };
}

function saysWaiting(object: ServiceExport | undefined): boolean {
  return object?.status?.conditions?.some(({ type, reason }) => type === 'Ready' && reason === 'TooManyServices') === true;
}
