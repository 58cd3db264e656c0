/**
 * The namespaces of a member: which there are, and what each says about imports into it.
 */
import { HUB_MANAGER, LABEL } from '../../core/api/names.js';
import { clusterName } from '../../core/observed/metadata.js';
import { readObject } from '../../core/observed/readObject.js';
import { type NamespaceConsent, namespaceConsent, observedNamespace } from '../../core/services/namespaceConsent.js';
import { checkedFeed } from './checkedFeed.js';
import { type Feed, setOrDelete } from './feed.js';
import { createIndexed } from './indexed.js';
import { type Kept, kept, malformed } from './kept.js';
import type { ObjectProblems } from './objectProblems.js';

export interface NamespaceRecord {
  readonly phase: 'active' | 'terminating';
  readonly consent: NamespaceConsent;
  /** Id of the member for whose exports the hub made it. Absent: it did not. */
  readonly madeFor?: string;
}

interface NamespaceRecords {
  readonly feed: Feed<Kept<NamespaceRecord>>;
  readonly all: ReadonlyMap<string, NamespaceRecord>;
  /** How many namespaces the hub made for the exports of a member. */
  madeFor(exporter: string): number;
}

export function createNamespaceRecords(changed: (name: string) => void, problems: ObjectProblems): NamespaceRecords {
  const all = new Map<string, NamespaceRecord>();
  const made = createIndexed<true>();
  return {
    all,
    madeFor: (exporter) => made.size(exporter),
    feed: checkedFeed('namespace', problems, {
      project: projectNamespace,
      changed(name, current) {
        if (JSON.stringify(all.get(name)) === JSON.stringify(current)) return;
        setOrDelete(all, name, current);
        made.set(name, current?.madeFor === undefined ? undefined : true, current?.madeFor);
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
    return kept({
      phase,
      consent: namespaceConsent({ name, labels: labels ?? {}, annotations: annotations ?? {} }),
      ...(manager === HUB_MANAGER && madeFor !== undefined && { madeFor }),
    });
  }
  const named = readObject(clusterName, object).ok;
  return kept(named ? { phase: 'active', consent: { imports: 'invalid' } } : undefined, malformed('namespace', object, read.error));
}
