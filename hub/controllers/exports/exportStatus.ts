/**
 * The status of a ServiceExport as the hub reports in it: conditions of its own types, and no other field.
 */
import { mergeConditions } from '../../../core/api/conditions.js';
import { type Condition, type KubeObject, objectKey, RESOURCE } from '../../../core/api/resources.js';
import { exportNews } from '../../../core/services/news.js';
import type { ExportCondition } from '../../../core/services/planExport.js';
import { timestamp } from '../../../kube/wire/timestamp.js';
import type { KubeFailure } from '../../../kube/wire/client.js';
import type { Context } from '../context.js';
import { ownConditions, type ServiceExport } from '../ownConditions.js';

type Reported =
  | { readonly kind: 'done' }
  | { readonly kind: 'written'; readonly object: KubeObject }
  | { readonly kind: 'failed'; readonly failure: KubeFailure };

/** Writes what differs, and tells people of it. `current` must be what the API server has, as far as it is known. */
export async function reportConditions(
  current: ServiceExport,
  planned: readonly ExportCondition[],
  { writer, clock, target, serviceEvents }: Context,
  signal: AbortSignal,
): Promise<Reported> {
  const { name, namespace } = current.metadata;
  const desired: ServiceExport = {
    apiVersion: current.apiVersion,
    kind: current.kind,
    metadata: { name, ...(namespace !== undefined && { namespace }) },
    status: { conditions: mergeConditions(planned, current, timestamp(clock.wall())) },
  };
  const result = await writer.ensureStatus(RESOURCE.serviceExport, desired, ownConditions(current), signal);
  if (result.kind === 'failed') return result;
  if (result.kind !== 'written') return { kind: 'done' };
  const service = objectKey(current.metadata);
  const about = { serviceExport: current.metadata, service: target.records.services().get(service) };
  serviceEvents.tell(service, exportNews(current.status?.conditions ?? [], planned), { source: target.id, about });
  return result;
}

export function conditionOf({ status }: ServiceExport, type: ExportCondition['type']): Condition | undefined {
  return status?.conditions?.find((each) => each.type === type);
}

/** As `condition` says it of another time: it stands as it is. */
export function asBefore(planned: ExportCondition, { status, reason, message }: Condition): ExportCondition {
  return { ...planned, status, reason, message };
}
