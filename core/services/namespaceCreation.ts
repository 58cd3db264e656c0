/**
 * Namespaces that an importer lacks, and wants made: by the label `kilofed.io/create-namespaces` on its namespace `kilofed`. Absent or not
 * understood, none is.
 *
 * A namespace that is made for some members only is open to imports from these only, as the label says. It stays when nothing is imported
 * into it any more, since by then it may hold anything.
 */
import { EXPORT_LABEL } from '../api/exportNames.js';
import { DEFAULT_NAMESPACE, HUB_MANAGER, LABEL } from '../api/names.js';
import type { KubeObject } from '../api/resources.js';
import { BOUND } from './bounds.js';
import type { ImportConsent } from './namespaceConsent.js';

export interface CreationConsent {
  /** What the label says. Absent: nothing. */
  readonly creates?: ImportConsent;
  /** How many namespaces were made in the importer for the exports of a member. */
  readonly madeFor: (exporter: string) => number;
}

interface NamespacePlan {
  readonly create?: KubeObject;
  /** Why it is not made, though somebody may think so; it continues a sentence. */
  readonly why?: string;
}

/** `exporters`: ids of those that would be imported from, by precedence. The first one with consent and room has it made. */
export function planNamespace(name: string, exporters: readonly string[], { creates, madeFor }: CreationConsent): NamespacePlan {
  const label = `label ${EXPORT_LABEL.createNamespaces} of namespace ${DEFAULT_NAMESPACE} there`;
  if (creates === undefined || creates === 'none') return {};
  if (creates === 'invalid')
    return { why: `none is made, since ${label} is not understood: write all, none, or names of members joined by "_"` };
  const wanted = exporters.filter((id) => creates === 'all' || creates.includes(id));
  if (wanted.length === 0) return { why: `${label} has none made for ${exporters.join(', ')}` };
  const first = wanted.find((id) => madeFor(id) < BOUND.createdNamespaces);
  if (first === undefined) return { why: `${BOUND.createdNamespaces} were made there for ${wanted.join(', ')} already` };
  return {
    create: {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name,
        labels: {
          [LABEL.managedBy]: HUB_MANAGER,
          [LABEL.cluster]: first,
          ...(creates !== 'all' && { [LABEL.import]: creates.join('_') }),
        },
      },
    },
  };
}
