/**
 * What the exporting member is told: a ServiceExport for the annotated Service, with MCS's conditions.
 */
import { ANNOTATION, HUB_MANAGER, LABEL } from '../api/names.js';
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
  /** Every Service of this name that is annotated, this one too. */
  readonly all: readonly ServiceRecord[];
  /** Why members do not import it: `west: …`. */
  readonly hindrances: readonly string[];
  readonly deniedNamespaces: readonly string[];
  /** Ids of all members; with them, an annotation that names another is complained about. */
  readonly members?: readonly string[];
  readonly sha256: Sha256;
}

export function planExport(input: ExportInput): ExportPlan {
  const { service } = input;
  const request = exportRequest(service.annotations);
  if (!request.exported && request.complaints.length === 0) return { kind: 'none', complaints: [] };
  const object = withOwnHash(
    {
      apiVersion: 'multicluster.x-k8s.io/v1beta1',
      kind: 'ServiceExport',
      metadata: { name: service.name, namespace: service.namespace, labels: { [LABEL.managedBy]: HUB_MANAGER } },
    },
    input.sha256,
  );
  const invalid = invalidity(input);
  if (invalid !== undefined) return { kind: 'export', object, conditions: [invalid] };
  const rivals = input.all.filter((each) => invalidity({ ...input, service: each }) === undefined);
  const complaints = [...request.complaints, ...unknownTargets(request.targets ?? [], input.members)];
  return { kind: 'export', object, conditions: [valid(complaints), ready(input.hindrances), conflict(rivals)] };
}

/** Why it is no export, in spite of its annotation. The object is there all the same: to say so. */
function invalidity({ service, deniedNamespaces }: ExportInput): PlannedCondition | undefined {
  const request = exportRequest(service.annotations);
  if (!request.exported) return { type: 'Valid', status: 'False', reason: 'InvalidAnnotation', message: request.complaints.join('; ') };
  if (service.type === 'ExternalName') {
    return { type: 'Valid', status: 'False', reason: 'InvalidServiceType', message: 'a Service of type ExternalName has no endpoints to export' };
  }
  if (deniedNamespaces.includes(service.namespace)) {
    return { type: 'Valid', status: 'False', reason: 'NamespaceDenied', message: `services of namespace ${service.namespace} are not exported` };
  }
  return undefined;
}

function unknownTargets(targets: readonly string[], members: readonly string[] | undefined): string[] {
  if (members === undefined) return [];
  return targets.filter((id) => !members.includes(id)).map((id) => `annotation ${ANNOTATION.exportTo} names "${id}", which is no member now`);
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
