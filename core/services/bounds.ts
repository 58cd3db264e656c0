/**
 * How much the hub takes from one member, and writes into one member for another. Members are not trusted, so no number is theirs to
 * choose. docs/reference.md has the table; decision 24 says why these, and what happens to the rest.
 */
export const BOUND = {
  /** Exported Services of a member, and of one namespace of it. */
  exports: 5_000,
  exportsOfNamespace: 1_000,
  /** People's ServiceExports of a member that say that they wait for room. */
  waitingTold: 100,
  /** Ports of a Service, its mirror, and an EndpointSlice (Kubernetes pkg/apis/discovery/validation). */
  ports: 100,
  /** EndpointSlices of an exported Service. */
  slices: 100,
  /** Endpoints of an EndpointSlice, and addresses of an endpoint (as ports). */
  endpoints: 1_000,
  addresses: 100,
  /** Addresses of all endpoints of an exported Service: to plan its mirror takes some 10 µs for each. */
  endpointAddresses: 5_000,
  /** Members that one export may name. */
  targets: 250,
  /** Characters of the labels of a Service that the selector of a namespace sees. */
  serviceLabels: 4_096,
  /** Namespaces that are made in one member for the exports of another. */
  createdNamespaces: 100,
  /** Tiers of members that one export may prefer. */
  tiers: 32,
  /** Labels, and annotations, that one export passes on, and characters of either together. */
  exportedTexts: 64,
  exportedTextSize: 16_384,
  /** Characters that are kept of a member's Services, as JSON: what they are, their labels, and annotations of Kilofed's. */
  services: 32 << 20,
  /** And of the EndpointSlices of those that are exported. */
  sourceSlices: 32 << 20,
} as const;
