/**
 * Names of what people say of exports and imports. Node-agents need none of them, and carry none.
 */

export const EXPORT_LABEL = {
  /**
   * On the namespace `DEFAULT_NAMESPACE` of a member that imports: `all`, `none`, or ids of members joined by `_`: for whose exports the
   * hub makes namespaces that lack there.
   */
  createNamespaces: 'kilofed.io/create-namespaces',
  /** On a Namespace of an importer: "false" forbids mirrors the exported Service's own name there. */
  ownNames: 'kilofed.io/own-names',
} as const;

export const EXPORT_ANNOTATION = {
  /** On a Service: "true" exports it to the other members. On a Namespace: all its Services that do not say otherwise. */
  export: 'kilofed.io/export',
  /** On a Namespace, optional: a label selector: those of its Services that match are exported, unless they say otherwise. */
  exportSelector: 'kilofed.io/export-selector',
  /** On a Service, or for all of a Namespace, optional: comma-separated ids of the members that import it; absent means all. */
  exportTo: 'kilofed.io/export-to',
  /** On a Service or ServiceExport, optional: "true" or "false", whether the mirror has the Service's own name where that is free. */
  ownName: 'kilofed.io/own-name',
  /** On a Service, optional: `local`, `none` or `remote`: how its name reaches other exporters of it in this cluster. */
  affinity: 'kilofed.io/affinity',
  /** On a Service or ServiceExport, optional: members, or labels of members, comma-separated; the first with ready endpoints serve. */
  prefer: 'kilofed.io/prefer',
  /** On a Service or ServiceExport, optional: `<member>=<weight>`, comma-separated: shares of the endpoints that are published. */
  weights: 'kilofed.io/weights',
  /** On a Service or ServiceExport, optional: `pods` or `clusterip`: what stands for the Service in importers. */
  endpoints: 'kilofed.io/endpoints',
  /** On a ServiceImport of the hub's: how it chooses among the exporters, for whoever stands in for it. */
  choice: 'kilofed.io/choice',
} as const;
