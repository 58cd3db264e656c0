/**
 * The inputs of an import plan, and the objects that it produces.
 */
import type { PlannedCondition } from '../api/conditions.js';
import type { KubeObject } from '../api/resources.js';
import type { SegmentReach } from './cutOff.js';
import type { ServicePort, ServiceRecord, SliceRecord } from './model.js';
import type { ServiceShape } from './serviceShape.js';

export interface Exporter {
  readonly service: ServiceRecord;
  readonly slices: readonly SliceRecord[];
  /** CIDRs that the exporter is registered with. Addresses outside of them are not mirrored. */
  readonly networks: readonly string[];
  /**
   * Ranges of its Services that the target routes to it, where the Service asks to be reached by its ClusterIP and can be. Absent: its pods
   * stand for it.
   */
  readonly services?: readonly string[];
  /** Mesh addresses, by the addresses of its nodes that are mirrored as them, since no tunnel carries their own. Absent: none are. */
  readonly substitutes?: ReadonlyMap<string, string>;
  /** Its place in the order in which the hub first saw the exporters of this name. */
  readonly seen: number;
  /** Why the target cannot reach it, such as overlapping ranges. Absent: it can. */
  readonly unreachableReason?: string;
  /** Its EndpointSlices do not have the ports of its Service yet: while it does not decide, its Service counts as having these. */
  readonly portsBefore?: readonly ServicePort[];
  /** Its segments, where a link to some of them does not work: endpoints behind it stay and are not ready. Absent: all are reached. */
  readonly segments?: readonly SegmentReach[];
  /** It is drained: its endpoints stay, and are neither ready nor serving anywhere but in itself. */
  readonly drained?: true;
  /** It is cordoned: what is not mirrored of it already is not. */
  readonly cordoned?: true;
}

/** What stands of a mirror in the target. */
export interface Standing {
  /** Ids of the members that it was made of, by precedence. */
  readonly exporters: readonly string[];
  /** Absent: no Service of ours stands. */
  readonly shape?: ServiceShape;
  /** Its slices. Absent: there are none. */
  readonly slices?: readonly KubeObject[];
  /** How it chooses among them, as the ServiceImport says it. Absent: it does not. */
  readonly choice?: string;
}

export interface ServiceObject extends KubeObject {
  readonly spec: Readonly<Record<string, unknown>> & { readonly ports: readonly ServicePort[] };
}

export interface EndpointSliceObject extends KubeObject {
  readonly addressType: 'IPv4' | 'IPv6';
  readonly ports: readonly Readonly<Record<string, unknown>>[];
  readonly endpoints: readonly Readonly<Record<string, unknown>>[];
}

export interface ServiceImportObject extends KubeObject {
  readonly spec: Readonly<Record<string, unknown>>;
}

/** A ServiceImport, and what its status says. */
export interface PlannedImport {
  readonly import: ServiceImportObject;
  readonly ready: ImportReady;
  /** Ids of all that have a part in it, by precedence. */
  readonly exporters: readonly string[];
}

/** The condition `Ready` of a ServiceImport (KEP-1645). */
export interface ImportReady extends PlannedCondition {
  readonly type: 'Ready';
  readonly reason: 'Ready' | 'Pending' | 'IPFamilyNotSupported';
}
