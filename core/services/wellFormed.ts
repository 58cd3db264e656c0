/**
 * Ports and endpoints that every API server accepts. A hostile member can send anything. What would make the importer's API
 * server refuse the whole object is left out, since the object also carries what others export under that name.
 */
import { familyOf } from '../net/cidr.js';
import type { ServicePort, SliceRecord } from './model.js';
import { PORT_NAME, QUALIFIED_NAME } from './textForms.js';
import { DNS_LABEL } from '../text/dnsLabel.js';

const PROTOCOLS: ReadonlySet<string> = new Set<ServicePort['protocol']>(['TCP', 'UDP', 'SCTP']);

export function isPort({ name, protocol, port, appProtocol }: ServicePort): boolean {
  return (
    matches(name, PORT_NAME) &&
    PROTOCOLS.has(protocol) &&
    Number.isInteger(port) &&
    port >= 1 &&
    port <= 65_535 &&
    (appProtocol === undefined || matches(appProtocol, QUALIFIED_NAME))
  );
}

/** An expression takes a list of one text for that text. */
function matches(value: unknown, expression: RegExp): boolean {
  return typeof value === 'string' && expression.test(value);
}

/** `address` must be a valid IP address. */
export function isOfType(address: string, type: SliceRecord['addressType']): boolean {
  return (familyOf(address) === 4 ? 'IPv4' : 'IPv6') === type;
}

/** A DNS label, as the hostname of a headless Service's endpoint must be. */
export function isHostname(text: string): boolean {
  return matches(text, DNS_LABEL);
}

/** Seconds of session affinity (Kubernetes pkg/apis/core/validation: up to a day). */
export function isAffinityTimeout(seconds: number): boolean {
  return Number.isInteger(seconds) && seconds >= 1 && seconds <= 86_400;
}
