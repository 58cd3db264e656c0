/**
 * The part of the nft table that lets probes in: from nodes of the mesh only. Each costs its receiver some work, and its answer tells how
 * the mesh is. And that has this host answer those who ask whether it lives, whatever other firewalls do with what nobody listens to.
 */
import { KNOCK_PORT, PROBE_PORT, VXLAN_PORT } from '../api/ports.js';
import { INTERFACE_PREFIX } from '../mesh/reserved.js';
import { byFamily, FAMILIES, type Rule, type Table } from './table.js';

const PORTS = `${PROBE_PORT}-${VXLAN_PORT - 1}`;

/** Of the chain `input`. */
export const PROBE_RULES: readonly Rule[] = FAMILIES.flatMap(([ip, digit]) => [
  {
    match: `udp dport ${PORTS} ${ip} saddr != @prober${digit} drop`,
    comment: `kilofed: ${ip} probes ${PORTS} only from nodes`,
  },
  {
    match: `iifname "${INTERFACE_PREFIX}*" udp dport ${KNOCK_PORT} ${ip} saddr @prober${digit} reject`,
    comment: `kilofed: ${ip} this host lives, ${KNOCK_PORT}`,
  },
]);

export function probeSets(senders: readonly string[]): Table['sets'] {
  return byFamily('prober', senders, '; flags interval');
}
