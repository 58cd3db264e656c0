/**
 * What a namespace of an importing member says about imports into it. Label values hold no commas, so `_` joins the ids of
 * members: `kilofed.io/import: east_north`.
 */
import * as z from 'zod';
import { EXPORT_LABEL } from '../api/exportNames.js';
import { ANNOTATION, LABEL } from '../api/names.js';
import type { Complaint } from '../api/problem.js';
import { clusterMeta, labelName, requests } from '../observed/metadata.js';
import type { KubeObject } from '../api/resources.js';
import { invalidAnnotation, shown } from './invalidAnnotation.js';
import { MEMBER_ID } from './textForms.js';

/** `invalid`: the label is not understood, so nothing is imported. Else the ids of the members that may export into it. */
export type ImportConsent = 'all' | 'none' | 'invalid' | readonly string[];

export interface NamespaceConsent {
  /** Absent: it says nothing, so the hub's flags decide. */
  readonly imports?: ImportConsent;
  /** Whether imports may have endpoints with host names. Absent: it says nothing, which means no. */
  readonly hostnames?: boolean;
  /** False: no mirror has its Service's own name there. Absent: as the exporter has it. */
  readonly ownNames?: false;
  /** Of the namespace of the hub's account: for whose exports namespaces are made that lack. Absent: for nobody's. */
  readonly creates?: ImportConsent;
}

/** A Namespace, as far as imports and exports are concerned. */
export const observedNamespace = z.object({
  metadata: clusterMeta.extend({
    name: labelName,
    labels: z
      .object({
        [LABEL.import]: z.exactOptional(z.string()),
        [EXPORT_LABEL.ownNames]: z.exactOptional(z.string()),
        [EXPORT_LABEL.createNamespaces]: z.exactOptional(z.string()),
        [LABEL.managedBy]: z.exactOptional(z.string()),
        [LABEL.cluster]: z.exactOptional(z.string()),
      })
      .nullish(),
    annotations: requests.nullish(),
  }),
});

export function namespaceConsent({ labels, annotations }: KubeObject['metadata']): NamespaceConsent {
  const imports: unknown = labels?.[LABEL.import];
  const hostnames: unknown = annotations?.[ANNOTATION.importHostnames];
  const ownNames: unknown = labels?.[EXPORT_LABEL.ownNames];
  const creates: unknown = labels?.[EXPORT_LABEL.createNamespaces];
  return {
    ...(imports !== undefined && { imports: importConsent(imports) }),
    ...(hostnames !== undefined && { hostnames: hostnames === 'true' }),
    // What is not understood forbids, too: a name that is not taken can be taken later.
    ...(ownNames !== undefined && ownNames !== 'true' && { ownNames: false }),
    ...(creates !== undefined && { creates: importConsent(creates) }),
  };
}

/** Of what is told nowhere else. What is not understood there is as if it were no. */
export function consentComplaints({ labels, annotations }: KubeObject['metadata']): Complaint[] {
  const complaintOf = (what: string, value: unknown): Complaint[] => {
    if (value === undefined || value === 'true' || value === 'false') return [];
    const text = typeof value === 'string' ? `"${shown(value)}"` : 'no text';
    return [invalidAnnotation(`${what} of the namespace is ${text} and counts as "false": write "true" or "false", or remove it`)];
  };
  return [
    ...complaintOf(`annotation ${ANNOTATION.importHostnames}`, annotations?.[ANNOTATION.importHostnames]),
    ...complaintOf(`label ${EXPORT_LABEL.ownNames}`, labels?.[EXPORT_LABEL.ownNames]),
  ];
}

function importConsent(value: unknown): ImportConsent {
  if (typeof value !== 'string') return 'invalid';
  if (value === 'all' || value === 'none') return value;
  const ids = value.split('_');
  return ids.every((id) => MEMBER_ID.test(id)) ? [...new Set(ids)].toSorted() : 'invalid';
}
