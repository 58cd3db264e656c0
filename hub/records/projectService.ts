/**
 * What is kept of a Service: of our own what we wrote, of others who they are, and what importers would need if something asked for their
 * export. What that is may be asked at any time, by a ServiceExport that comes later.
 */
import { namespacedName } from '../../core/observed/metadata.js';
import { isHubs, type Leftover, leftoverOf } from '../../core/observed/ownership.js';
import { readObject } from '../../core/observed/readObject.js';
import type { Complaint, Problem } from '../../core/api/problem.js';
import type { KubeObject } from '../../core/api/resources.js';
import { exportRequest } from '../../core/services/annotations.js';
import type { ServiceRecord } from '../../core/services/model.js';
import type { SeenLabels } from '../../core/services/seenLabels.js';
import { readHandOver } from '../../core/services/handOver.js';
import { readService, serviceIdentity } from '../../core/services/observed.js';
import { askedByNamespace, type Candidate, type NamespaceExport } from '../../core/services/namespaceExport.js';
import type { ServiceExportAsk } from '../../core/services/observedExport.js';
import { projectOwn } from './existingObject.js';
import { type Kept, kept, malformed } from './kept.js';

export type ServiceEntry =
  | (Somebodys & {
      readonly kind: 'foreign';
      /** What importers would need of it, as JSON of `Exportable`. Absent: `unexportable` says why. */
      readonly body?: string;
      readonly unexportable?: Complaint;
    })
  | (Somebodys & {
      readonly kind: 'exported';
      readonly record: ServiceRecord;
      /** Without what is asked. */
      readonly source: Exportable;
    })
  | (Named & { readonly kind: 'own'; readonly object: KubeObject });

interface Named {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

interface Somebodys extends Named {
  /** It stands in the place of a mirror, and has the hub's label still. */
  readonly leftover?: Leftover;
  /** Its owner hands it over to the hub. */
  readonly offered?: true;
  /** Annotations of Kilofed's on it; absent: none. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Absent: it has none. */
  readonly labels?: Readonly<Record<string, string>>;
  /** It has more labels than these. */
  readonly cut?: true;
}

interface Exportable {
  readonly record: ServiceRecord;
  /** What is left out of the Service. */
  readonly leftOut: readonly Complaint[];
}

/** `cluster` is the member that it was watched in. Never `exported`: whether something asks for that is another question. */
export function projectService(cluster: string, object: unknown): Kept<ServiceEntry> {
  const identity = readObject(serviceIdentity, object);
  if (!identity.ok) return kept(nameOnly(object), malformed('service', object, identity.error));
  const { name, namespace, uid = '', labels, annotations, deletionTimestamp } = identity.value.metadata;
  const named: Named = { namespace, name, uid };
  if (isHubs('service', object)) {
    const { value: existing, problems } = projectOwn('service', object);
    return { value: existing?.own === true ? { ...named, kind: 'own', object: existing.object } : { ...named, kind: 'foreign' }, problems };
  }
  const leftover = leftoverOf(object);
  const { offered, complaint } = readHandOver(annotations ?? {}, object);
  const misuse: Problem[] = complaint === undefined ? [] : [{ subject: { kind: 'service', name: `${namespace}/${name}` }, ...complaint }];
  const foreign: ServiceEntry = {
    ...named,
    kind: 'foreign',
    ...(leftover !== undefined && { leftover }),
    ...(offered && { offered }),
    ...(isSomething(annotations) && { annotations }),
    ...labelsOf(labels),
  };
  if (typeof deletionTimestamp === 'string') return kept({ ...foreign, unexportable: LEAVING }, ...misuse);
  const read = readService(cluster, ASLEEP, object);
  if (read.ok) return kept({ ...foreign, body: bodyOf({ record: read.value.record, leftOut: read.value.complaints }) }, ...misuse);
  const { reason, message } = malformed('service', object, read.error);
  return kept({ ...foreign, unexportable: { reason, message } }, ...misuse);
}

function isSomething<T extends object>(texts: T | null | undefined): texts is T {
  return Object.keys(texts ?? {}).length > 0;
}

function labelsOf(seen: SeenLabels | null | undefined): Pick<Somebodys, 'labels' | 'cut'> {
  if (seen?.cut === true) return seen;
  return isSomething(seen?.labels) ? { labels: seen.labels } : {};
}

/** What asks for the export of a Service besides itself. */
interface AskedBeside {
  /** A ServiceExport of its name that a person made. */
  readonly serviceExport: ServiceExportAsk | undefined;
  /** What its namespace says of all of its Services. */
  readonly namespace: NamespaceExport | undefined;
}

/**
 * A Service as others are to know it, by what asks for its export: itself, a ServiceExport, and its namespace. A mirror of ours is never
 * an export, whatever is said: it would return to its exporter. One that is being deleted is no longer exported, and a malformed one is
 * none.
 */
export function exportedAs(entry: ServiceEntry, { serviceExport: asked, namespace }: AskedBeside): Kept<ServiceEntry> {
  if (entry.kind === 'own') return kept(entry);
  const inNamespace = namespace === undefined ? undefined : askedByNamespace(namespace, candidateOf(entry));
  const request = exportRequest(entry.annotations ?? {}, {
    ...(asked !== undefined && { serviceExport: asked.annotations }),
    ...(inNamespace !== undefined && { namespace: inNamespace }),
  });
  const subject = { kind: 'service', name: `${entry.namespace}/${entry.name}` } as const;
  if (request === undefined) return kept(dormant(entry));
  const exportable = exportableOf(entry);
  if (exportable === undefined) {
    const { unexportable } = entry as Extract<ServiceEntry, { kind: 'foreign' }>;
    // That a Service ends is no problem of anybody's.
    return kept(entry, ...(unexportable === undefined || unexportable === LEAVING ? [] : [{ subject, ...unexportable }]));
  }
  const { record, leftOut } = exportable;
  const { exportedLabels, exportedAnnotations, complaints = [] } = asked ?? {};
  const exported: ServiceRecord = {
    ...record,
    ...(exportedLabels !== undefined && { exportedLabels }),
    ...(exportedAnnotations !== undefined && { exportedAnnotations }),
    export: { ...request, complaints: [...request.complaints, ...complaints] },
  };
  const problems = leftOut.map((each) => ({ subject, ...each }));
  return kept({ ...somebodysOf(entry), kind: 'exported', record: exported, source: exportable }, ...problems);
}

/** As if nothing asked for its export. */
function dormant(entry: Exclude<ServiceEntry, { kind: 'own' }>): ServiceEntry {
  return entry.kind === 'foreign' ? entry : { ...somebodysOf(entry), kind: 'foreign', body: bodyOf(entry.source) };
}

/** Its type is read only where its namespace exports anything. */
function candidateOf(entry: Exclude<ServiceEntry, { kind: 'own' }>): Candidate {
  const { namespace, name, labels = {}, cut } = entry;
  return { namespace, name, labels, ...(cut !== undefined && { cut }), type: exportableOf(entry)?.record.type };
}

function somebodysOf({ namespace, name, uid, leftover, offered, annotations, labels, cut }: Somebodys): Somebodys {
  return {
    namespace,
    name,
    uid,
    ...(leftover !== undefined && { leftover }),
    ...(offered !== undefined && { offered }),
    ...(annotations !== undefined && { annotations }),
    ...(labels !== undefined && { labels }),
    ...(cut !== undefined && { cut }),
  };
}

function exportableOf(entry: Exclude<ServiceEntry, { kind: 'own' }>): Exportable | undefined {
  if (entry.kind === 'exported') return entry.source;
  return entry.body === undefined ? undefined : (JSON.parse(entry.body) as Exportable);
}

function bodyOf(exportable: Exportable): string {
  return JSON.stringify(exportable);
}

const ASLEEP = { exported: false, complaints: [] } as const;
const LEAVING: Complaint = { reason: 'NoService', message: 'its Service is being deleted' };

function nameOnly(object: unknown): ServiceEntry | undefined {
  const read = readObject(namespacedName, object);
  if (!read.ok) return undefined;
  const { name, namespace } = read.value.metadata;
  return { kind: 'foreign', namespace, name, uid: '' };
}
