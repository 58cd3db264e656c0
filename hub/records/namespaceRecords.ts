/**
 * The namespaces of a member: which there are, and what each says about imports into it.
 */
import { clusterName } from '../../core/observed/metadata.js';
import { readObject } from '../../core/observed/readObject.js';
import { type NamespaceConsent, namespaceConsent, observedNamespace } from '../../core/services/namespaceConsent.js';
import { checkedFeed } from './checkedFeed.js';
import { type Feed, setOrDelete } from './feed.js';
import { type Kept, kept, malformed } from './kept.js';
import type { ObjectProblems } from './objectProblems.js';

export interface NamespaceRecord {
  readonly phase: 'active' | 'terminating';
  readonly consent: NamespaceConsent;
}

interface NamespaceRecords {
  readonly feed: Feed<Kept<NamespaceRecord>>;
  readonly all: ReadonlyMap<string, NamespaceRecord>;
}

export function createNamespaceRecords(changed: (name: string) => void, problems: ObjectProblems): NamespaceRecords {
  const all = new Map<string, NamespaceRecord>();
  return {
    all,
    feed: checkedFeed('namespace', problems, {
      project: projectNamespace,
      changed(name, current) {
        if (JSON.stringify(all.get(name)) === JSON.stringify(current)) return;
        setOrDelete(all, name, current);
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
    return kept({ phase, consent: namespaceConsent({ name, labels: labels ?? {}, annotations: annotations ?? {} }) });
  }
  const named = readObject(clusterName, object).ok;
  return kept(named ? { phase: 'active', consent: { imports: 'invalid' } } : undefined, malformed('namespace', object, read.error));
}
