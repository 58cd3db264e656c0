/**
 * What the hub knows of one Service, for its explanation: of each member what it exports, imports, and what of it gets there.
 */
import type { ExplainFacts } from '../../../core/explain/facts.js';
import { exporterFacts } from './exporterFacts.js';
import type { ExplainSources } from './explainSources.js';
import { importerFacts } from './importerFacts.js';

export function explainFacts(namespace: string, name: string, sources: ExplainSources): ExplainFacts {
  const { federation } = sources;
  const service = `${namespace}/${name}`;
  const ids = federation.ids();
  const unread = ids.filter((id) => federation.known(id) === undefined);
  const importers = ids.flatMap((id) => importerFacts(id, service, sources) ?? []);
  return {
    namespace,
    name,
    exporters: ids.flatMap((id) => exporterFacts(id, service, sources) ?? []),
    importers,
    unseen: [
      ...unread.map(
        (id) => `what ${id} has: ${federation.isGone(id) ? 'it was away for longer than its time to live' : whyUnread(id, sources)}`,
      ),
      // The hub has no right to ask, and only for these it matters.
      ...importers
        .filter(({ derivedOnly }) => derivedOnly)
        .map(({ cluster }) => `whether the DNS of ${cluster} answers for clusterset.local: run there kilofed dns status`),
      ...(ids.length === 0 ? ['any member: none is declared to the hub'] : []),
    ],
    exportToDefault: sources.exportToDefault,
  };
}

function whyUnread(id: string, { federation }: ExplainSources): string {
  const state = federation.member(id)?.state();
  return state !== undefined && 'reason' in state ? state.reason : 'it was not read yet';
}
