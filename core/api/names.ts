/**
 * The names that Kilofed's programs meet in: groups, labels, annotations, field managers.
 */

export const KILOFED_GROUP = 'kilofed.io';
export const KILO_GROUP = 'kilo.squat.ai';

/** The one Mesh object of a cluster. */
export const MESH_NAME = 'default';

/** The namespace our own programs run in, unless told otherwise. */
export const DEFAULT_NAMESPACE = 'kilofed';

export const LABEL = {
  /** On everything the hub writes: which program owns the object. */
  managedBy: 'kilofed.io/managed-by',
  /** The member an object came from; on a Secret: the id of the member its kubeconfig reaches. */
  cluster: 'kilofed.io/cluster',
  /** The location of the remote segment a Peer belongs to; empty for the default location. */
  location: 'kilofed.io/location',
  /** The name of a segment whose location is not a valid label value is hashed; this is always valid. */
  segment: 'kilofed.io/segment',
} as const;

export const ANNOTATION = {
  /** On a Service: "true" exports it to the other members. */
  export: 'kilofed.io/export',
  /** On a Service, optional: comma-separated ids of the members that import it; absent means all. */
  exportTo: 'kilofed.io/export-to',
  /** On a Node: "true" asks others to use its segment's other gateways, as if it were cordoned. */
  drain: 'kilofed.io/drain',
  /** On a Peer: the gateway slot of the remote gateway in its own segment. */
  slot: 'kilofed.io/slot',
  /** On a Peer: how many planes the remote mesh runs. */
  planes: 'kilofed.io/planes',
  /** On a Peer: the remote gateway's own mesh addresses, comma-separated. */
  meshAddress: 'kilofed.io/mesh-address',
  /** On everything the hub writes: hash of what we own in it, compared before writing. */
  hash: 'kilofed.io/hash',
  /** On mirrored objects: `<namespace>/<name>` of the exported Service. */
  source: 'kilofed.io/source',
} as const;

/** Kilo's own annotations on Nodes, with Kilo's meaning (Kilo docs/annotations.md). */
export const KILO_ANNOTATION = {
  location: 'kilo.squat.ai/location',
  forceEndpoint: 'kilo.squat.ai/force-endpoint',
  forceInternalIP: 'kilo.squat.ai/force-internal-ip',
  leader: 'kilo.squat.ai/leader',
  persistentKeepalive: 'kilo.squat.ai/persistent-keepalive',
  allowedLocationIPs: 'kilo.squat.ai/allowed-location-ips',
} as const;

/** Labels that MCS (KEP-1645) and kube-proxy define on slices and derived Services. */
export const MCS_LABEL = {
  serviceName: 'multicluster.kubernetes.io/service-name',
  sourceCluster: 'multicluster.kubernetes.io/source-cluster',
  kubeServiceName: 'kubernetes.io/service-name',
  sliceManagedBy: 'endpointslice.kubernetes.io/managed-by',
} as const;

/** On a ServiceImport: the Service that stands for it (mcs-api reference controllers). */
export const DERIVED_SERVICE_ANNOTATION = 'multicluster.kubernetes.io/derived-service';

/** Server-side-apply field managers, one per program and concern. */
export const FIELD_MANAGER = {
  hub: 'kilofed-hub',
  clusterAgent: 'kilofed-cluster-agent',
  nodeAgent: 'kilofed-node-agent',
} as const;

/** Value of `kilofed.io/managed-by` and of `endpointslice.kubernetes.io/managed-by` on what the hub writes. */
export const HUB_MANAGER = 'kilofed-hub';
