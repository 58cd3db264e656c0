/**
 * What asks for the export of a Service, and how: its annotations, and the ServiceExport of its name that a person made. Where both say
 * something, the Service's annotation counts. Affinity counts on the Service alone.
 *
 * An unknown value is never ignored silently: it becomes a complaint, and the safe default applies, the one that exports to fewer
 * members (a typo in an affinity once black-holed traffic: cilium#46623).
 */
import { EXPORT_ANNOTATION } from '../api/exportNames.js';
import type { Complaint } from '../api/problem.js';
import { firstByName } from '../text/firstByName.js';
import { BOUND } from './bounds.js';
import { type ExportOptions, readOptions } from './exportOptions.js';
import { eachOf, invalidAnnotation, shown } from './invalidAnnotation.js';
import { MEMBER_ID } from './textForms.js';
import { unknownNames } from './unknownNames.js';

export interface ExportRequest extends ExportOptions {
  /** False: it asks for it in a way that is invalid. */
  readonly exported: boolean;
  /** Ids of the members that may import it, sorted; undefined: all. */
  readonly targets?: readonly string[];
  /** A ServiceExport that a person made asks for it, and nothing else: the way of MCS, without the own name unless `ownName` says so. */
  readonly byServiceExport?: true;
  /** Its namespace asks for it, and the Service itself says nothing. */
  readonly byNamespace?: true;
  /** What the exporter has to correct in the Service, or in the ServiceExport. */
  readonly complaints: readonly Complaint[];
}

type Annotations = Readonly<Record<string, string>>;

/** What asks for the export besides the annotations of the Service. */
interface AskedElsewhere {
  /** Annotations of the ServiceExport of its name that a person made; absent: there is none. */
  readonly serviceExport?: Annotations | undefined;
  /** Annotations by which its namespace asks (namespaceExport.ts); absent: it does not. */
  readonly namespace?: Annotations;
}

/** Undefined: nothing asks for the Service to be exported. */
export function exportRequest(annotations: Annotations, elsewhere: AskedElsewhere = {}): ExportRequest | undefined {
  const { serviceExport, namespace } = elsewhere;
  const value = annotations[EXPORT_ANNOTATION.export];
  if (value === 'true') return requested(annotations, elsewhere);
  if (value === 'false') return serviceExport === undefined ? undefined : refused(invalidAnnotation(DECLINED));
  if (value !== undefined) {
    const message = `annotation ${EXPORT_ANNOTATION.export} is "${shown(value)}": write "true" to export the Service, or remove it`;
    return refused(invalidAnnotation(message));
  }
  if (namespace !== undefined) return { ...requested(annotations, elsewhere), byNamespace: true };
  if (serviceExport !== undefined) return { ...requested(annotations, { serviceExport }), byServiceExport: true };
  const complaints = [
    ...(annotations[EXPORT_ANNOTATION.exportTo] === undefined ? [] : [WITHOUT_EXPORT]),
    // Whoever wanted an export would wait for it for ever.
    ...unknownNames(annotations, 'near'),
  ];
  return complaints.length === 0 ? undefined : refused(...complaints);
}

/** Of what is said in several places the nearest to the Service counts. */
function requested(annotations: Annotations, { serviceExport, namespace }: AskedElsewhere): ExportRequest {
  const { [EXPORT_ANNOTATION.affinity]: affinity, ...ofExport } = serviceExport ?? {};
  const said = { ...namespace, ...ofExport, ...annotations };
  const { targets, complaints } = targetsOf(said[EXPORT_ANNOTATION.exportTo]);
  const { options, complaints: others } = readOptions(said);
  return {
    exported: true,
    ...(targets !== undefined && { targets }),
    ...options,
    complaints: [
      ...complaints,
      ...others,
      ...unknownNames({ ...ofExport, ...annotations }),
      ...(affinity !== undefined && said[EXPORT_ANNOTATION.affinity] === undefined ? [NO_CONSENT] : []),
    ],
  };
}

/** A complaint about each name that is no member's. */
export function unknownTargets({ targets = [], prefer = [], weights = {} }: ExportRequest, members: readonly string[]): Complaint[] {
  const known = new Set(members);
  const complaintsOf = (annotation: string, ids: readonly string[]): Complaint[] =>
    eachOf(
      ids.filter((id) => !known.has(id)),
      (id) => ({
        reason: 'UnknownTarget',
        message: `annotation ${annotation} names "${id}", which is no member now: correct it, or add the member`,
      }),
    );
  return [
    ...complaintsOf(EXPORT_ANNOTATION.exportTo, targets),
    ...complaintsOf(
      EXPORT_ANNOTATION.prefer,
      prefer.filter((tier) => !tier.includes('=')),
    ),
    ...complaintsOf(EXPORT_ANNOTATION.weights, Object.keys(weights)),
  ];
}

function targetsOf(value: string | undefined): Pick<ExportRequest, 'targets' | 'complaints'> {
  if (value === undefined) return { complaints: [] };
  const words = value.split(',').map((word) => word.trim());
  const ids = [...new Set(words.filter((word) => word !== ''))];
  if (ids.length === 0) {
    const message = `annotation ${EXPORT_ANNOTATION.exportTo} names no member, so none imports it: name some, or remove it for all`;
    return { targets: [], complaints: [invalidAnnotation(message)] };
  }
  const { kept, leftOut } = firstByName(
    ids.filter((id) => MEMBER_ID.test(id)),
    BOUND.targets,
    (id) => id,
  );
  const wrong = ids.filter((id) => !MEMBER_ID.test(id));
  const most = `annotation ${EXPORT_ANNOTATION.exportTo} names more than ${BOUND.targets} members, so these do not import it: ${leftOut}`;
  return {
    targets: kept.toSorted(),
    complaints: [
      ...eachOf(wrong, (id) =>
        invalidAnnotation(`annotation ${EXPORT_ANNOTATION.exportTo} names "${shown(id)}", which cannot be a member's id`),
      ),
      ...(leftOut === undefined ? [] : [invalidAnnotation(most)]),
    ],
  };
}

function refused(...complaints: readonly Complaint[]): ExportRequest {
  return { exported: false, complaints };
}

const WITHOUT_EXPORT = invalidAnnotation(
  `annotation ${EXPORT_ANNOTATION.exportTo} alone exports nothing: write ${EXPORT_ANNOTATION.export}: "true" beside it, or remove it`,
);

/** Who may write a ServiceExport need not own the Service. */
const NO_CONSENT = invalidAnnotation(
  `annotation ${EXPORT_ANNOTATION.affinity} of the ServiceExport is ignored: write it on the Service, since it is its owner's consent`,
);

const DECLINED =
  `annotation ${EXPORT_ANNOTATION.export} of the Service is "false", which counts before its ServiceExport: remove the annotation to ` +
  'export the Service, or delete the ServiceExport';
