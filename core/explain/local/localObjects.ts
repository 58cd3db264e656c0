/**
 * The objects of one member that tell of a Service there, as its API server has them, and how they are read.
 */
import type { Mesh } from '../../api/mesh.js';
import { MCS_LABEL } from '../../api/names.js';
import type { Complaint } from '../../api/problem.js';
import { isReason } from '../../api/reasons.js';
import type { Condition, KubeObject } from '../../api/resources.js';
import { isHubs } from '../../observed/ownership.js';
import type { EndpointFact } from '../facts.js';
import { mirroredEndpoints } from '../mirroredEndpoints.js';

export interface LocalObjects {
  readonly namespace: string;
  readonly name: string;
  /** Absent: there is none. */
  readonly namespaceObject?: KubeObject;
  readonly service?: ServiceObject;
  /** The Service that the ServiceImport names, where that is another one. */
  readonly derived?: ServiceObject;
  readonly serviceExport?: ConditionedObject;
  readonly serviceImport?: ConditionedObject;
  /** Of all Services above. */
  readonly slices: readonly SliceObject[];
  readonly mesh?: Mesh;
  /** When the hub was here last, RFC 3339. Absent: never, or not known. */
  readonly hubSeen?: string;
}

export interface ServiceObject extends KubeObject {
  readonly spec?: {
    readonly type?: string;
    readonly clusterIP?: string;
    readonly clusterIPs?: readonly string[];
    readonly ports?: readonly { readonly name?: string; readonly protocol?: string; readonly port: number }[];
  };
}

export interface ConditionedObject extends KubeObject {
  readonly status?: { readonly conditions?: readonly Condition[]; readonly clusters?: readonly { readonly cluster: string }[] };
}

interface SliceObject extends KubeObject {
  readonly ports?: readonly { readonly name?: string; readonly protocol?: string }[] | null;
}

/** The member itself, whose id its own objects do not tell. */
export const HERE = 'here';
export function isOwn(service: ServiceObject | undefined): service is ServiceObject {
  return service !== undefined && !isHubs('service', service);
}

export function conditionOf(object: ConditionedObject | undefined, wanted: string): Condition | undefined {
  return object?.status?.conditions?.find(({ type }) => type === wanted);
}

export function complaintOf({ reason, message }: Condition): Complaint {
  return { reason: isReason(reason) ? reason : 'Refused', message: message === '' ? reason : message };
}

export function isBehind({ metadata }: KubeObject, service: string): boolean {
  return metadata.labels?.[MCS_LABEL.kubeServiceName] === service;
}

export function addressesOf(service: ServiceObject | undefined): string[] {
  const { clusterIPs, clusterIP } = service?.spec ?? {};
  return [...(clusterIPs ?? (clusterIP === undefined ? [] : [clusterIP]))];
}

export function endpointsOf(slice: SliceObject): EndpointFact[] {
  return mirroredEndpoints(slice, () => undefined, changedAt(slice));
}

/** By whoever wrote it last. */
export function changedAt({ metadata }: KubeObject): string | undefined {
  const { managedFields = [], creationTimestamp } = metadata as KubeObject['metadata'] & {
    readonly managedFields?: readonly { readonly time?: string }[];
  };
  const times = managedFields.flatMap(({ time }) => time ?? []);
  return times.toSorted().at(-1) ?? creationTimestamp;
}
