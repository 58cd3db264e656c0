/**
 * Exported Services and their EndpointSlices, as a member's API server answers them. It may answer anything. What an API server that
 * keeps its own rules never answers is refused as a whole (Kubernetes pkg/apis/core/validation and pkg/apis/discovery/validation), so
 * what is left is as its type says, bounded, and such that every importer's API server takes it.
 */
import * as z from 'zod';
import { LABEL, MCS_LABEL } from '../api/names.js';
import { labelName, namespacedMeta, requests } from '../observed/metadata.js';
import type { Complaint } from '../api/problem.js';
import { readObject } from '../observed/readObject.js';
import type { Result } from '../runtime/result.js';
import { addressOf } from '../net/cidr.js';
import { firstByName } from '../text/firstByName.js';
import type { ExportRequest } from './annotations.js';
import { BOUND } from './bounds.js';
import type { ServicePort, ServiceRecord, SliceEndpoint, SliceRecord } from './model.js';
import { seenLabels } from './seenLabels.js';
import { LABEL_VALUE, PORT_NAME, QUALIFIED_NAME } from './textForms.js';

interface Observed<T> {
  readonly record: T;
  /** What was left out of it. */
  readonly complaints: readonly Complaint[];
}

const port = z.object({
  name: z.string().max(63, { abort: true }).regex(PORT_NAME, 'must be a DNS label, or empty').nullish(),
  protocol: z.enum(['TCP', 'UDP', 'SCTP']).nullish(),
  port: z.int().min(1).max(65_535),
  appProtocol: z.string().max(316, { abort: true }).regex(QUALIFIED_NAME, 'must be a qualified name').nullish(),
});

const serviceMeta = namespacedMeta.extend({
  name: labelName,
  labels: z.record(z.string(), z.string()).transform(seenLabels).nullish(),
  annotations: requests.nullish(),
});

/** A Service of any owner: who it is, and whether it asks to be exported. */
export const serviceIdentity = z.object({ metadata: serviceMeta });

const exportedService = z.object({
  metadata: serviceMeta,
  spec: z.object({
    type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName']).nullish(),
    clusterIP: z.string().max(45).nullish(),
    clusterIPs: z.array(z.string().max(45)).max(2).nullish(),
    ports: z.array(port).max(BOUND.ports).nullish(),
    ipFamilies: z
      .array(z.enum(['IPv4', 'IPv6']))
      .max(2)
      .nullish(),
    sessionAffinity: z.enum(['None', 'ClientIP']).nullish(),
    sessionAffinityConfig: z.object({ clientIP: z.object({ timeoutSeconds: z.int().min(1).max(86_400).nullish() }).nullish() }).nullish(),
    publishNotReadyAddresses: z.boolean().nullish(),
    internalTrafficPolicy: z.enum(['Cluster', 'Local']).nullish(),
    // API servers know three values, and newer ones more of them.
    trafficDistribution: z.string().max(63, { abort: true }).regex(QUALIFIED_NAME, 'must be a qualified name').nullish(),
  }),
});

/** An EndpointSlice of any owner: who it is, and whose endpoints it has. */
export const sliceIdentity = z.object({
  metadata: namespacedMeta.extend({
    labels: z.object({ [LABEL.managedBy]: z.string().optional(), [MCS_LABEL.kubeServiceName]: z.string().optional() }).nullish(),
  }),
});

const sourceSlice = z.object({
  metadata: namespacedMeta.extend({ labels: z.object({ [MCS_LABEL.kubeServiceName]: labelName }) }),
  addressType: z.enum(['IPv4', 'IPv6', 'FQDN']),
  ports: z
    .array(port.extend({ port: port.shape.port.nullish() }))
    .max(BOUND.ports)
    .nullish(),
  endpoints: z
    .array(
      z.object({
        addresses: z.array(z.string().max(253)).max(BOUND.addresses),
        conditions: z
          .object({ ready: z.boolean().nullish(), serving: z.boolean().nullish(), terminating: z.boolean().nullish() })
          .nullish(),
        hostname: z.string().max(63, { abort: true }).regex(PORT_NAME, 'must be a DNS label, or empty').nullish(),
        // An API server takes any text. Ours is the label of a node, and what is not is nobody's zone.
        zone: z.string().max(63, { abort: true }).regex(LABEL_VALUE).nullish().catch(undefined),
      }),
    )
    .max(BOUND.endpoints)
    .nullish(),
});

/** An exported Service, with as many ports as its mirror can have. `cluster` is the member that it was watched in. */
export function readService(cluster: string, request: ExportRequest, object: unknown): Result<Observed<ServiceRecord>> {
  const { fields, leftOut } = cutPorts(object);
  const read = readObject(exportedService, fields);
  if (!read.ok) return read;
  const { metadata, spec } = read.value;
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? undefined;
  return {
    ok: true,
    value: {
      record: {
        cluster,
        namespace: metadata.namespace,
        name: metadata.name,
        type: spec.type ?? 'ClusterIP',
        headless: spec.clusterIP === 'None',
        ports: (spec.ports ?? []).map(portOf),
        ipFamilies: spec.ipFamilies ?? [],
        sessionAffinity: spec.sessionAffinity ?? 'None',
        ...(seconds !== undefined && { sessionAffinitySeconds: seconds }),
        publishNotReadyAddresses: spec.publishNotReadyAddresses ?? false,
        ...trafficOf(spec),
        export: request,
      },
      complaints:
        leftOut === undefined
          ? []
          : [{ reason: 'TooManyPorts', message: `only the first ${BOUND.ports} of its ports, by name, are exported, without ${leftOut}` }],
    },
  };
}

/**
 * The EndpointSlice of an exported Service. Undefined: it has no IP addresses. References to pods and nodes and zone hints are dropped,
 * since they mean nothing elsewhere.
 */
export function readSlice(cluster: string, object: unknown): Result<Observed<SliceRecord> | undefined> {
  const { fields, surplus } = cutEndpoints(object);
  const read = readObject(sourceSlice, fields);
  if (!read.ok) return read;
  const { metadata, addressType, ports, endpoints } = read.value;
  if (addressType === 'FQDN') return { ok: true, value: undefined };
  return {
    ok: true,
    value: {
      record: {
        cluster,
        namespace: metadata.namespace,
        name: metadata.name,
        uid: metadata.uid ?? '',
        service: metadata.labels[MCS_LABEL.kubeServiceName],
        addressType,
        ports: (ports ?? []).flatMap(({ port: number, ...each }) =>
          typeof number === 'number' ? [portOf({ ...each, port: number })] : [],
        ),
        endpoints: (endpoints ?? []).map(endpointOf),
      },
      complaints:
        surplus === 0
          ? []
          : [
              {
                reason: 'TooManyEndpoints',
                message: `an EndpointSlice holds ${BOUND.endpoints} endpoints, so ${surplus} more are left out`,
              },
            ],
    },
  };
}

/** Where requests to it lead. Addresses of a headless Service are `None`, and one that has just been made has none yet. */
function trafficOf(
  spec: z.infer<typeof exportedService>['spec'],
): Pick<ServiceRecord, 'internalTrafficPolicy' | 'trafficDistribution' | 'clusterIPs'> {
  const { internalTrafficPolicy, trafficDistribution } = spec;
  const clusterIPs = (spec.clusterIPs ?? [spec.clusterIP ?? '']).filter((text) => !text.includes('/') && addressOf(text) !== undefined);
  return {
    ...(internalTrafficPolicy === 'Local' && { internalTrafficPolicy }),
    ...(typeof trafficDistribution === 'string' && { trafficDistribution }),
    ...(clusterIPs.length > 0 && { clusterIPs }),
  };
}

/** API servers set these defaults, but old ones may not. */
function portOf({ name, protocol, port: number, appProtocol }: z.infer<typeof port>): ServicePort {
  return { name: name ?? '', protocol: protocol ?? 'TCP', port: number, ...(typeof appProtocol === 'string' && { appProtocol }) };
}

/** Conditions stay as they are, absent ones absent (EndpointConditions: nil ready means ready). */
function endpointOf(endpoint: NonNullable<z.infer<typeof sourceSlice>['endpoints']>[number]): SliceEndpoint {
  const { addresses, conditions, hostname, zone } = endpoint;
  const { ready, serving, terminating } = conditions ?? {};
  return {
    addresses,
    ...(typeof ready === 'boolean' && { ready }),
    ...(typeof serving === 'boolean' && { serving }),
    ...(typeof terminating === 'boolean' && { terminating }),
    ...(typeof hostname === 'string' && hostname !== '' && { hostname }),
    ...(typeof zone === 'string' && zone !== '' && { zone }),
  };
}

/** Cut before they are read, so that a list of any length costs one walk. */
function cutPorts(object: unknown): { readonly fields: unknown; readonly leftOut: string | undefined } {
  const service = fieldsOf(object);
  const spec = fieldsOf(service['spec']);
  const ports = spec['ports'];
  if (!Array.isArray(ports)) return { fields: object, leftOut: undefined };
  const { kept, leftOut } = firstByName<unknown>(ports, BOUND.ports, portName);
  return leftOut === undefined ? { fields: object, leftOut } : { fields: { ...service, spec: { ...spec, ports: kept } }, leftOut };
}

function cutEndpoints(object: unknown): { readonly fields: unknown; readonly surplus: number } {
  const slice = fieldsOf(object);
  const endpoints = slice['endpoints'];
  if (!Array.isArray(endpoints) || endpoints.length <= BOUND.endpoints) return { fields: object, surplus: 0 };
  return { fields: { ...slice, endpoints: endpoints.slice(0, BOUND.endpoints) }, surplus: endpoints.length - BOUND.endpoints };
}

/** A port that has no name is called by its number. */
function portName(value: unknown): string {
  const { name, port: number } = fieldsOf(value);
  if (typeof name === 'string' && name !== '') return name.slice(0, 63);
  return typeof number === 'number' ? String(number) : '';
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
