/**
 * The names that Kilofed's programs meet in: groups, labels, annotations, field managers.
 */

export const KILOFED_GROUP = 'kilofed.io';

/** The one Mesh object of a cluster. */
export const MESH_NAME = 'default';

/** The namespace our own programs run in, unless told otherwise. */
export const DEFAULT_NAMESPACE = 'kilofed';

/** The Service of the hub, by which the command line finds its pod. */
export const HUB_SERVICE = 'kilofed-hub';

/** In each member, in `DEFAULT_NAMESPACE`: the Lease of the hub that writes into it. */
export const HUB_LEASE = 'kilofed-hub';

/** In the namespace of the hub: the Lease of the one that is active among those of its federation. */
export const ACTIVE_HUB_LEASE = 'kilofed-hub-active';

/** The federation of a hub that is not told another one. */
export const DEFAULT_FEDERATION = 'default';

export const LABEL = {
  /** On everything the hub writes: which program owns the object. */
  managedBy: 'kilofed.io/managed-by',
  /** The member an object came from; on a Secret: the id of the member its kubeconfig reaches. */
  cluster: 'kilofed.io/cluster',
  /** The location of the remote segment a Peer belongs to; empty for the default location. */
  location: 'kilofed.io/location',
  /** The name of a segment whose location is not a valid label value is hashed; this is always valid. */
  segment: 'kilofed.io/segment',
  /** On a Namespace: `all`, `none`, or ids of members joined by `_`: whose exports are imported into it. Wins over the hub's flags. */
  import: 'kilofed.io/import',
} as const;

export const ANNOTATION = {
  /** On a Namespace: "true" lets imports name single endpoints, as a StatefulSet's pods have names; "false" is a no on record. */
  importHostnames: 'kilofed.io/import-hostnames',
  /**
   * On a Node: "true" asks others to use its segment's other gateways, as if it were cordoned. On the Secret that declares a member: "true"
   * holds back its endpoints in all others.
   */
  drain: 'kilofed.io/drain',
  /** On a Node: `preferred`, `auto` or `never`: whether it may end the tunnels of its location. Wins over Kilo's `leader`. */
  gateway: 'kilofed.io/gateway',
  /** On a Node: the ranges of its pods, comma-separated. Wins over what the network plugin and the Node itself say. */
  podCIDRs: 'kilofed.io/pod-cidrs',
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
  /** On a mirrored EndpointSlice: what the exporter says of the endpoints that count as not ready, since no link to them works. */
  withheld: 'kilofed.io/withheld',
  /** On everything the hub writes, and on its Lease in a member: the federation that it belongs to. */
  federation: 'kilofed.io/federation',
  /** On a Service: "true" hands it over to the hub, which makes its mirror of it; the hub then writes `HANDED_OVER`. */
  handOver: 'kilofed.io/hand-over',
  /** On a ServiceImport: the members whose exports it was made of, comma-separated. */
  exporters: 'kilofed.io/exporters',
  /**
   * On the Secret that declares a member, optional, and on the Peers that the hub writes for it: the ranges that its addresses may lie in;
   * absent means private ranges.
   */
  allowedCIDRs: 'kilofed.io/allowed-cidrs',
  /** On the Secret that declares a member, optional: its ranges of Services, which others then route to it; absent means none. */
  serviceCIDRs: 'kilofed.io/service-cidrs',
  /** On the Secret that declares a member, optional: UID of the `kube-system` namespace of the cluster that it is. */
  clusterUid: 'kilofed.io/cluster-uid',
  /** On the Secret that declares a member, optional: namespaces that it may export Services of; absent means all. */
  exportNamespaces: 'kilofed.io/export-namespaces',
  /** On the Secret that declares a member, optional: "true" lets no more of its exports in than are mirrored already. */
  cordon: 'kilofed.io/cordon',
  /** On the Secret that declares a member, optional: `key=value`, comma-separated: labels of the member beside those of the Secret. */
  memberLabels: 'kilofed.io/labels',
  /** On the Secret that declares a member, optional: how long what came from it stays while it does not answer; absent means 24h. */
  timeToLive: 'kilofed.io/time-to-live',
} as const;

/** Value of `kilofed.io/hand-over` on a Service that the hub has taken over. */
export const HANDED_OVER = 'done';

/** On a ServiceExport that the hub wrote, followed by the id of a member: why that member cannot import the Service. */
export const BLOCKED_ANNOTATION_PREFIX = 'blocked.kilofed.io/';
/** Likewise: what that member lacks to import the Service. */
export const WAITING_ANNOTATION_PREFIX = 'waiting.kilofed.io/';

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
