/**
 * The API resources Kilofed touches, and their REST paths.
 */

export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

export const RESOURCE = {
  node: { group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false },
  namespace: { group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false },
  pod: { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true },
  secret: { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true },
  service: { group: '', version: 'v1', kind: 'Service', plural: 'services', namespaced: true },
  event: { group: 'events.k8s.io', version: 'v1', kind: 'Event', plural: 'events', namespaced: true },
  endpointSlice: { group: 'discovery.k8s.io', version: 'v1', kind: 'EndpointSlice', plural: 'endpointslices', namespaced: true },
  lease: { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases', namespaced: true },
  serviceCIDR: { group: 'networking.k8s.io', version: 'v1', kind: 'ServiceCIDR', plural: 'servicecidrs', namespaced: false },
  /** Of Calico. Served by one of the two groups, or by both with the same objects. */
  calicoBlock: { group: 'crd.projectcalico.org', version: 'v1', kind: 'IPAMBlock', plural: 'ipamblocks', namespaced: false },
  calicoBlockV3: { group: 'projectcalico.org', version: 'v3', kind: 'IPAMBlock', plural: 'ipamblocks', namespaced: false },
  ciliumNode: { group: 'cilium.io', version: 'v2', kind: 'CiliumNode', plural: 'ciliumnodes', namespaced: false },
  mesh: { group: 'kilofed.io', version: 'v1alpha1', kind: 'Mesh', plural: 'meshes', namespaced: false },
  meshNode: { group: 'kilofed.io', version: 'v1alpha1', kind: 'MeshNode', plural: 'meshnodes', namespaced: false },
  nodePolicy: { group: 'kilofed.io', version: 'v1alpha1', kind: 'NodePolicy', plural: 'nodepolicies', namespaced: false },
  gatewayReport: { group: 'kilofed.io', version: 'v1alpha1', kind: 'GatewayReport', plural: 'gatewayreports', namespaced: false },
  peer: { group: 'kilo.squat.ai', version: 'v1alpha1', kind: 'Peer', plural: 'peers', namespaced: false },
  serviceExport: { group: 'multicluster.x-k8s.io', version: 'v1beta1', kind: 'ServiceExport', plural: 'serviceexports', namespaced: true },
  serviceImport: { group: 'multicluster.x-k8s.io', version: 'v1beta1', kind: 'ServiceImport', plural: 'serviceimports', namespaced: true },
} as const satisfies Record<string, Resource>;

/** `v1` or `group/version`. */
export function apiVersion(resource: Resource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** The REST path of a collection, or of one object when `name` is given. */
export function resourcePath(resource: Resource, namespace?: string, name?: string): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const scope = resource.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const tail = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  return `${root}${scope}/${resource.plural}${tail}`;
}

interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
}

interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** Any Kubernetes object, as plain JSON. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

/** metav1.Condition. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime: string;
}

/** The cache key of an object: `namespace/name`, or `name` where the resource has no namespaces. */
export function objectKey(meta: Pick<ObjectMeta, 'name' | 'namespace'>): string {
  return meta.namespace === undefined ? meta.name : `${meta.namespace}/${meta.name}`;
}
