/**
 * The namespaces of a member: which there are, and what each says about imports into it.
 */
import { HUB_MANAGER, LABEL } from '../../core/api/names.js';
import { clusterName } from '../../core/observed/metadata.js';
import { readObject } from '../../core/observed/readObject.js';
import { consentComplaints, type NamespaceConsent, namespaceConsent, observedNamespace } from '../../core/services/namespaceConsent.js';
import { type NamespaceExport, namespaceExport } from '../../core/services/namespaceExport.js';
import { checkedFeed } from './checkedFeed.js';
import { type Feed, setOrDelete } from './feed.js';
import { createIndexed } from './indexed.js';
import { type Kept, kept, malformed } from './kept.js';
import type { ObjectProblems } from './objectProblems.js';

export interface NamespaceRecord {
  readonly phase: 'active' | 'terminating';
  readonly consent: NamespaceConsent;
  /** What it asks for its Services. Absent: nothing. */
  readonly exports?: NamespaceExport;
  /** Id of the member for whose exports the hub made it. Absent: it did not. */
  readonly madeFor?: string;
}

interface NamespaceRecords {
  readonly feed: Feed<Kept<NamespaceRecord>>;
  readonly all: ReadonlyMap<string, NamespaceRecord>;
  /** How many namespaces the hub made for the exports of a member. */
  madeFor(exporter: string): number;
}

interface NamespaceRecordsDeps {
  readonly problems: ObjectProblems;
  readonly changed: (name: string) => void;
  /** It asks for another thing for its Services than before. */
  readonly exportsChanged: (name: string) => void;
}

export function createNamespaceRecords({ problems, changed, exportsChanged }: NamespaceRecordsDeps): NamespaceRecords {
  const all = new Map<string, NamespaceRecord>();
  const made = createIndexed<true>();
  return {
    all,
    madeFor: (exporter) => made.size(exporter),
    feed: checkedFeed('namespace', problems, {
      project: projectNamespace,
      changed(name, current) {
        const before = all.get(name);
        if (JSON.stringify(before) === JSON.stringify(current)) return;
        setOrDelete(all, name, current);
        made.set(name, current?.madeFor === undefined ? undefined : true, current?.madeFor);
        if (JSON.stringify(before?.exports) !== JSON.stringify(current?.exports)) exportsChanged(name);
        changed(name);
      },
    }),
  };
}

/** A malformed namespace is there, and consents to nothing. */
function projectNamespace(object: unknown): Kept<NamespaceRecord> {
  const read = readObject(observedNamespace, object);
  if (read.ok) {
    const { name, deletionTimestamp, labels, annotations } = read.value.metadata;
    const phase = typeof deletionTimestamp === 'string' ? 'terminating' : 'active';
    const { [LABEL.managedBy]: manager, [LABEL.cluster]: madeFor } = labels ?? {};
    const { export: exports, complaints } = namespaceExport(annotations ?? {});
    const said = { name, labels: labels ?? {}, annotations: annotations ?? {} };
    const record: NamespaceRecord = {
      phase,
      consent: namespaceConsent(said),
      ...(exports !== undefined && { exports }),
      ...(manager === HUB_MANAGER && madeFor !== undefined && { madeFor }),
    };
    const subject = { kind: 'object', type: 'Namespace', key: name } as const;
    return kept(record, ...[...complaints, ...consentComplaints(said)].map((complaint) => ({ subject, ...complaint })));
  }
  const named = readObject(clusterName, object).ok;
  return kept(named ? { phase: 'active', consent: { imports: 'invalid' } } : undefined, malformed('namespace', object, read.error));
}
