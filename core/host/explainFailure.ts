/**
 * What to do about a change that the kernel refused, where its own words do not say.
 */
import type { Change } from './change.js';

/** `reason`, and how to mend it where that is known. */
export function explainFailure(change: Change, reason: string): string {
  const hint = hintFor(change, reason);
  return hint === undefined ? reason : `${reason.replace(/[.]$/, '')}: ${hint}`;
}

function hintFor(change: Change, reason: string): string | undefined {
  switch (change.kind) {
    case 'ipip.add':
    case 'vxlan.add': {
      const [module, other] = change.kind === 'ipip.add' ? ['ipip', 'vxlan'] : ['vxlan', 'ipip'];
      if (TAKEN.test(reason)) return foreign(change.device.name);
      return UNKNOWN.test(reason) ? `this kernel has no ${module}: load the module on this host (modprobe ${module}), or let the Mesh say encapsulationType ${other}` : undefined;
    }
    case 'wireguard.add':
      return TAKEN.test(reason) ? foreign(change.name) : undefined;
    case 'wireguard.configure':
      return IN_USE.test(reason) ? `something else has UDP port ${change.listenPort ?? ''} (ss -ulnp tells what): end it, or choose another spec.port in the Mesh` : undefined;
    default:
      return undefined;
  }
}

function foreign(device: string): string {
  return `there is a device ${device} of another kind, which is not ours: delete or rename it (ip -d link show ${device} tells what it is)`;
}

/** What iproute2 says of a kind of device that the kernel does not know, and of a name that is taken. */
const UNKNOWN = /Unknown device type|Operation not supported/;
const TAKEN = /File exists/;
/** What wg says of a port. */
const IN_USE = /Address already in use/;
