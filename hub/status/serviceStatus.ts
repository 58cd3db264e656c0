/**
 * Exported Services in the status: who exports them, and what became of each import.
 */
import type { FederationStatus } from '../../core/api/status.js';
import { formatKey } from '../controllers/keys.js';
import type { Outcome, Outcomes } from '../controllers/outcomes.js';
import type { Federation } from '../federation/federation.js';

interface ServiceSources {
  readonly federation: Federation;
  readonly outcomes: Outcomes;
}

/** There may be thousands: what is the same for all of them is looked up once. */
export function serviceStatus({ federation, outcomes }: ServiceSources): FederationStatus['services'] {
  const exported = federation.exported();
  const targets = federation.ids().map((id) => ({ id, outcomes: outcomes.of(id) }));
  const recordsOf = new Map(federation.ids().map((id) => [id, federation.known(id)?.records]));
  return [...exported.keys()].toSorted().flatMap((service) => {
    const [namespace = '', name = ''] = service.split('/');
    const exporters = (exported.get(service) ?? []).flatMap((id) => {
      const records = recordsOf.get(id);
      const entry = records?.services().get(service);
      if (records === undefined || entry?.kind !== 'exported' || !entry.record.export.exported) return [];
      const { endpoints, ready } = records.countOf(service);
      return [{ cluster: id, endpoints, ready }];
    });
    if (exporters.length === 0) return [];
    // The only exporter of a service does not import it.
    const alone = exporters.length === 1 ? exporters[0]?.cluster : undefined;
    const key = formatKey({ kind: 'service', service });
    const importers = targets.flatMap((target) => {
      const outcome = target.id === alone ? undefined : target.outcomes.get(key);
      return outcome === undefined ? [] : [importerStatus(target.id, outcome)];
    });
    return [{ namespace, name, exporters, importers }];
  });
}

function importerStatus(cluster: string, { state, service, reason }: Outcome): FederationStatus['services'][number]['importers'][number] {
  return {
    cluster,
    state: state === 'done' ? 'mirrored' : state,
    ...(service !== undefined && { service }),
    ...(reason !== undefined && { reason }),
  };
}
