/**
 * The order in which this process first saw each exporter of a name. It decides only where nothing stands yet, so that a target
 * that comes later follows the exporter that the others follow.
 *
 * What was there when the hub started is all equal: which member answered first says nothing. What a member has when it is first
 * read counts from its declaration, since an administrator declares members. What it exports later counts from then.
 */
import type { MemberRecords } from '../records/memberRecords.js';

export interface Arrivals {
  /** The member is declared. `atStart`: the hub has not begun to work. */
  declared(id: string, atStart: boolean): void;
  /** Its records are complete. */
  read(id: string, records: Pick<MemberRecords, 'exported'>): void;
  /** A Service of it began or ceased to be exported. */
  changed(id: string, service: string, records: Pick<MemberRecords, 'exported'>): void;
  left(id: string): void;
  /** Smaller is earlier. */
  seen(id: string, service: string): number;
}

export function createArrivals(): Arrivals {
  const members = new Map<string, number>();
  const exports = new Map<string, Map<string, number>>();
  let last = 0;

  const next = (): number => {
    last += 1;
    return last;
  };

  return {
    declared: (id, atStart) => void members.set(id, atStart ? 0 : next()),
    read(id, records) {
      const since = members.get(id) ?? 0;
      exports.set(id, new Map([...records.exported()].map((service) => [service, since])));
    },
    changed(id, service, records) {
      const own = exports.get(id);
      if (!records.exported().has(service)) own?.delete(service);
      else if (own !== undefined && !own.has(service)) own.set(service, next());
    },
    left(id) {
      members.delete(id);
      exports.delete(id);
    },
    seen: (id, service) => exports.get(id)?.get(service) ?? members.get(id) ?? 0,
  };
}
