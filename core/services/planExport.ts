/**
 * The ServiceExport that reports to the exporter how its Service is exported, with the conditions of MCS (KEP-1645).
 */
import type { PlannedCondition } from '../api/conditions.js';
import { EXPORT_ANNOTATION } from '../api/exportNames.js';
import { BLOCKED_ANNOTATION_PREFIX, HUB_MANAGER, LABEL, WAITING_ANNOTATION_PREFIX } from '../api/names.js';
import { type Complaint, problemText } from '../api/problem.js';
import type { KubeObject } from '../api/resources.js';
import { unknownTargets } from './annotations.js';
import { conflictsOf, type ServiceConflict } from './conflicts.js';
import { clusterIpRefusal } from './clusterIp.js';
import type { ServiceRecord } from './model.js';
import type { Sha256 } from './names.js';
import type { ExportToDefault } from './planImport.js';
import { withOwnHash } from './withOwnHash.js';

/** Of the types that MCS defines for a ServiceExport. */
export type ExportCondition = PlannedCondition & { readonly type: 'Valid' | 'Ready' | 'Conflict' };

export interface ExportPlan {
  readonly object: KubeObject;
  readonly conditions: readonly ExportCondition[];
  /** What the exporter has to correct, and how it conflicts with others. The conditions say the same. */
  readonly complaints: readonly Complaint[];
}

/** What the exporter is told of the members that do not import it, by their ids. */
export interface ImportersSay {
  /** Why they cannot. */
  readonly blocked: ReadonlyMap<string, string>;
  /** What they lack. The export is as good as any without it: they need not import it (KEP-1645). */
  readonly waiting: ReadonlyMap<string, string>;
}

interface ExportInput {
  readonly service: ServiceRecord;
  /** Ranges of Services of its member that others may route. Absent: none. */
  readonly routedServices?: readonly string[];
  /** Why the member may not export it. */
  readonly denial?: Complaint;
  /** All annotated Services of this name that may be exported, this one included. */
  readonly all: readonly ServiceRecord[];
  readonly importers: ImportersSay;
  /** By importing member: the exporter whose shape its mirror has. */
  readonly followed: ReadonlyMap<string, string>;
  readonly exportToDefault: ExportToDefault;
  /** Ids of all members. */
  readonly members: readonly string[];
  readonly sha256: Sha256;
}

export function planExport(input: ExportInput): ExportPlan {
  const { service } = input;
  const object = withOwnHash(
    {
      apiVersion: 'multicluster.x-k8s.io/v1beta1',
      kind: 'ServiceExport',
      metadata: {
        name: service.name,
        namespace: service.namespace,
        labels: { [LABEL.managedBy]: HUB_MANAGER },
        annotations: {
          ...annotationsOf(BLOCKED_ANNOTATION_PREFIX, input.importers.blocked),
          ...annotationsOf(WAITING_ANNOTATION_PREFIX, input.importers.waiting),
        },
      },
    },
    input.sha256,
  );
  const invalid = input.denial ?? invalidity(service);
  if (invalid !== undefined) {
    const { reason } = invalid;
    return { object, conditions: [{ type: 'Valid', status: 'False', reason, message: problemText(invalid) }], complaints: [invalid] };
  }
  const untargeted = input.exportToDefault === 'none' && service.export.targets === undefined ? [NO_TARGETS] : [];
  const byPods = clusterIpRefusal(service, input.routedServices ?? []);
  const complaints = [
    ...service.export.complaints,
    ...(byPods === undefined ? [] : [byPods]),
    ...unknownTargets(service.export, input.members),
    ...untargeted,
  ];
  const named = service.export.targets?.some((id) => id !== service.cluster && input.members.includes(id)) !== false;
  if (!named && complaints.length === 0) complaints.push(ONLY_ITSELF);
  const conflicts = conflictsOf(
    input.all.filter((each) => invalidity(each) === undefined),
    input.followed,
  );
  return {
    object,
    conditions: [valid(complaints), named && untargeted.length === 0 ? ready(input.importers) : unready(complaints), conflict(conflicts)],
    complaints: [...complaints, ...conflicts],
  };
}

/** What a ServiceExport of the hub's was written with. */
export function importersIn({ annotations = {} }: KubeObject['metadata']): ImportersSay {
  const of = (prefix: string): ReadonlyMap<string, string> =>
    new Map(Object.entries(annotations).flatMap(([key, reason]) => (key.startsWith(prefix) ? [[key.slice(prefix.length), reason]] : [])));
  return { blocked: of(BLOCKED_ANNOTATION_PREFIX), waiting: of(WAITING_ANNOTATION_PREFIX) };
}

function annotationsOf(prefix: string, reasons: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...reasons].map(([id, reason]) => [`${prefix}${id}`, reason]));
}

const NO_TARGETS: Complaint = {
  reason: 'NoTargets',
  message: 'no member imports it, since --export-to-default of the hub is none',
  remedy: `name the members that should in the annotation ${EXPORT_ANNOTATION.exportTo}`,
};

const ONLY_ITSELF: Complaint = {
  reason: 'NoTargets',
  message: `annotation ${EXPORT_ANNOTATION.exportTo} names only the exporting member itself, so nobody imports it`,
  remedy: 'name the members that should, or remove it for all',
};

/** Why the annotated Service cannot be exported. A ServiceExport is written all the same, to report it. */
function invalidity(service: ServiceRecord): Complaint | undefined {
  if (!service.export.exported) return { reason: 'InvalidAnnotation', message: messagesOf(service.export.complaints) };
  if (service.type === 'ExternalName') {
    return { reason: 'InvalidServiceType', message: 'a Service of type ExternalName has no endpoints to export' };
  }
  return undefined;
}

/** Wrong targets do not make an export invalid, but they are its reason. */
function valid(complaints: readonly Complaint[]): ExportCondition {
  return { type: 'Valid', status: 'True', reason: complaints[0]?.reason ?? 'Valid', message: messagesOf(complaints) };
}

function ready({ blocked, waiting }: ImportersSay): ExportCondition {
  const message = [...blocked, ...waiting]
    .map(([id, reason]) => `${id}: ${reason}`)
    .toSorted()
    .join('; ');
  return blocked.size === 0
    ? { type: 'Ready', status: 'True', reason: 'Exported', message }
    : { type: 'Ready', status: 'False', reason: 'Pending', message };
}

/** Nobody is to import it. */
function unready(complaints: readonly Complaint[]): ExportCondition {
  return { type: 'Ready', status: 'False', reason: NO_TARGETS.reason, message: messagesOf(complaints) };
}

/** Set on every exporter, not only on the loser, as the MCS conformance suite requires. */
function conflict(conflicts: readonly ServiceConflict[]): ExportCondition {
  if (conflicts.length === 0) return { type: 'Conflict', status: 'False', reason: 'NoConflicts', message: '' };
  return {
    type: 'Conflict',
    status: 'True',
    reason: [...new Set(conflicts.map(({ reason }) => reason))].toSorted().join(','),
    message: messagesOf(conflicts),
  };
}

function messagesOf(complaints: readonly Complaint[]): string {
  return complaints.map(problemText).join('; ');
}
