/**
 * The kernel devices that encapsulations are built on, as data.
 *
 * The host side knows these kinds and no encapsulation: one that uses a kind that is here needs no change there.
 */
import type { MeshSpec } from '../../api/meshSpec.js';

export type EncapsulationType = MeshSpec['encapsulationType'];

export type EncapsulationDevice = VxlanDevice | IpipDevice;

export type DeviceKind = EncapsulationDevice['kind'];

/** The device of one kind, in the form in which TypeScript sees that a table by kind fits it. */
export type DeviceOf<K extends DeviceKind = DeviceKind> = {
  [P in K]: { readonly kind: P } & Extract<EncapsulationDevice, { readonly kind: P }>;
}[K];

/** The name of our device of each kind; a host has at most one of a kind. */
export const DEVICE_NAME = { vxlan: 'kilovx', ipip: 'kiloip' } as const satisfies Record<DeviceKind, string>;

export interface VxlanDevice {
  readonly kind: 'vxlan';
  readonly name: string;
  readonly vni: number;
  /** UDP. */
  readonly port: number;
  readonly mtu: number;
  /** The node's own address on the underlay. */
  readonly local: string;
  readonly mac: string;
  readonly neighbours: readonly VxlanNeighbour[];
  /** What a Mesh can use instead where a host's kernel has no VXLAN. */
  readonly alternative: EncapsulationType;
}

/** A static FDB entry, and the neighbour entries that lead to it. */
interface VxlanNeighbour {
  readonly node: string;
  /** Its VTEP: where VXLAN to it is sent on the underlay. */
  readonly address: string;
  readonly mac: string;
  /** The next hops on the device that have this MAC: the node's IPv4 address, and for IPv6 the link-local one that the MAC gives. */
  readonly hops: readonly string[];
}

/** IPv4 in IPv4. It has no far end of its own: every packet goes to the next hop of its route (kernel net/ipv4/ip_tunnel.c). */
export interface IpipDevice {
  readonly kind: 'ipip';
  readonly name: string;
  readonly mtu: number;
  /** The node's own end. */
  readonly local: string;
  /** What a Mesh can use instead where a host's kernel has no IPIP. */
  readonly alternative: EncapsulationType;
}

/** What may enter by a device: packets from `from`; those of all other senders are dropped. */
export type EncapsulationFilter = VxlanFilter | IpipFilter;

/** The filter of one kind of device, as `DeviceOf`. */
export type FilterOf<K extends DeviceKind = DeviceKind> = {
  [P in K]: { readonly kind: P } & Extract<EncapsulationFilter, { readonly kind: P }>;
}[K];

interface VxlanFilter {
  readonly kind: 'vxlan';
  /** UDP. */
  readonly port: number;
  /** Addresses on the underlay. */
  readonly from: readonly string[];
}

interface IpipFilter {
  readonly kind: 'ipip';
  readonly local: string;
  readonly from: readonly string[];
}
