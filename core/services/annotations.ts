/**
 * What an exported Service's own annotations ask for. An unknown value is never silence: it is a complaint and the safe
 * reading, the one that shows the Service to fewer (a typo in an affinity once black-holed traffic: cilium#46623).
 */
import { ANNOTATION, HUB_MANAGER, LABEL } from '../api/names.js';

export interface ExportRequest {
  readonly exported: boolean;
  /** Ids of the members that may import it, sorted; undefined: all. */
  readonly targets?: readonly string[];
  readonly complaints: readonly string[];
}

const CLUSTER_ID = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** `labels` guard against loops: what the hub wrote is never exported again. */
export function exportRequest(annotations: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>> = {}): ExportRequest {
  const value = annotations[ANNOTATION.export];
  if (labels[LABEL.managedBy] === HUB_MANAGER || value === undefined || value === 'false') return { exported: false, complaints: [] };
  if (value !== 'true') {
    return { exported: false, complaints: [`annotation ${ANNOTATION.export} is "${value}": write "true" to export the Service, or remove it`] };
  }
  return { exported: true, ...targetsOf(annotations[ANNOTATION.exportTo]) };
}

function targetsOf(value: string | undefined): Pick<ExportRequest, 'targets' | 'complaints'> {
  if (value === undefined) return { complaints: [] };
  const ids = [...new Set(value.split(',').map((id) => id.trim()).filter((id) => id !== ''))];
  if (ids.length === 0) {
    return { targets: [], complaints: [`annotation ${ANNOTATION.exportTo} names no member, so none imports the Service: name some, or remove it for all`] };
  }
  const bad = ids.filter((id) => !CLUSTER_ID.test(id));
  return {
    targets: ids.filter((id) => !bad.includes(id)).toSorted(),
    complaints: bad.map((id) => `annotation ${ANNOTATION.exportTo} names "${id}", which cannot be a member's id`),
  };
}
