/**
 * Objects that accounts try to write: as small as the API server takes them.
 */
import type { KubeObject } from '../../core/api/resources.js';
import { KEY } from './objectTable.js';

export type Some = KubeObject & Readonly<Record<string, unknown>>;

/** Of what the hub writes. */
export const LABEL = { 'kilofed.io/managed-by': 'kilofed-hub' };

/** Of the hub's Peers. */
export const PEER_LABELS = { ...LABEL, 'kilofed.io/cluster': 'east' };

export function meshNode(name: string): Some {
  return {
    apiVersion: 'kilofed.io/v1alpha1',
    kind: 'MeshNode',
    metadata: { name },
    spec: { publicKey: KEY, endpoints: [], internalIPs: [], podCIDRs: [] },
  };
}

export function gatewayReport(name: string): Some {
  return { apiVersion: 'kilofed.io/v1alpha1', kind: 'GatewayReport', metadata: { name }, spec: { links: [] } };
}

/** Of the Mesh. */
export function event(namespace: string): Some {
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: 'default.1', namespace },
    eventTime: '2026-01-01T00:00:00.000000Z',
    reportingController: 'kilofed.io/cluster-agent',
    reportingInstance: 'test',
    type: 'Warning',
    reason: 'LinkDown',
    action: 'WatchLinks',
    note: 'no tunnel works',
    regarding: { apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', name: 'default', namespace },
  };
}

export function nodePolicy(name: string): Some {
  const exported = [{ addresses: ['10.0.0.2'], ports: [{ protocol: 'TCP', port: 10_250 }] }];
  return { apiVersion: 'kilofed.io/v1alpha1', kind: 'NodePolicy', metadata: { name }, spec: { exported } };
}

export function peer(name: string, labels: Readonly<Record<string, string>> = {}, spec: object = {}): Some {
  return {
    apiVersion: 'kilo.squat.ai/v1alpha1',
    kind: 'Peer',
    metadata: { name, labels },
    spec: { allowedIPs: ['10.50.0.0/24'], publicKey: KEY, ...spec },
  };
}

export function service(
  namespace: string,
  name: string,
  more: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly spec?: object;
  } = {},
): Some {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels: more.labels ?? {}, annotations: more.annotations ?? {} },
    spec: { ports: [{ port: 80, protocol: 'TCP' }], ...more.spec },
  };
}

/** As the hub mirrors one from member `east`: of the Service of its own name in `demo`, unless told otherwise. */
export function slice(
  namespace: string,
  name: string,
  more: {
    readonly name?: string;
    readonly labels?: Readonly<Record<string, string | undefined>>;
    readonly addresses?: readonly string[];
    readonly addressType?: string;
  } = {},
): Some {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: more.name ?? `${name}-new`,
      namespace,
      labels: definedOnly({
        ...LABEL,
        'kilofed.io/cluster': 'east',
        'multicluster.kubernetes.io/source-cluster': 'east',
        'multicluster.kubernetes.io/service-name': name,
        'kubernetes.io/service-name': name,
        'endpointslice.kubernetes.io/managed-by': 'kilofed-hub',
        ...more.labels,
      }),
    },
    addressType: more.addressType ?? (more.addresses?.[0]?.includes(':') === true ? 'IPv6' : 'IPv4'),
    endpoints: (more.addresses ?? ['10.50.0.7']).map((address) => ({ addresses: [address] })),
  };
}

function definedOnly(labels: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
}

export function mcs(
  kind: 'ServiceExport' | 'ServiceImport',
  name: string,
  labels: Readonly<Record<string, string>> = {},
  namespace = 'demo',
): Some {
  return {
    apiVersion: 'multicluster.x-k8s.io/v1beta1',
    kind,
    metadata: { name, namespace, labels },
    ...(kind === 'ServiceImport' ? { spec: { type: 'ClusterSetIP', ports: [] } } : {}),
  };
}

/** The hub's, where it has its name. */
export function lease(name: string, namespace = 'kilofed'): Some {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace, annotations: { 'kilofed.io/federation': 'default' } },
    spec: { holderIdentity: 'default/hub', leaseDurationSeconds: 10 },
  };
}
