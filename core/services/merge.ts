/**
 * Several exporters of one name to one Service: the oldest export wins, and all are told of the difference (KEP-1645,
 * "Constraints and Conflict Resolution"). Age is the API server's creation time, then the member's id; nothing that is
 * written into the object counts.
 */
import { conflictsOf, type ServiceConflict } from './conflicts.js';
import type { ServicePort, ServiceRecord } from './model.js';
import { isAffinityTimeout, isPort } from './wellFormed.js';

export interface MergedService {
  readonly headless: boolean;
  /** No two of a name, no two of a protocol and number; the oldest export's first. */
  readonly ports: readonly ServicePort[];
  readonly sessionAffinity: 'None' | 'ClientIP';
  readonly sessionAffinitySeconds?: number;
  readonly publishNotReadyAddresses: boolean;
  /** The oldest export's first. */
  readonly ipFamilies: readonly ('IPv4' | 'IPv6')[];
  readonly conflicts: readonly ServiceConflict[];
}

/** The winner first. A time that is none is no claim to age. */
export function byPrecedence(a: ServiceRecord, b: ServiceRecord): number {
  const [x, y] = [ageOf(a), ageOf(b)];
  if (x !== y) return x < y ? -1 : 1;
  return a.cluster < b.cluster ? -1 : a.cluster > b.cluster ? 1 : 0;
}

/** Undefined: nobody exports it. */
export function mergeServices(records: readonly ServiceRecord[]): MergedService | undefined {
  const sorted = records.map(wellFormed).toSorted(byPrecedence);
  const [winner] = sorted;
  if (winner === undefined) return undefined;
  return {
    headless: winner.headless,
    ports: unionOf(sorted.flatMap(({ ports }) => ports)),
    sessionAffinity: winner.sessionAffinity,
    ...(winner.sessionAffinitySeconds !== undefined && { sessionAffinitySeconds: winner.sessionAffinitySeconds }),
    publishNotReadyAddresses: winner.publishNotReadyAddresses,
    ipFamilies: [...new Set(sorted.flatMap(({ ipFamilies }) => ipFamilies))],
    conflicts: conflictsOf(sorted),
  };
}

/** Does `port` of an exporter feed `merged`? Only if name, protocol and number are all the same. */
export function samePort(a: Pick<ServicePort, 'name' | 'protocol' | 'port'>, b: Pick<ServicePort, 'name' | 'protocol' | 'port'>): boolean {
  return a.name === b.name && a.protocol === b.protocol && a.port === b.port;
}

/**
 * The name a port has in the Service and the slices that stand for `merged`. A port without a name gets one where there are
 * others, since a Service of several ports must name them all; in the ServiceImport it stays without.
 */
export function standingName(name: string, merged: Pick<MergedService, 'ports'>): string {
  const port = merged.ports.find((each) => each.name === '');
  if (name !== '' || port === undefined || merged.ports.length === 1) return name;
  let given = `${port.protocol.toLowerCase()}-${port.port}`;
  while (merged.ports.some((each) => each.name === given)) given = `x-${given}`;
  return given;
}

function unionOf(ports: readonly ServicePort[]): ServicePort[] {
  const union: ServicePort[] = [];
  for (const port of ports) {
    const rival = union.some((each) => each.name === port.name || (each.protocol === port.protocol && each.port === port.port));
    if (!rival) union.push(port);
  }
  return union;
}

function ageOf({ created }: ServiceRecord): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(created) ? created : 'unknown';
}

/** Old API servers do not say the families of a Service: it was IPv4 then. */
function wellFormed(record: ServiceRecord): ServiceRecord {
  const { sessionAffinitySeconds, ...rest } = record;
  return {
    ...rest,
    ports: record.ports.filter(isPort),
    ipFamilies: record.ipFamilies.length === 0 ? ['IPv4'] : record.ipFamilies,
    sessionAffinity: record.sessionAffinity === 'ClientIP' ? 'ClientIP' : 'None',
    ...(sessionAffinitySeconds !== undefined && isAffinityTimeout(sessionAffinitySeconds) && { sessionAffinitySeconds }),
  };
}
