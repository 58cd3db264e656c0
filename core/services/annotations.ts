/**
 * What an exported Service's own annotations ask for. An unknown value is never silence: it is a complaint and the safe
 * reading (a typo in an affinity once black-holed traffic: cilium#46623).
 */
import { ANNOTATION, HUB_MANAGER, LABEL } from '../api/names.js';

export interface ExportRequest {
  readonly exported: boolean;
  /** Ids of the members that may import it; undefined: all. */
  readonly targets?: readonly string[];
  readonly complaints: readonly string[];
}

const CLUSTER_ID = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** `labels` guard against loops: what the hub wrote is never exported again. */
export function exportRequest(annotations: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>> = {}): ExportRequest {
  const value = annotations[ANNOTATION.export];
  if (labels[LABEL.managedBy] === HUB_MANAGER || value === undefined || value === 'false') return { exported: false, complaints: [] };
  if (value !== 'true') {
    return { exported: false, complaints: [`${ANNOTATION.export} is "${value}": write "true" to export the Service`] };
  }
  return { exported: true, ...targetsOf(annotations[ANNOTATION.exportTo]) };
}

function targetsOf(value: string | undefined): { readonly targets?: readonly string[]; readonly complaints: readonly string[] } {
  if (value === undefined) return { complaints: [] };
  const ids = value.split(',').map((id) => id.trim()).filter((id) => id !== '');
  const bad = ids.filter((id) => !CLUSTER_ID.test(id));
  const complaints = bad.map((id) => `${ANNOTATION.exportTo} names "${id}", which cannot be a member's id`);
  return { targets: ids.filter((id) => !bad.includes(id)).toSorted(), complaints };
}
