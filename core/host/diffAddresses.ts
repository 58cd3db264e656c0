/**
 * Mesh addresses: on `lo`, and the IPv4 address on each device of ours, too. Even loose reverse-path filtering drops what enters by a
 * device without an address, if the route back is another (kernel net/ipv4/fib_frontend.c __fib_validate_source, `no_addr`).
 */
import type { NodePlan } from '../mesh/plan.js';
import type { Difference } from './change.js';
import { meshDevices } from './meshDevices.js';
import type { HostState } from './state.js';
import { canonicalAddress } from './text.js';
import { familyName } from '../net/family.js';

export function diffAddresses(desired: NodePlan, observed: HostState): Difference {
  const wanted = new Set(desired.meshAddresses.map(canonicalAddress));
  const numbered = [...wanted].filter((address) => familyName(address) === 'inet');
  const devices = meshDevices(desired).map((dev) => ({ dev, now: observed.links.get(dev)?.addresses ?? [] }));
  return {
    set: [
      ...[...wanted].filter((address) => !observed.addresses.has(address)).map((address) => ({ kind: 'address.add', address }) as const),
      ...devices.flatMap(({ dev, now }) =>
        numbered.filter((address) => !now.includes(address)).map((address) => ({ kind: 'address.add', address, dev }) as const),
      ),
    ],
    remove: [
      ...[...observed.addresses].filter((address) => !wanted.has(address)).map((address) => ({ kind: 'address.delete', address }) as const),
      ...devices.flatMap(({ dev, now }) =>
        now.filter((address) => !numbered.includes(address)).map((address) => ({ kind: 'address.delete', address, dev }) as const),
      ),
    ],
  };
}
