/**
 * What keeps the pods of one member from the Service: that it is not to be imported there, that no mirror stands, or that no packet gets
 * to an endpoint.
 */
import type { Finding } from '../api/explanation.js';
import type { Complaint } from '../api/problem.js';
import type { ExplainFacts, ExporterFacts, ImporterFacts } from './facts.js';
import { packetStop, portsDiffer } from './packetStop.js';
import { findingOf, inOrder, placeOf, STEPS } from './steps.js';

interface Judged {
  /** Whether somebody exports it to this member. */
  readonly asked: boolean;
  /** Undefined: it works there. */
  readonly stops?: Finding;
}

export function importerStop(facts: ImporterFacts, all: ExplainFacts): Judged {
  const { cluster } = facts;
  const open = all.exporters.filter(({ exported }) => exported);
  const own = open.find((each) => each.cluster === cluster);
  const others = open.filter((each) => each.cluster !== cluster && isTarget(each, cluster, all));
  const service = `${all.namespace}/${all.name}`;
  if (others.length === 0) {
    // Its only exporter reaches it as any Service of its own.
    if (own !== undefined) return { asked: false };
    return { asked: false, stops: open.length === 0 ? notExported(cluster, service) : notTargeted(cluster, service, open) };
  }
  const stops = stopOf(facts, { others, service });
  return { asked: true, ...(stops !== undefined && { stops }) };
}

function stopOf(
  facts: ImporterFacts,
  { others, service }: { readonly others: readonly ExporterFacts[]; readonly service: string },
): Finding | undefined {
  const { cluster } = facts;
  const told = inOrder(facts.told.map((each) => findingOf(each, cluster, 'mirrored')));
  const [first] = told.filter((each) => placeOf(each) <= STEPS.indexOf('mirrored'));
  if (facts.service === undefined) {
    return first ?? { step: 'mirrored', cluster, ...pending(facts.awaits ?? `${service} is not mirrored in ${cluster} yet`) };
  }
  const ready = facts.endpoints?.some(({ state }) => state === 'ready');
  const reachable =
    facts.endpoints === undefined || facts.endpoints.some((each) => each.state === 'ready' && isUsable(each.cluster, facts, others));
  if (reachable) return undefined;
  // What cannot be written keeps the endpoints from following, and is told by the API server itself.
  if (first !== undefined && ready !== true) return first;
  return packetStop(facts, others, service);
}

/** Whether a packet finds a port at an endpoint of that member, and is let in there. Its own are not asked. */
function isUsable(cluster: string, { cluster: here }: ImporterFacts, others: readonly ExporterFacts[]): boolean {
  const from = others.find((each) => each.cluster === cluster);
  return cluster === here || from === undefined || (from.closed === undefined && !portsDiffer(from));
}

function isTarget({ targets }: ExporterFacts, cluster: string, { exportToDefault = 'all' }: ExplainFacts): boolean {
  return targets === undefined ? exportToDefault === 'all' : targets.includes(cluster);
}

function pending(message: string): Complaint {
  return { reason: 'Pending', message };
}

function notExported(cluster: string, service: string): Finding {
  return { step: 'exported', cluster, reason: 'NotExported', message: `nobody exports ${service}` };
}

function notTargeted(cluster: string, service: string, exporters: readonly ExporterFacts[]): Finding {
  const from = exporters[0]?.cluster ?? '';
  const to = [...new Set([...(exporters[0]?.targets ?? []), cluster])].toSorted().join(',');
  return {
    step: 'targets',
    cluster: from,
    reason: 'NotTargeted',
    message: `${exporters.map((each) => each.cluster).join(', ')} exports ${service}, and not to ${cluster}`,
    remedy: `run in ${from}: kilofed export service ${service} --to ${to}`,
  };
}
