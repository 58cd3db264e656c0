/**
 * Our custom resources as CustomResourceDefinitions. `npm run generate` writes them to `manifests/`; what the API server
 * refuses and what zod refuses come from one schema each.
 */
import type { z } from 'zod';
import { gatewayReportSchema } from './gatewayReport.js';
import { meshSchema } from './mesh.js';
import { meshNodeSchema } from './meshNode.js';
import { serviceExportSchema, serviceImportSchema } from './multicluster.js';
import { KILOFED_GROUP } from './names.js';
import { nodePolicySchema } from './nodePolicy.js';
import { peerSchema } from './peer.js';
import { RESOURCE, type Resource } from './resources.js';
import { structuralSchema, type StructuralSchema } from './structural.js';

interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly group: string;
    readonly scope: 'Namespaced' | 'Cluster';
    readonly names: CrdNames;
    readonly versions: readonly CrdVersion[];
  };
}

interface CrdNames {
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

interface CrdVersion {
  readonly name: string;
  readonly served: true;
  readonly storage: boolean;
  readonly schema: { readonly openAPIV3Schema: StructuralSchema };
  readonly subresources: { readonly status: Readonly<Record<string, never>> };
  readonly additionalPrinterColumns: readonly PrinterColumn[];
}

interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  /** 0 (the default) shows always, 1 only with `-o wide`. */
  readonly priority?: number;
  readonly description?: string;
}

/** Every definition of ours, by the name of its resource in `RESOURCE`. */
export function customResourceDefinitions(): Readonly<Record<OwnResource, CustomResourceDefinition>> {
  return {
    mesh: define(RESOURCE.mesh, MESH),
    meshNode: define(RESOURCE.meshNode, MESH_NODE),
    gatewayReport: define(RESOURCE.gatewayReport, GATEWAY_REPORT),
    nodePolicy: define(RESOURCE.nodePolicy, NODE_POLICY),
    peer: define(RESOURCE.peer, PEER),
    serviceExport: define(RESOURCE.serviceExport, SERVICE_EXPORT),
    serviceImport: define(RESOURCE.serviceImport, SERVICE_IMPORT),
  };
}

type OwnResource = 'gatewayReport' | 'mesh' | 'meshNode' | 'nodePolicy' | 'peer' | 'serviceExport' | 'serviceImport';

interface Definition {
  readonly schema: z.ZodType;
  readonly description: string;
  readonly shortNames: readonly string[];
  readonly columns: readonly PrinterColumn[];
  /** Served beside the resource's own version, with the same schema. */
  readonly olderVersions?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
}

const text = (name: string, jsonPath: string): PrinterColumn => ({ name, type: 'string', jsonPath });
/** Only with `-o wide`. */
const wide = (name: string, jsonPath: string): PrinterColumn => ({ ...text(name, jsonPath), priority: 1 });
const READY = [
  text('Ready', '.status.conditions[?(@.type=="Ready")].status'),
  text('Reason', '.status.conditions[?(@.type=="Ready")].reason'),
];
const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

const MESH: Definition = {
  schema: meshSchema,
  description: 'How the nodes of this cluster are meshed. A cluster has one, named default.',
  shortNames: ['kmesh'],
  columns: [
    ...READY,
    text('Linked', '.status.conditions[?(@.type=="Linked")].status'),
    text('WireGuard', '.spec.wireguardCIDRs'),
    wide('Pods', '.status.podCIDRs'),
    wide('Services', '.status.serviceCIDRs'),
    AGE,
  ],
};

const MESH_NODE: Definition = {
  schema: meshNodeSchema,
  description: 'What the mesh knows of the Node of the same name. Written by the agent on that node; people read it.',
  shortNames: ['kmn'],
  columns: [
    text('Location', '.spec.location'),
    { name: 'Slot', type: 'integer', jsonPath: '.status.slot', description: 'Gateway slot in its segment.' },
    text('Mesh address', '.status.meshAddresses'),
    text('Endpoint', '.spec.endpoints[0].host'),
    ...READY,
    wide('Pods', '.spec.podCIDRs'),
    wide('Assigned pods', '.status.assignedPods.cidrs'),
    wide('Public key', '.spec.publicKey'),
    wide('Kilo', '.spec.kilo'),
    AGE,
  ],
};

const NODE_POLICY: Definition = {
  schema: nodePolicySchema,
  description:
    'What other members may reach on the Node of the same name, whatever spec.fromMembers of the Mesh leaves closed. Written by the ' +
    'cluster-agent from exported Services; people read it.',
  shortNames: ['kmnp'],
  columns: [AGE],
};

const GATEWAY_REPORT: Definition = {
  schema: gatewayReportSchema,
  description: 'What probes say of the tunnels of the Node of the same name. Written by the agent on that node; people read it.',
  shortNames: ['kgr'],
  columns: [text('Draining', '.spec.draining'), AGE],
};

const PEER: Definition = {
  schema: peerSchema,
  description: 'A WireGuard peer outside the cluster: a laptop, a router, or a gateway of another member.',
  shortNames: [],
  columns: [
    text('Cluster', '.metadata.labels.kilofed\\.io/cluster'),
    text('DNS', '.spec.endpoint.dnsOrIP.dns'),
    text('IP', '.spec.endpoint.dnsOrIP.ip'),
    { name: 'Port', type: 'integer', jsonPath: '.spec.endpoint.port' },
    ...READY,
    wide('Allowed IPs', '.spec.allowedIPs'),
    wide('Public key', '.spec.publicKey'),
    AGE,
  ],
};

/** By which installers tell an older definition from a newer one (mcs-api, config/crd). */
const MCS_RELEASE = {
  'multicluster.x-k8s.io/release-version': 'v0.5.0',
  'multicluster.x-k8s.io/crd-schema-revision': '0',
} as const;

const SERVICE_EXPORT: Definition = {
  schema: serviceExportSchema,
  description: 'Declares that the Service of the same name and namespace is to be reachable from the other members.',
  shortNames: ['svcex', 'svcexport'],
  columns: [AGE],
  olderVersions: ['v1alpha1'],
  labels: MCS_RELEASE,
};

const SERVICE_IMPORT: Definition = {
  schema: serviceImportSchema,
  description: 'A Service that members of the federation export under this name and namespace.',
  shortNames: ['svcim', 'svcimport'],
  columns: [text('Type', '.spec.type'), text('IP', '.spec.ips'), AGE],
  olderVersions: ['v1alpha1'],
  labels: MCS_RELEASE,
};

function define(resource: Resource, definition: Definition): CustomResourceDefinition {
  const openAPIV3Schema = structuralSchema(definition.schema, definition.description);
  const version = (name: string): CrdVersion => ({
    name,
    served: true,
    storage: name === resource.version,
    schema: { openAPIV3Schema },
    subresources: { status: {} },
    additionalPrinterColumns: definition.columns,
  });
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${resource.plural}.${resource.group}`, ...(definition.labels !== undefined && { labels: definition.labels }) },
    spec: {
      group: resource.group,
      scope: resource.namespaced ? 'Namespaced' : 'Cluster',
      names: names(resource, definition.shortNames),
      versions: [...(definition.olderVersions ?? []), resource.version].map(version),
    },
  };
}

function names(resource: Resource, shortNames: readonly string[]): CrdNames {
  return {
    kind: resource.kind,
    listKind: `${resource.kind}List`,
    plural: resource.plural,
    singular: resource.kind.toLowerCase(),
    ...(shortNames.length > 0 && { shortNames }),
    ...(resource.group === KILOFED_GROUP && { categories: ['kilofed'] }),
  };
}
