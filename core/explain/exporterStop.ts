/**
 * What keeps a member from exporting the Service at all.
 */
import type { Finding } from '../api/explanation.js';
import type { ExplainFacts, ExporterFacts } from './facts.js';
import { findingOf, inOrder } from './steps.js';

type Named = Pick<ExplainFacts, 'namespace' | 'name'>;

/** Undefined: nothing does. */
export function exporterStop(facts: ExporterFacts, named: Named): Finding | undefined {
  const { cluster, exported, service, namespace, by } = facts;
  const told = inOrder(facts.told.map((each) => findingOf(each, cluster, 'valid')));
  // What is exported may have complaints, and those are notes. That nobody is to import it is not.
  if (exported) return told.find(({ reason }) => reason === 'NoTargets');
  const wanted = `${named.namespace}/${named.name}`;
  if (service === 'none') {
    const isThere = namespace === undefined || namespace === 'present';
    const message = isThere ? `${cluster} has no Service ${wanted}` : `${cluster} has no namespace ${named.namespace}`;
    return {
      step: isThere ? 'service' : 'namespace',
      cluster,
      reason: 'NoService',
      message,
      remedy: `create the Service ${wanted} in ${cluster}`,
    };
  }
  const [first] = told;
  if (first !== undefined) return first;
  if (by !== undefined)
    return { step: 'exported', cluster, reason: 'Pending', message: `the hub has not taken up the export of ${cluster} yet` };
  return {
    step: 'exported',
    cluster,
    reason: 'NotExported',
    message: `${cluster} has the Service ${wanted}, and nothing exports it`,
    remedy: `run there: kilofed export service ${wanted}`,
  };
}
