/**
 * What a namespace says about the export of its Services: `kilofed.io/export: "true"` for all of them, `kilofed.io/export-selector` for
 * those whose labels match, `kilofed.io/export-to` for the members that import them where nothing else says it.
 *
 * What a Service says of itself counts first, also that it is not exported. The hub and the cluster-agent decide by this one function.
 */
import { EXPORT_ANNOTATION } from '../api/exportNames.js';
import type { Complaint } from '../api/problem.js';
import { invalidAnnotation, shown } from './invalidAnnotation.js';
import { matchesSelector, readSelector, type Requirement } from './labelSelector.js';
import type { SeenLabels } from './seenLabels.js';

type Texts = Readonly<Record<string, string>>;

/** Plain JSON, so that it can be compared. */
export interface NamespaceExport {
  /** Of the labels of a Service; absent: all Services. */
  readonly selector?: readonly Requirement[];
  /** What holds for a Service that does not say it itself. */
  readonly annotations: Texts;
}

interface NamespaceSays {
  /** Absent: nothing is exported because of the namespace. */
  readonly export?: NamespaceExport;
  /** What has to be corrected in the namespace. */
  readonly complaints: readonly Complaint[];
}

/** Of a Service. */
export interface Candidate extends SeenLabels {
  readonly namespace: string;
  readonly name: string;
  readonly type?: string | undefined;
}

/** `annotations` of the namespace. What is not understood exports nothing. */
export function namespaceExport(annotations: Texts): NamespaceSays {
  const all = annotations[EXPORT_ANNOTATION.export];
  const selector = annotations[EXPORT_ANNOTATION.exportSelector];
  if (all === undefined && selector === undefined && annotations[EXPORT_ANNOTATION.exportTo] !== undefined) return { complaints: [ALONE] };
  if (all === 'false' || (all === undefined && selector === undefined)) return { complaints: [] };
  if (all !== undefined && all !== 'true') {
    const message = `annotation ${EXPORT_ANNOTATION.export} of the namespace is "${shown(all)}" and exports nothing: write "true"`;
    return { complaints: [invalidAnnotation(`${message} to export its Services, or remove it`)] };
  }
  const to = annotations[EXPORT_ANNOTATION.exportTo];
  const defaults = { ...(to !== undefined && { [EXPORT_ANNOTATION.exportTo]: to }) };
  if (selector === undefined) return { export: { annotations: defaults }, complaints: [] };
  const read = readSelector(selector);
  if (read.ok) return { export: { selector: read.value, annotations: defaults }, complaints: [] };
  const message = `annotation ${EXPORT_ANNOTATION.exportSelector} of the namespace exports nothing, since ${read.error}`;
  return { complaints: [invalidAnnotation(message)] };
}

/** The annotations by which its namespace asks for the export of a Service. Undefined: it does not. */
export function askedByNamespace(asked: NamespaceExport | undefined, { namespace, name, type, ...seen }: Candidate): Texts | undefined {
  if (asked === undefined || type === 'ExternalName') return undefined;
  // Every cluster has it, and it is the way to its own API server.
  if (namespace === 'default' && name === 'kubernetes') return undefined;
  return asked.selector === undefined || matchesSelector(asked.selector, seen) ? asked.annotations : undefined;
}

const ALONE = invalidAnnotation(
  `annotation ${EXPORT_ANNOTATION.exportTo} of the namespace alone says nothing: write ${EXPORT_ANNOTATION.export} or ` +
    `${EXPORT_ANNOTATION.exportSelector} beside it, or remove it`,
);
