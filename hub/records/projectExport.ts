/**
 * What is kept of a ServiceExport: of one of ours all that the hub writes, of a person's what it asks for, and its conditions.
 */
import { readOwn } from '../../core/observed/ownObjects.js';
import { type ServiceExportAsk, readServiceExport } from '../../core/services/observedExport.js';
import type { KubeObject } from '../../core/api/resources.js';
import { projectExisting } from './existingObject.js';
import { type Kept, kept, malformed } from './kept.js';

export type ExistingExport =
  | { readonly own: true; readonly object: KubeObject }
  | {
      readonly own: false;
      /** It as the hub reports in it: who it is, and its conditions. Absent: it is malformed. */
      readonly object?: KubeObject;
      /** Absent: it asks for nothing. */
      readonly asked?: ServiceExportAsk;
    };

/** A malformed one of a person asks for nothing, and has its name all the same. */
export function projectExport(object: unknown): Kept<ExistingExport> {
  const existing = projectExisting('serviceExport', object);
  if (existing.value?.own !== false || existing.problems.length > 0) return existing;
  const asked = readServiceExport(object);
  if (!asked.ok) return kept({ own: false }, malformed('serviceExport', object, asked.error));
  const shown = readOwn('serviceExport', object);
  return kept({
    own: false,
    ...(shown.ok && { object: shown.value.object }),
    ...(asked.value !== undefined && { asked: asked.value }),
  });
}
