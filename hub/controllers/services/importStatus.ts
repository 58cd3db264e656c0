/**
 * Writes the status of a ServiceImport: which members export the Service, and whether it can be reached here (KEP-1645). It comes last, as
 * nothing depends on it.
 */
import { mergeConditions } from '../../../core/api/conditions.js';
import { type Condition, type KubeObject, RESOURCE } from '../../../core/api/resources.js';
import type { ImportReady } from '../../../core/services/importParts.js';
import { timestamp } from '../../../kube/wire/timestamp.js';
import type { Context } from '../context.js';
import type { FailedWrite } from '../failedWrites.js';

interface ServiceImport extends KubeObject {
  readonly status?: { readonly clusters?: unknown; readonly conditions?: readonly Condition[] };
}

interface ImportStatus {
  /** The ServiceImport, as it stands in the target. */
  readonly object: KubeObject;
  readonly ready: ImportReady;
  /** Ids of all that have a part in it. */
  readonly exporters: readonly string[];
}

export async function writeImportStatus(
  { object, ready, exporters }: ImportStatus,
  { target, writer, clock }: Context,
  signal: AbortSignal,
): Promise<FailedWrite | undefined> {
  const current: ServiceImport = object;
  const { name, namespace } = object.metadata;
  const desired: ServiceImport = {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: { name, ...(namespace !== undefined && { namespace }) },
    status: {
      clusters: exporters.toSorted().map((cluster) => ({ cluster })),
      conditions: mergeConditions([ready], current, timestamp(clock.wall())),
    },
  };
  const written = await writer.ensureStatus(RESOURCE.serviceImport, desired, ownStatus(current), signal);
  if (written.kind === 'failed') return { object: desired, failure: written.failure };
  if (written.kind === 'written') target.records.wrote('serviceImport', written.object);
  return undefined;
}

/** Conditions of other types belong to other writers. */
function ownStatus(object: ServiceImport): ServiceImport {
  const conditions = (object.status?.conditions ?? []).filter(({ type }) => type === ('Ready' satisfies ImportReady['type']));
  return { ...object, status: { ...object.status, conditions } };
}
