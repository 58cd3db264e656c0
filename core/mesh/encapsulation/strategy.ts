/**
 * Encapsulation: how packets get from one node of a location to another where the network between them may not see them.
 *
 * One object per `encapsulationType` of the Mesh says all that is special about it. table.ts lists them; nothing else asks which type it
 * is.
 */
import type { MeshNode } from '../../api/meshNode.js';
import type { Complaint } from '../../api/problem.js';
import type { Family } from '../../net/family.js';
import type { EncapsulationDevice, EncapsulationFilter } from './device.js';

export interface Encapsulation {
  /** Who carries packets from pod to pod inside a location: the mesh, or a network plugin, whose routes the mesh then leaves alone. */
  readonly podTraffic: 'mesh' | 'plugin';
  /** The next hop by which `self` sends to `node`, in each family in which it can. */
  readonly nextHops: (self: MeshNode, node: MeshNode) => NextHops;
  /** Our own device for the neighbours that are encapsulated; undefined: none is needed. */
  readonly device: (input: DeviceInput) => PlannedDevice | undefined;
  /**
   * Devices of a network plugin that next hops lie on, by their usual names; a number at the end may be another. They must be on the host;
   * we never make, alter or remove them.
   */
  readonly pluginDevices: readonly string[];
  /** An address of the host that other nodes must know to reach it, published as `MeshNode.spec.cniCompatibilityIP`. */
  readonly pluginAddress?: PluginAddress;
  /** Why it carries nothing of `family`, even where both nodes have addresses of it; undefined: it does. */
  readonly explainUncarried?: (family: Family) => Complaint | undefined;
}

export interface Neighbour {
  readonly node: MeshNode;
  readonly nextHops: NextHops;
  /** False: packets go directly over the underlay. */
  readonly encapsulated: boolean;
}

export type NextHops = Readonly<Partial<Record<Family, Hop>>>;

interface Hop {
  /** As in a Nexthop. */
  readonly dev: string;
  readonly address: string;
}

export interface DeviceInput {
  readonly self: MeshNode;
  readonly neighbours: readonly Neighbour[];
  /** MTU of the device that holds the node's internal address, bytes. */
  readonly underlayMtu: number;
  /** MTU of the WireGuard tunnels, bytes: nothing larger needs to be carried to them. */
  readonly tunnelMtu: number;
}

/** The device, and who may send to it. */
export interface PlannedDevice {
  readonly device: EncapsulationDevice;
  readonly filter: EncapsulationFilter;
}

export interface PluginAddress {
  readonly device: string;
  readonly family: Family;
  /** Reported where the host has no such address. */
  readonly missing: Complaint;
}
