/**
 * A ServiceExport that a person made, as a member's API server answers it: what it asks for besides the export of the Service of its name.
 * Labels and annotations that it passes on are bounded, and such that every importer's API server takes them.
 */
import * as z from 'zod';
import type { Complaint } from '../api/problem.js';
import { namespacedMeta, requests } from '../observed/metadata.js';
import { readObject } from '../observed/readObject.js';
import type { Result } from '../runtime/result.js';
import { firstByName } from '../text/firstByName.js';
import { BOUND } from './bounds.js';
import { eachOf, shown } from './invalidAnnotation.js';
import { LABEL_VALUE, QUALIFIED_NAME } from './textForms.js';

type Texts = Readonly<Record<string, string>>;

export interface ServiceExportAsk {
  /** Annotations of Kilofed's on it. */
  readonly annotations: Texts;
  /** Absent: it passes none on. Sorted by key, as below. */
  readonly exportedLabels?: Texts;
  readonly exportedAnnotations?: Texts;
  /** What of that is left out. */
  readonly complaints: readonly Complaint[];
}

const texts = z.record(z.string(), z.string()).nullish();

const serviceExport = z.object({
  metadata: namespacedMeta.extend({ annotations: requests.nullish() }),
  spec: z.object({ exportedLabels: texts, exportedAnnotations: texts }).nullish(),
});

/** Undefined: it is being deleted, and asks for nothing any more. */
export function readServiceExport(object: unknown): Result<ServiceExportAsk | undefined> {
  const read = readObject(serviceExport, object);
  if (!read.ok) return read;
  const { metadata, spec } = read.value;
  if (typeof metadata.deletionTimestamp === 'string') return { ok: true, value: undefined };
  const labels = passedOn('exportedLabels', spec?.exportedLabels ?? {}, (value) => value.length <= 63 && LABEL_VALUE.test(value));
  const annotations = passedOn('exportedAnnotations', spec?.exportedAnnotations ?? {}, () => true);
  return {
    ok: true,
    value: {
      annotations: metadata.annotations ?? {},
      ...(labels.kept !== undefined && { exportedLabels: labels.kept }),
      ...(annotations.kept !== undefined && { exportedAnnotations: annotations.kept }),
      complaints: [...labels.complaints, ...annotations.complaints],
    },
  };
}

function passedOn(
  field: 'exportedLabels' | 'exportedAnnotations',
  all: Texts,
  isValue: (value: string) => boolean,
): { readonly kept: Texts | undefined; readonly complaints: readonly Complaint[] } {
  const entries = Object.entries(all);
  const good = entries.filter(([key, value]) => isKey(key) && !isReserved(key) && isValue(value));
  const wrong = entries.filter(([key, value]) => !(isKey(key) && !isReserved(key) && isValue(value)));
  const first = firstByName(good, BOUND.exportedTexts, ([key]) => key);
  let room: number = BOUND.exportedTextSize;
  const kept = first.kept.toSorted(([a], [b]) => (a < b ? -1 : 1)).filter(([key, value]) => (room -= key.length + value.length) >= 0);
  const surplus = good.length - kept.length;
  const bounds = `${BOUND.exportedTexts} entries with ${BOUND.exportedTextSize} characters`;
  const most = `${field} passes on at most ${bounds}, so ${surplus} are left out`;
  return {
    kept: kept.length === 0 ? undefined : Object.fromEntries(kept),
    complaints: [
      ...eachOf(
        wrong.map(([key]) => key),
        (key) => invalid(`${field} has "${shown(key)}", which cannot be passed on`),
      ),
      ...(surplus === 0 ? [] : [invalid(most)]),
    ],
  };
}

function isKey(key: string): boolean {
  return key.length <= 317 && QUALIFIED_NAME.test(key);
}

/**
 * What says something to us, to Kilo or to Kubernetes, and what tools know the objects by that they declare, and may delete: kubectl, Helm,
 * Argo CD and Flux. Of the names that Kubernetes recommends for people's own labels, most describe only.
 */
const RESERVED =
  /^(([-a-z0-9.]+\.)?(kilofed\.io|kubernetes\.io|(x-)?k8s\.io|fluxcd\.io)|kilo\.squat\.ai|argocd\.argoproj\.io|(meta\.)?helm\.sh)\//;
const DESCRIBING = /^app\.kubernetes\.io\/(name|version|component|part-of)$/;

function isReserved(key: string): boolean {
  return RESERVED.test(key) && !DESCRIBING.test(key);
}

function invalid(message: string): Complaint {
  return { reason: 'InvalidMetadata', message };
}
