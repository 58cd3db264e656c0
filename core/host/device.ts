/**
 * HostDevice: a device that carries encapsulated packets, with all that is special about its kind. devices.ts lists the kinds.
 */
import type { Change, Difference } from './change.js';
import type { HostState, Link } from './state.js';

export interface HostDevice {
  /** The kernel module that makes such devices. */
  readonly module: string;
  /** The arguments of `ip link add`. */
  readonly addArguments: string;
  /** The link that the kernel has right after that. */
  readonly added: Link;
  /** Whether a link of its name must be deleted first, since the kernel cannot alter it into this device. */
  mustReplace(link: Link): boolean;
  /** Alters a link of its name into this device, but for the MTU. */
  alter(link: Link): readonly Change[];
  /** Entries in the device that say whom it sends to; none for kinds that need none. */
  diffContents(observed: HostState): Difference;
}
