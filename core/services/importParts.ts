/**
 * What an import is planned from, and the objects it is made of.
 */
import type { KubeObject } from '../api/resources.js';
import type { ServicePort, ServiceRecord, SliceRecord } from './model.js';

export interface Exporter {
  readonly service: ServiceRecord;
  readonly slices: readonly SliceRecord[];
  /** CIDRs the exporter is registered with: addresses outside of them are not mirrored. */
  readonly networks: readonly string[];
  /** Why nothing of it can reach the target, such as overlapping ranges; absent: it can. */
  readonly severed?: string;
  /** `down`: it could be reached, but is not now. Its endpoints stay, and count as not ready. Absent: up. */
  readonly tunnels?: 'up' | 'down';
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
