/**
 * Takes a node over from Kilo: removes what its agent left, once everything of ours is in place.
 */
import type { Verdict } from '../../core/kilo/judge.js';
import type { Log } from '../../core/runtime/log.js';
import type { KiloWatch } from './kiloWatch.js';

interface RemoveKiloDeps {
  readonly log: Log;
  readonly kilo: Pick<KiloWatch, 'remove'>;
}

/** Nothing unless the verdict is to take over. What failed, and why. */
export async function removeKilo({ log, kilo }: RemoveKiloDeps, verdict: Verdict): Promise<readonly string[]> {
  if (verdict.kind !== 'takeOver') return [];
  const { routes, rules, addresses, firewalls } = verdict.traces;
  const failures = await kilo.remove(verdict.traces);
  log.info('Took this node over from Kilo, and removed what its agent had left', {
    routes: routes.length,
    rules: rules.length,
    addresses: addresses.length,
    iptables: firewalls.map(({ variant, table }) => `${variant} ${table}`),
    failures: failures.length,
  });
  return failures;
}
