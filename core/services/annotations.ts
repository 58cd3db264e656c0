/**
 * What the annotations of an exported Service ask for. An unknown value is never ignored silently: it becomes a complaint, and
 * the safe default applies, the one that exports to fewer members (a typo in an affinity once black-holed traffic:
 * cilium#46623).
 */
import { ANNOTATION } from '../api/names.js';
import type { Complaint } from '../api/problem.js';
import { firstByName } from '../text/firstByName.js';
import { printable } from '../text/printable.js';
import { BOUND } from './bounds.js';

export interface ExportRequest {
  /** False: the annotation is there, but its value is invalid. */
  readonly exported: boolean;
  /** Ids of the members that may import it, sorted; undefined: all. */
  readonly targets?: readonly string[];
  /** A ServiceExport that a person made asks for it, and no annotation: the way of MCS, without the own name unless `ownName` says so. */
  readonly byServiceExport?: true;
  /** Absent: as the way of exporting has it. */
  readonly ownName?: boolean;
  /** Consent of the owner that the own name reaches other exporters; absent: it does not. */
  readonly affinity?: Affinity;
  /** Tiers of members, the best first: ids, or labels as `key=value`. */
  readonly prefer?: readonly string[];
  /** Share of the published endpoints, by member. */
  readonly weights?: Readonly<Record<string, number>>;
  /** What stands for the Service in importers; absent: its endpoints. */
  readonly endpoints?: 'clusterip';
  /** What the exporter has to correct in the Service. */
  readonly complaints: readonly Complaint[];
}

/** `local`: others only while no endpoint of its own is ready. `none`: all alike. `remote`: others first. */
type Affinity = 'local' | 'none' | 'remote';

/** Names that get a complaint of their own. */
const NAMED = 10;
/** Code units of a value that are shown. */
const SHOWN = 63;
const CLUSTER_ID = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Undefined: the Service does not ask to be exported. */
export function exportRequest(annotations: Readonly<Record<string, string>>): ExportRequest | undefined {
  const value = annotations[ANNOTATION.export];
  if (value === undefined && annotations[ANNOTATION.exportTo] !== undefined) return { exported: false, complaints: [WITHOUT_EXPORT] };
  if (value === undefined || value === 'false') return undefined;
  if (value !== 'true') {
    return {
      exported: false,
      complaints: [
        invalid(`annotation ${ANNOTATION.export} is "${printable(value, SHOWN)}": write "true" to export the Service, or remove it`),
      ],
    };
  }
  return { exported: true, ...targetsOf(annotations[ANNOTATION.exportTo]) };
}

/** A complaint about each target that is not a member. */
export function unknownTargets({ targets = [] }: ExportRequest, members: readonly string[]): Complaint[] {
  const known = new Set(members);
  const unknown = targets.filter((id) => !known.has(id));
  return eachOf(unknown, (id) => ({
    reason: 'UnknownTarget',
    message: `annotation ${ANNOTATION.exportTo} names "${id}", which is no member now: correct it, or add the member`,
  }));
}

function targetsOf(value: string | undefined): Pick<ExportRequest, 'targets' | 'complaints'> {
  if (value === undefined) return { complaints: [] };
  const words = value.split(',').map((word) => word.trim());
  const ids = [...new Set(words.filter((word) => word !== ''))];
  if (ids.length === 0) {
    const message = `annotation ${ANNOTATION.exportTo} names no member, so none imports the Service: name some, or remove it for all`;
    return { targets: [], complaints: [invalid(message)] };
  }
  const { kept, leftOut } = firstByName(
    ids.filter((id) => CLUSTER_ID.test(id)),
    BOUND.targets,
    (id) => id,
  );
  const wrong = ids.filter((id) => !CLUSTER_ID.test(id));
  return {
    targets: kept.toSorted(),
    complaints: [
      ...eachOf(wrong, (id) => invalid(`annotation ${ANNOTATION.exportTo} names "${printable(id, SHOWN)}", which cannot be a member's id`)),
      ...(leftOut === undefined
        ? []
        : [invalid(`annotation ${ANNOTATION.exportTo} names more than ${BOUND.targets} members, so these do not import it: ${leftOut}`)]),
    ],
  };
}

/** Somebody may name any number: of very many the first by name, and how many more. */
function eachOf(ids: readonly string[], complaintOf: (id: string) => Complaint): Complaint[] {
  const { kept } = firstByName(ids, NAMED, (id) => id);
  const complaints = kept.map(complaintOf);
  const more = ids.length - kept.length;
  const [first] = complaints;
  return more === 0 || first === undefined
    ? complaints
    : [...complaints, { reason: first.reason, message: `the same holds for ${more} more` }];
}

function invalid(message: string): Complaint {
  return { reason: 'InvalidAnnotation', message };
}

const WITHOUT_EXPORT = invalid(
  `annotation ${ANNOTATION.exportTo} alone exports nothing: write ${ANNOTATION.export}: "true" beside it, or remove it`,
);
