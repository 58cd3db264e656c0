/**
 * Explains one Service across members: for each that exports it and each that imports it, whether it works there, and if not, the first
 * thing on the way that stops it.
 */
import type { Explanation, Finding } from '../api/explanation.js';
import { exporterStop } from './exporterStop.js';
import type { EndpointFact, ExplainFacts, ExporterFacts, ImporterFacts } from './facts.js';
import { importerStop } from './importerStop.js';
import { findingOf, inOrder, placeOf } from './steps.js';
import { verdictOf } from './verdict.js';

type Exporter = Explanation['exporters'][number];
type Importer = Explanation['importers'][number];

/** Endpoints that are shown of all members together; of each at least `FEWEST`. */
const SHOWN = 2_000;
const FEWEST = 5;

/** `only`: the one member that somebody asks about, whether it is to import the Service or not. */
export function explain(facts: ExplainFacts, only?: string): Explanation {
  const most = Math.max(FEWEST, Math.floor(SHOWN / (facts.exporters.length + facts.importers.length + 1)));
  const exporters = facts.exporters.map((each) => exporterOf(each, facts, most)).toSorted(byCluster);
  const importers = facts.importers.map((each) => importerOf(each, facts, most)).toSorted(byCluster);
  const judged = { namespace: facts.namespace, name: facts.name, exporters, importers, unseen: [...facts.unseen] };
  return { ...judged, ...verdictOf(judged, only) };
}

function exporterOf(facts: ExporterFacts, all: ExplainFacts, most: number): Exporter {
  const stops = exporterStop(facts, all);
  const { cluster, by, exported, type, ports, addresses, since, policy, endpoints } = facts;
  const told = inOrder(facts.told.map((each) => findingOf(each, cluster, 'valid')));
  return {
    cluster,
    ...(by !== undefined && { by }),
    exported,
    ...(type !== undefined && { type }),
    ports: ports.map((port) => `${port.name === '' ? '' : `${port.name} `}${port.port}/${port.protocol}`),
    addresses: [...addresses],
    ...(since !== undefined && { since }),
    policy,
    ...(endpoints !== undefined && { endpoints: shown(endpoints, most) }),
    ...(stops !== undefined && { stops }),
    notes: told.filter((each) => !isSame(each, stops)),
  };
}

function importerOf(facts: ImporterFacts, all: ExplainFacts, most: number): Importer {
  const { cluster, service, addresses, names, since, policy, endpoints, paths } = facts;
  const { asked, stops } = importerStop(facts, all);
  const told = inOrder(facts.told.map((each) => findingOf(each, cluster, 'mirrored')));
  return {
    cluster,
    asked,
    works: stops === undefined,
    ...(service !== undefined && { service }),
    addresses: [...addresses],
    names: [...names],
    ...(since !== undefined && { since }),
    policy,
    ...(endpoints !== undefined && { endpoints: shown(endpoints, most) }),
    paths: [...paths],
    ...(stops !== undefined && { stops }),
    notes: told.filter((each) => !isSame(each, stops)),
  };
}

function shown(endpoints: readonly EndpointFact[], most: number): NonNullable<Exporter['endpoints']> {
  return {
    total: endpoints.length,
    ready: endpoints.filter(({ state }) => state === 'ready').length,
    heldBack: endpoints.filter(({ state }) => state === 'heldBack').length,
    shown: endpoints.slice(0, most),
  };
}

function isSame(a: Finding, b: Finding | undefined): boolean {
  return b !== undefined && placeOf(a) === placeOf(b) && a.reason === b.reason && a.message === b.message;
}

function byCluster(a: { readonly cluster: string }, b: { readonly cluster: string }): number {
  return a.cluster < b.cluster ? -1 : 1;
}
