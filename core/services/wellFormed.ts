/**
 * What every API server accepts of a port and an endpoint. A member's own API server may send anything; what would make the
 * importer refuse a whole object, and with it what others export under the same name, is left out.
 */
import { familyOf } from '../net/cidr.js';
import type { ServicePort, SliceRecord } from './model.js';

/** Limits of one EndpointSlice (Kubernetes pkg/apis/discovery/validation). */
export const SLICE_LIMIT = { endpoints: 1000, addresses: 100, ports: 100 } as const;

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const QUALIFIED_NAME = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const PROTOCOLS: ReadonlySet<string> = new Set<ServicePort['protocol']>(['TCP', 'UDP', 'SCTP']);

export function isPort({ name, protocol, port, appProtocol }: ServicePort): boolean {
  return (name === '' || LABEL.test(name))
    && PROTOCOLS.has(protocol)
    && Number.isInteger(port) && port >= 1 && port <= 65_535
    && (appProtocol === undefined || QUALIFIED_NAME.test(appProtocol));
}

/** `address` is one already. */
export function isOfType(address: string, type: SliceRecord['addressType']): boolean {
  return (familyOf(address) === 4 ? 'IPv4' : 'IPv6') === type;
}

/** A label by which DNS knows the endpoint of a headless Service. */
export function isHostname(text: string): boolean {
  return LABEL.test(text);
}

/** Seconds of session affinity (Kubernetes pkg/apis/core/validation: up to a day). */
export function isAffinityTimeout(seconds: number): boolean {
  return Number.isInteger(seconds) && seconds >= 1 && seconds <= 86_400;
}
