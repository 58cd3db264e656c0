/**
 * Exported Services whose owners want them reached by their ClusterIP.
 */
import type { ServiceRecord } from '../../core/services/model.js';
import type { MemberRecords } from './memberRecords.js';

/** Undefined: `service` (`namespace/name`) is not exported, or its pods are to serve. */
export function askedByClusterIp(records: Pick<MemberRecords, 'services'>, service: string): ServiceRecord | undefined {
  const entry = records.services().get(service);
  return entry?.kind === 'exported' && entry.record.export.endpoints === 'clusterip' ? entry.record : undefined;
}
