/**
 * Exported Services that were an endpoint by their ClusterIP until just now. Other members still come by it, until their kube-proxy has
 * followed: gateways let that in for a while. Not over a restart of this process.
 */
import type { ExportedService } from './exportedServices.js';

interface LateCallers {
  /** `services`, and which of them may still be come to by their ClusterIP. Follow again after `againMs`; undefined: nothing is awaited. */
  follow(services: readonly ExportedService[]): { readonly services: readonly ExportedService[]; readonly againMs?: number };
}

interface LateCallersDeps {
  /** Milliseconds that never go backwards. */
  readonly now: () => number;
}

/** The hub follows within a second, and kube-proxy a second later: with room. */
export const LATE_MS = 10_000;

export function createLateCallers({ now }: LateCallersDeps): LateCallers {
  let asked: ReadonlySet<string> = new Set();
  /** Until when, by Service. */
  const late = new Map<string, number>();
  return {
    follow(services) {
      const at = now();
      const before = asked;
      asked = new Set(services.flatMap(({ key, byClusterIP }) => (byClusterIP === true ? [key] : [])));
      for (const key of before) if (!asked.has(key)) late.set(key, at + LATE_MS);
      for (const [key, end] of late) if (end <= at || asked.has(key)) late.delete(key);
      return {
        services: services.map((each) => (late.has(each.key) ? { ...each, byClusterIP: true } : each)),
        ...(late.size > 0 && { againMs: Math.min(...late.values()) - at }),
      };
    },
  };
}
