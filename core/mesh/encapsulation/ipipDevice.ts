/**
 * Encapsulations on an IPIP device of our own, which carries IPv4 in IPv4. The far end is the next hop itself.
 */
import { DEVICE_NAME, type IpipDevice } from './device.js';
import type { DeviceInput, NextHops, PlannedDevice } from './strategy.js';

/** What an encapsulation chooses of its device. */
interface IpipOptions extends Pick<IpipDevice, 'alternative'> {
  /** The node's own end; undefined: it has none. */
  readonly local: string | undefined;
  /** Bytes that it adds to a packet. */
  readonly overhead: number;
}

/** Between the two ends of a tunnel. */
export function ipipNextHops(mine: string | undefined, theirs: string | undefined): NextHops {
  return mine === undefined || theirs === undefined ? {} : { inet: { dev: DEVICE_NAME.ipip, address: theirs } };
}

/** Undefined: there is nobody to send to. */
export function planIpipDevice(
  { neighbours, underlayMtu, tunnelMtu }: DeviceInput,
  { local, overhead, alternative }: IpipOptions,
): PlannedDevice | undefined {
  const from = neighbours.flatMap(({ nextHops: { inet } }) => (inet?.dev === DEVICE_NAME.ipip ? [inet.address] : [])).toSorted();
  if (local === undefined || from.length === 0) return undefined;
  return {
    device: { kind: 'ipip', name: DEVICE_NAME.ipip, mtu: Math.min(tunnelMtu, underlayMtu - overhead), local, alternative },
    filter: { kind: 'ipip', local, from },
  };
}
