import { expect, test } from '@jest/globals';
import type { ExportedService } from './exportedServices.js';
import { createLateCallers, LATE_MS } from './lateCallers.js';

const by = (key: string): ExportedService => ({ key, byClusterIP: true });
const pods = (key: string): ExportedService => ({ key });

test('who came by a ClusterIP may do so for a while longer, where the Service is exported still', () => {
  let at = 0;
  const callers = createLateCallers({ now: () => at });
  const steps: readonly [number, readonly ExportedService[], ReturnType<typeof callers.follow>][] = [
    [0, [by('demo/a'), by('demo/b'), pods('demo/c')], { services: [by('demo/a'), by('demo/b'), pods('demo/c')] }],
    [60_000, [pods('demo/a'), by('demo/b')], { services: [by('demo/a'), by('demo/b')], againMs: LATE_MS }],
    // One that is no longer exported is let in no longer.
    [61_000, [pods('demo/a')], { services: [by('demo/a')], againMs: LATE_MS - 1_000 }],
    [60_000 + LATE_MS, [pods('demo/a'), pods('demo/b')], { services: [pods('demo/a'), by('demo/b')], againMs: 1_000 }],
    // And again by its ClusterIP: nothing is awaited.
    [60_500 + LATE_MS, [pods('demo/a'), by('demo/b')], { services: [pods('demo/a'), by('demo/b')] }],
    [90_000 + LATE_MS, [], { services: [], againMs: LATE_MS }],
    [90_000 + 2 * LATE_MS, [pods('demo/b')], { services: [pods('demo/b')] }],
  ];
  for (const [when, services, expected] of steps) {
    at = when;
    expect(callers.follow(services)).toEqual(expected);
  }
});
