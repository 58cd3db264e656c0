/**
 * What the objects of one member tell of a Service, without the hub: of this member what it exports, imports and what gets here; of others
 * only what the hub wrote here of them.
 */
import { ANNOTATION, BLOCKED_ANNOTATION_PREFIX, LABEL, WAITING_ANNOTATION_PREFIX } from '../../api/names.js';
import { isHubs } from '../../observed/ownership.js';
import type { ExplainFacts, ExporterFacts, ImporterFacts } from '../facts.js';
import { exporterHere } from './exporterHere.js';
import { importerHere } from './importerHere.js';
import { type ConditionedObject, isOwn, type LocalObjects } from './localObjects.js';

const ELSEWHERE = 'other members';

export function localFacts(objects: LocalObjects): ExplainFacts {
  const { namespace, name, service, serviceExport } = objects;
  const others = exportersElsewhere(objects);
  const own = isOwn(service) || (serviceExport !== undefined && !isHubs('serviceExport', serviceExport)) ? [exporterHere(objects)] : [];
  const isImported = others.length > 0 || own.length === 0;
  return {
    namespace,
    name,
    exporters: [...own, ...(isImported ? (others.length > 0 ? others : [ELSEWHERE]).map((id) => exporterElsewhere(id)) : [])],
    importers: [...(isImported ? [importerHere(objects, others)] : []), ...importersElsewhere(serviceExport)],
    unseen: unseenOf(objects, own.length > 0),
  };
}

function unseenOf({ hubSeen }: LocalObjects, exports: boolean): string[] {
  return [
    'what other members have of it: only the hub knows',
    ...(exports ? ['whether it works in the members that import it: ask there, or the hub'] : []),
    ...(hubSeen === undefined ? ['whether a hub follows this member'] : [`what has happened since the hub was here last: ${hubSeen}`]),
    'whether the DNS here answers for clusterset.local: kilofed dns status',
  ];
}

/** Its endpoints and its terms are not seen from here. */
function exporterElsewhere(cluster: string): ExporterFacts {
  return { cluster, service: 'somebodys', by: 'not seen from here', exported: true, ports: [], addresses: [], policy: {}, told: [] };
}

function exportersElsewhere({ service, serviceImport, slices }: LocalObjects): string[] {
  const mirrored = slices.flatMap(({ metadata }) => metadata.labels?.[LABEL.cluster] ?? []);
  const listed = serviceImport?.metadata.annotations?.[ANNOTATION.exporters]?.split(',') ?? [];
  const clusters = (serviceImport?.status?.clusters ?? []).map(({ cluster }) => cluster);
  // The ServiceImport of an exporter names itself, too, by an id that its own objects do not tell.
  const ids = isOwn(service) ? mirrored : [...clusters, ...listed, ...mirrored];
  return [...new Set(ids)].filter((id) => id !== '').toSorted();
}

/** What the hub noted of those that do not import it. */
function importersElsewhere(serviceExport: ConditionedObject | undefined): ImporterFacts[] {
  const notes = Object.entries(serviceExport?.metadata.annotations ?? {});
  return [BLOCKED_ANNOTATION_PREFIX, WAITING_ANNOTATION_PREFIX].flatMap((prefix) =>
    notes.flatMap(([key, message]) =>
      key.startsWith(prefix)
        ? [
            {
              cluster: key.slice(prefix.length),
              derivedOnly: false,
              addresses: [],
              names: [],
              policy: {},
              paths: [],
              told: [],
              awaits: message,
            },
          ]
        : [],
    ),
  );
}
