/**
 * The shape of a mirror: all of its Service but the endpoints. It is that of one exporter, the first by precedence (decision 25), to which
 * others may add ports (unionPorts.ts).
 */
import { BOUND } from './bounds.js';
import type { ServicePort, ServiceRecord } from './model.js';
import { isAffinityTimeout, isPort } from './wellFormed.js';

type IpFamily = 'IPv4' | 'IPv6';

export interface ServiceShape {
  readonly headless: boolean;
  /** Unique by name and by protocol and number. */
  readonly ports: readonly ServicePort[];
  readonly sessionAffinity: 'None' | 'ClientIP';
  readonly sessionAffinitySeconds?: number;
  readonly publishNotReadyAddresses: boolean;
  /** At least one. */
  readonly ipFamilies: readonly IpFamily[];
  /** Absent: `Cluster`. */
  readonly internalTrafficPolicy?: 'Local';
  readonly trafficDistribution?: string;
}

type ShapeSource = Pick<
  ServiceRecord,
  | 'headless'
  | 'ports'
  | 'ipFamilies'
  | 'sessionAffinity'
  | 'sessionAffinitySeconds'
  | 'publishNotReadyAddresses'
  | 'internalTrafficPolicy'
  | 'trafficDistribution'
>;

/** Only what every API server accepts. Without ipFamilies, as from API servers before dual-stack, the Service is IPv4. */
export function shapeOf(record: ShapeSource): ServiceShape {
  const { headless, sessionAffinitySeconds, publishNotReadyAddresses, internalTrafficPolicy, trafficDistribution } = record;
  return {
    headless,
    ports: uniquePorts(record.ports.filter(isPort)),
    sessionAffinity: record.sessionAffinity === 'ClientIP' ? 'ClientIP' : 'None',
    ...(sessionAffinitySeconds !== undefined && isAffinityTimeout(sessionAffinitySeconds) && { sessionAffinitySeconds }),
    publishNotReadyAddresses,
    ipFamilies: record.ipFamilies.length === 0 ? ['IPv4'] : [...new Set(record.ipFamilies)],
    ...(internalTrafficPolicy === 'Local' && { internalTrafficPolicy }),
    ...(trafficDistribution !== undefined && { trafficDistribution }),
  };
}

/** Equal for an exporter's port and one of the shape's that are the same: name, protocol and number must all be equal. */
export function portKey({ name, protocol, port }: Pick<ServicePort, 'name' | 'protocol' | 'port'>): string {
  return `${protocol}/${port}/${name}`;
}

/**
 * The name that the nameless port of `shape` has in its mirror: one if there are others, since a Service with several ports must name
 * them all. In the ServiceImport it stays nameless.
 */
export function nameOfNameless({ ports }: Pick<ServiceShape, 'ports'>): string {
  const port = ports.find((each) => each.name === '');
  if (port === undefined || ports.length === 1) return '';
  const taken = new Set(ports.map((each) => each.name));
  const plain = `${port.protocol.toLowerCase()}-${port.port}`;
  let given = plain;
  // The exporter chose the others, and a name has 63 characters at most.
  for (let count = 2; taken.has(given); count += 1) given = `${plain}-${count}`;
  return given;
}

/** Of ports with one name, or with one protocol and number, the first. No more than its slices can have. */
export function uniquePorts(ports: readonly ServicePort[]): ServicePort[] {
  const [names, numbers] = [new Set<string>(), new Set<string>()];
  const isUnique = ({ name, protocol, port }: ServicePort): boolean => {
    const number = `${protocol}/${port}`;
    if (names.has(name) || numbers.has(number)) return false;
    names.add(name);
    numbers.add(number);
    return true;
  };
  return ports.filter(isUnique).slice(0, BOUND.ports);
}
