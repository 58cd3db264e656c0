/**
 * What to do about a change that the kernel refused, where its own words do not say.
 */
import type { Change } from './change.js';

/** `reason`, and how to mend it where that is known. */
export function explainFailure(change: Change, reason: string): string {
  const module = change.kind === 'ipip.add' ? 'ipip' : change.kind === 'vxlan.add' ? 'vxlan' : undefined;
  if (module === undefined || !UNKNOWN.test(reason)) return reason;
  const other = module === 'ipip' ? 'vxlan' : 'ipip';
  return `${reason.replace(/[.]$/, '')}: this kernel has no ${module}: load the module on this host (modprobe ${module}), or let the Mesh say encapsulationType ${other}`;
}

/** What iproute2 says of a kind of device that the kernel does not know. */
const UNKNOWN = /Unknown device type|Operation not supported/;
