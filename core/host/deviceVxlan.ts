/**
 * VXLAN on the host: the device, its static FDB entries and its neighbours.
 */
import type { VxlanDevice } from '../mesh/encapsulation/device.js';
import type { Difference } from './change.js';
import type { HostDevice } from './device.js';
import { type Json, number, string } from './iprouteJson.js';
import type { HostState, Link } from './state.js';
import { canonicalAddress } from './text.js';

export function vxlanOnHost(device: VxlanDevice): HostDevice {
  const { name, mtu, vni, port } = device;
  const local = canonicalAddress(device.local);
  const mac = device.mac.toLowerCase();
  return {
    module: 'vxlan',
    addArguments: `${name} mtu ${mtu} address ${mac} type vxlan id ${vni} dstport ${port} local ${local} nolearning`,
    added: { name, kind: 'vxlan', up: false, mtu, vxlan: { vni, port, local, mac } },
    mustReplace: ({ vxlan }) => vxlan?.vni !== vni || vxlan.port !== port,
    alter({ vxlan }) {
      const changed = { ...(vxlan?.local === local ? {} : { local }), ...(vxlan?.mac === mac ? {} : { mac }) };
      return Object.keys(changed).length === 0 ? [] : [{ kind: 'vxlan.set', name, ...changed }];
    },
    diffContents: (observed) => diffNeighbours(device, observed),
  };
}

/** `entry` and `info`: of one link in `ip -j -d addr`, and the part of it that belongs to its kind. */
export function parseVxlan(entry: Json, info: Json): Pick<Link, 'vxlan'> {
  const local = info['local'] ?? info['local6'];
  return {
    vxlan: {
      vni: number(info['id']),
      port: number(info['port']),
      local: local === undefined ? '' : canonicalAddress(string(local)),
      mac: string(entry['address']).toLowerCase(),
    },
  };
}

function diffNeighbours(device: VxlanDevice, observed: HostState): Difference {
  const dev = device.name;
  const vteps = device.neighbours.map(({ address, mac }) => ({ address: canonicalAddress(address), mac: mac.toLowerCase() }));
  const entries = device.neighbours.flatMap(({ hops, mac }) =>
    hops.map((address) => ({ address: canonicalAddress(address), mac: mac.toLowerCase() })),
  );
  const addresses = new Set(entries.map(({ address }) => address));
  const macs = new Set(vteps.map(({ mac }) => mac));
  return {
    set: [
      ...vteps
        .filter(({ mac, address }) => observed.fdb.get(mac) !== address)
        .map((entry) => ({ kind: 'fdb.set', dev, ...entry }) as const),
      ...entries
        .filter(({ mac, address }) => observed.neighbours.get(address) !== mac)
        .map((entry) => ({ kind: 'neighbour.set', dev, ...entry }) as const),
    ],
    remove: [
      ...[...observed.neighbours.keys()]
        .filter((address) => !addresses.has(address))
        .map((address) => ({ kind: 'neighbour.delete', dev, address }) as const),
      ...[...observed.fdb].filter(([mac]) => !macs.has(mac)).map(([mac, address]) => ({ kind: 'fdb.delete', dev, mac, address }) as const),
    ],
  };
}
