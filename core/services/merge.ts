/**
 * Several exporters of one name to one Service: the oldest export wins, and the losers are told (KEP-1645, "Constraints and
 * Conflict Resolution"). Age is the API server's creation time, then the member's id; nothing a member can write counts.
 */
import type { ServicePort, ServiceRecord } from './model.js';

export type ConflictReason = 'PortConflict' | 'TypeConflict' | 'SessionAffinityConflict';

export interface MergedService {
  readonly headless: boolean;
  readonly ports: readonly ServicePort[];
  readonly sessionAffinity: 'None' | 'ClientIP';
  readonly sessionAffinitySeconds?: number;
  readonly publishNotReadyAddresses: boolean;
  readonly ipFamilies: readonly ('IPv4' | 'IPv6')[];
  readonly conflicts: readonly { readonly reason: ConflictReason; readonly message: string }[];
}

/** The winner first. */
export function byPrecedence(a: ServiceRecord, b: ServiceRecord): number {
  if (a.created !== b.created) return a.created < b.created ? -1 : 1;
  return a.cluster < b.cluster ? -1 : a.cluster > b.cluster ? 1 : 0;
}

/** Undefined: nobody exports it. */
export function mergeServices(records: readonly ServiceRecord[]): MergedService | undefined {
  const [winner, ...others] = records.toSorted(byPrecedence);
  if (winner === undefined) return undefined;
  const ports: ServicePort[] = [...winner.ports];
  const conflicts: { reason: ConflictReason; message: string }[] = [];
  for (const other of others) {
    if (other.headless !== winner.headless) {
      conflicts.push({ reason: 'TypeConflict', message: `${winner.cluster} exports it ${shape(winner)}, ${other.cluster} ${shape(other)}` });
    }
    if (other.sessionAffinity !== winner.sessionAffinity) {
      conflicts.push({ reason: 'SessionAffinityConflict', message: `${winner.cluster} asks for ${winner.sessionAffinity}, ${other.cluster} for ${other.sessionAffinity}` });
    }
    for (const port of other.ports) {
      const rival = ports.find((each) => each.name === port.name || (each.protocol === port.protocol && each.port === port.port));
      if (rival === undefined) ports.push(port);
      else if (!samePort(rival, port)) {
        conflicts.push({ reason: 'PortConflict', message: `${portText(port)} of ${other.cluster} gives way to ${portText(rival)} of an older export` });
      }
    }
  }
  return {
    headless: winner.headless,
    ports,
    sessionAffinity: winner.sessionAffinity,
    ...(winner.sessionAffinitySeconds === undefined ? {} : { sessionAffinitySeconds: winner.sessionAffinitySeconds }),
    publishNotReadyAddresses: winner.publishNotReadyAddresses,
    ipFamilies: [...new Set(records.flatMap((record) => record.ipFamilies))].toSorted(),
    conflicts,
  };
}

/** Does `port` of an exporter feed `merged`? Only if name, protocol and number are all the same. */
export function samePort(a: Pick<ServicePort, 'name' | 'protocol' | 'port'>, b: Pick<ServicePort, 'name' | 'protocol' | 'port'>): boolean {
  return a.name === b.name && a.protocol === b.protocol && a.port === b.port;
}

function shape(record: ServiceRecord): string {
  return record.headless ? 'headless' : 'with a virtual address';
}

function portText(port: ServicePort): string {
  return `port ${port.name === '' ? port.port : `${port.name} (${port.port})`}/${port.protocol}`;
}
