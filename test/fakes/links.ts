/**
 * Tunnels as gateways report them, made up for tests.
 */
import type { ReportedLink } from '../../core/api/gatewayReport.js';

/** A tunnel to slot 0 of west's default location that works, but for what `differs`. */
export function tunnel(differs: Partial<ReportedLink> = {}): ReportedLink {
  return {
    segment: 'west/default',
    member: 'west',
    slot: 0,
    peer: 'west-default-0',
    endpoint: '203.0.113.7:51820',
    state: 'up',
    inUse: true,
    since: '2026-01-01T00:00:00Z',
    rttMilliseconds: 20,
    lossPercent: 0,
    ...differs,
  };
}
