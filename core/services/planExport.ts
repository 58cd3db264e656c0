/**
 * What the exporting member is told: a ServiceExport for the annotated Service, with MCS's conditions.
 */
import { HUB_MANAGER, LABEL } from '../api/names.js';
import type { KubeObject } from '../api/resources.js';
import { exportRequest } from './annotations.js';
import { mergeServices } from './merge.js';
import type { ServiceRecord } from './model.js';
import type { Sha256 } from './names.js';
import { withOwnHash } from './ownHash.js';

/** A metav1.Condition without the time, which only changes when the rest does. */
export interface PlannedCondition {
  readonly type: 'Valid' | 'Ready' | 'Conflict';
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

export type ExportPlan =
  | { readonly kind: 'none'; readonly complaints: readonly string[] }
  | { readonly kind: 'export'; readonly object: KubeObject; readonly conditions: readonly PlannedCondition[] };

export interface ExportInput {
  readonly service: ServiceRecord;
  /** Every export of this name, this one too. */
  readonly all: readonly ServiceRecord[];
  /** Why members do not import it: `west: …`. */
  readonly hindrances: readonly string[];
  readonly deniedNamespaces: readonly string[];
  readonly sha256: Sha256;
}

export function planExport(input: ExportInput): ExportPlan {
  const { service } = input;
  const request = exportRequest(service.annotations);
  if (!request.exported) return { kind: 'none', complaints: request.complaints };
  const object = withOwnHash(
    {
      apiVersion: 'multicluster.x-k8s.io/v1beta1',
      kind: 'ServiceExport',
      metadata: { name: service.name, namespace: service.namespace, labels: { [LABEL.managedBy]: HUB_MANAGER } },
    },
    input.sha256,
  );
  const invalid = invalidity(input);
  return {
    kind: 'export',
    object,
    conditions: invalid === undefined ? [valid(request.complaints), ready(input.hindrances), conflict(input.all)] : [invalid],
  };
}

function invalidity({ service, deniedNamespaces }: ExportInput): PlannedCondition | undefined {
  if (service.type === 'ExternalName') {
    return { type: 'Valid', status: 'False', reason: 'InvalidServiceType', message: 'a Service of type ExternalName has no endpoints to export' };
  }
  if (deniedNamespaces.includes(service.namespace)) {
    return { type: 'Valid', status: 'False', reason: 'NamespaceDenied', message: `services of namespace ${service.namespace} are not exported` };
  }
  return undefined;
}

function valid(complaints: readonly string[]): PlannedCondition {
  return { type: 'Valid', status: 'True', reason: 'Valid', message: complaints.join('; ') };
}

function ready(hindrances: readonly string[]): PlannedCondition {
  return hindrances.length === 0
    ? { type: 'Ready', status: 'True', reason: 'Exported', message: '' }
    : { type: 'Ready', status: 'False', reason: 'Pending', message: hindrances.toSorted().join('; ') };
}

/** On every constituent, not only on the loser: the conformance suite asks for it. */
function conflict(all: readonly ServiceRecord[]): PlannedCondition {
  const conflicts = mergeServices(all)?.conflicts ?? [];
  if (conflicts.length === 0) return { type: 'Conflict', status: 'False', reason: 'NoConflicts', message: '' };
  return {
    type: 'Conflict',
    status: 'True',
    reason: [...new Set(conflicts.map(({ reason }) => reason))].toSorted().join(','),
    message: conflicts.map(({ message }) => message).join('; '),
  };
}
