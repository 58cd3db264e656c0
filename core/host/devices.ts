/**
 * The kinds of devices that carry encapsulated packets. A kind that a plan can name and these tables lack does not compile.
 */
import { DEVICE_NAME, type DeviceKind, type DeviceOf } from '../mesh/encapsulation/device.js';
import type { HostDevice } from './device.js';
import { ipipOnHost, parseIpip } from './deviceIpip.js';
import { parseVxlan, vxlanOnHost } from './deviceVxlan.js';
import type { Json } from './iprouteJson.js';
import type { Link } from './state.js';

const ON_HOST: { readonly [K in DeviceKind]: (device: DeviceOf<K>) => HostDevice } = { vxlan: vxlanOnHost, ipip: ipipOnHost };

const PARSERS: Readonly<Record<DeviceKind, (entry: Json, info: Json) => Partial<Link>>> = { vxlan: parseVxlan, ipip: parseIpip };

const HAS_FDB: Readonly<Record<DeviceKind, boolean>> = { vxlan: true, ipip: false };

export function hostDevice<K extends DeviceKind>(device: DeviceOf<K>): HostDevice {
  return ON_HOST[device.kind](device);
}

/** The attributes of a link that belong to its kind (`info`); undefined: the link is none of ours. */
export function parseDevice(name: string, kind: unknown, entry: Json, info: Json): (Partial<Link> & Pick<Link, 'kind'>) | undefined {
  const ours = KINDS.find((each) => each === kind && DEVICE_NAME[each] === name);
  return ours === undefined ? undefined : { kind: ours, ...PARSERS[ours](entry, info) };
}

/** Whether a link sends by FDB and neighbour entries, which HostState then holds. */
export function hasFdb({ kind }: Link): boolean {
  return KINDS.some((each) => each === kind && HAS_FDB[each]);
}

const KINDS = Object.keys(ON_HOST) as readonly DeviceKind[];
