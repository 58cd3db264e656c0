/**
 * Our devices: which to add, alter or remove.
 */
import type { NodePlan, WireguardInterface } from '../mesh/plan.js';
import type { EncapsulationDevice } from '../mesh/encapsulation/device.js';
import type { Change, Difference } from './change.js';
import { hostDevice } from './devices.js';
import { createHostModel } from './hostModel.js';
import { meshDevices } from './meshDevices.js';
import type { HostState } from './state.js';

type LinkDelete = Extract<Change, { kind: 'link.delete' }>;

/** Devices that cannot be altered, so they are deleted before anything else and made again. */
export function obsoleteLinks({ interfaces, encapsulation }: NodePlan, { links, wireguard }: HostState): readonly LinkDelete[] {
  const unresponsive = interfaces.filter(({ name }) => links.has(name) && !wireguard.has(name)).map(({ name }) => name);
  const link = encapsulation === undefined ? undefined : links.get(encapsulation.name);
  const replaced = encapsulation !== undefined && link !== undefined && hostDevice(encapsulation).mustReplace(link);
  return [...unresponsive, ...(replaced ? [encapsulation.name] : [])].map((name) => ({ kind: 'link.delete', name }));
}

/** The host without these links. */
export function withoutLinks(observed: HostState, obsolete: readonly LinkDelete[]): HostState {
  if (obsolete.length === 0) return observed;
  const model = createHostModel(observed);
  for (const change of obsolete) model.record(change);
  return model.state();
}

/** `publicKey`: of the node's own key. */
export function diffLinks(desired: NodePlan, observed: HostState, publicKey: string): Difference {
  const { interfaces, encapsulation } = desired;
  const wanted = new Set(meshDevices(desired));
  return {
    set: [
      ...interfaces.flatMap((one) => diffInterface(one, observed, publicKey)),
      ...(encapsulation === undefined ? [] : diffDevice(encapsulation, observed)),
    ],
    remove: [...observed.links.keys()]
      .filter((name) => !wanted.has(name))
      .toSorted()
      .map((name) => ({ kind: 'link.delete', name })),
  };
}

function diffInterface({ name, mtu, listenPort }: WireguardInterface, observed: HostState, publicKey: string): readonly Change[] {
  const link = observed.links.get(name);
  const now = observed.wireguard.get(name);
  const key = now?.publicKey !== publicKey;
  const port = now?.listenPort === listenPort ? {} : { listenPort };
  return [
    ...(link === undefined ? [{ kind: 'wireguard.add', name } as const] : []),
    ...(key || 'listenPort' in port ? [{ kind: 'wireguard.configure', name, key, publicKey, ...port } as const] : []),
    ...(link?.up === true && link.mtu === mtu ? [] : [{ kind: 'link.set', name, mtu, listenPort } as const]),
  ];
}

function diffDevice(device: EncapsulationDevice, { links }: HostState): readonly Change[] {
  const { name, mtu } = device;
  const link = links.get(name);
  const up: Change = { kind: 'link.set', name, mtu };
  if (link === undefined) return [{ kind: 'device.add', device }, up];
  return [...hostDevice(device).alter(link), ...(link.up && link.mtu === mtu ? [] : [up])];
}
