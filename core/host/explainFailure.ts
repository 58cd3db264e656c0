/**
 * What to do about a change that the kernel refused, where the kernel's own message does not say.
 */
import { VXLAN_PORT } from '../api/ports.js';
import { DEVICE_NAME, type EncapsulationDevice } from '../mesh/encapsulation/device.js';
import type { Change } from './change.js';
import { hostDevice } from './devices.js';

/** `reason`, and what to do about it where that is known. */
export function explainFailure(change: Change, reason: string): string {
  const hint = hintFor(change, reason);
  return hint === undefined ? reason : `${reason.replace(/[.]$/, '')}: ${hint}`;
}

function hintFor(change: Change, reason: string): string | undefined {
  switch (change.kind) {
    case 'device.add': {
      const { device } = change;
      const { module } = hostDevice(device);
      if (ANOTHER_VXLAN.test(reason)) return `${another(device)}, or let the Mesh say encapsulationType ${device.alternative}`;
      if (TAKEN.test(reason)) {
        // The kernel says the same of the name and of the ends of the tunnel.
        return device.kind === 'ipip' ? `${foreign(device.name)}; or ${another(device)}` : foreign(device.name);
      }
      return UNKNOWN.test(reason)
        ? `this kernel has no ${module}: load the module on this host (modprobe ${module}), ` +
            `or let the Mesh say encapsulationType ${device.alternative}`
        : undefined;
    }
    case 'wireguard.add':
      return TAKEN.test(reason) ? foreign(change.name) : undefined;
    // Userspace WireGuard binds its port when it is configured, the kernel when the link goes up.
    case 'wireguard.configure':
    case 'link.set':
      if (!IN_USE.test(reason)) return undefined;
      // The kernel binds the port of VXLAN when the link goes up, too.
      if (change.name === DEVICE_NAME.vxlan) return `${taken(VXLAN_PORT)}, or let the Mesh say encapsulationType ipip`;
      return change.listenPort === undefined ? undefined : `${taken(change.listenPort)}, or choose another spec.port in the Mesh`;
    case 'nexthop.set':
      return LACKS_FLANNEL.test(reason)
        ? 'run flannel here with its backend vxlan, which makes that device, or let the Mesh say encapsulationType vxlan'
        : undefined;
    default:
      return undefined;
  }
}

function taken(port: number): string {
  return `something else has UDP port ${port} (ss -ulnp tells what): end it`;
}

function foreign(device: string): string {
  return `there is a device ${device} of another kind, which is not ours: delete or rename it (ip -d link show ${device} tells what it is)`;
}

/** Of a kind of device, the kernel allows one with these properties in a network. */
function another(device: EncapsulationDevice): string {
  const [what, list] =
    device.kind === 'ipip'
      ? [`local address ${device.local} and no remote`, 'type ipip']
      : [`VNI ${device.vni} and port ${device.port}`, 'type vxlan'];
  return `somebody else has a device with ${what} (ip -d link show ${list}): delete that one`;
}

/** iproute2's messages for a kind of device that the kernel lacks, and for a name that is taken. */
const UNKNOWN = /Unknown device type|Operation not supported/;
const TAKEN = /File exists/;
const ANOTHER_VXLAN = /VXLAN device with the specified VNI already exists/;
/** Our own message for a device that is not there. */
const LACKS_FLANNEL = /^device flannel\S* is missing/;
/** wg's and iproute2's message for a port that is taken. */
const IN_USE = /Address already in use/;
