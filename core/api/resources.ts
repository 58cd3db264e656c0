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

const resource = (group: string, version: string, kind: string, plural: string, namespaced: boolean): Resource => ({
  group,
  version,
  kind,
  plural,
  namespaced,
});

export const RESOURCE = {
  node: resource('', 'v1', 'Node', 'nodes', false),
  namespace: resource('', 'v1', 'Namespace', 'namespaces', false),
  secret: resource('', 'v1', 'Secret', 'secrets', true),
  service: resource('', 'v1', 'Service', 'services', true),
  event: resource('events.k8s.io', 'v1', 'Event', 'events', true),
  endpointSlice: resource('discovery.k8s.io', 'v1', 'EndpointSlice', 'endpointslices', true),
  lease: resource('coordination.k8s.io', 'v1', 'Lease', 'leases', true),
  serviceCIDR: resource('networking.k8s.io', 'v1', 'ServiceCIDR', 'servicecidrs', false),
  mesh: resource('kilofed.io', 'v1alpha1', 'Mesh', 'meshes', false),
  meshNode: resource('kilofed.io', 'v1alpha1', 'MeshNode', 'meshnodes', false),
  peer: resource('kilo.squat.ai', 'v1alpha1', 'Peer', 'peers', false),
  serviceExport: resource('multicluster.x-k8s.io', 'v1beta1', 'ServiceExport', 'serviceexports', true),
  serviceImport: resource('multicluster.x-k8s.io', 'v1beta1', 'ServiceImport', 'serviceimports', true),
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

export interface ObjectMeta {
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

export interface OwnerReference {
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
