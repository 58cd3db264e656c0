/**
 * IPIP on the host: a device with nothing but its own end.
 */
import type { IpipDevice } from '../mesh/encapsulation/device.js';
import type { HostDevice } from './device.js';
import { type Json, string } from './iprouteJson.js';
import type { Link } from './state.js';
import { canonicalAddress } from './text.js';

export function ipipOnHost({ name, mtu, local: own }: IpipDevice): HostDevice {
  const local = canonicalAddress(own);
  return {
    module: 'ipip',
    addArguments: `${name} mtu ${mtu} type ipip local ${local}`,
    added: { name, kind: 'ipip', up: false, mtu, local },
    mustReplace: (link) => link.kind !== 'ipip' || link.local !== local,
    alter: () => [],
    diffContents: () => ({ set: [], remove: [] }),
  };
}

/** As `parseVxlan`. */
export function parseIpip(_entry: Json, { local }: Json): Pick<Link, 'local'> {
  return { local: local === undefined || local === 'any' ? '' : canonicalAddress(string(local)) };
}
