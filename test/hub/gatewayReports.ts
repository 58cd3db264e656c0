/**
 * GatewayReports as node-agents would write them.
 */
import type { ReportedLink } from '../../core/api/gatewayReport.js';
import { segmentToken } from '../../hub/pairs/segmentToken.js';

/** A tunnel to a gateway of another member's segment, which is up and in use unless `more` says otherwise. */
export function tunnel(member: string, segment: string, more: Partial<ReportedLink> = {}): ReportedLink {
  const token = segmentToken({ name: segment });
  const slot = more.slot ?? 0;
  return {
    segment: `${member}/${token}`,
    member,
    slot,
    peer: `${member}-${token}-${slot}`,
    endpoint: '192.0.2.1:51820',
    state: 'up',
    inUse: true,
    since: '2026-01-01T00:00:00Z',
    ...more,
  };
}
