/**
 * What the cluster-agent keeps of Services, ServiceExports, namespaces and EndpointSlices: what decides who may reach which endpoint.
 */
import type { Exported } from '../core/api/nodePolicy.js';
import { KILOFED_GROUP, MCS_LABEL } from '../core/api/names.js';
import type { KubeObject } from '../core/api/resources.js';
import { addressOf } from '../core/net/cidr.js';
import { isHubs } from '../core/observed/ownership.js';
import { type NamespaceExport, namespaceExport } from '../core/services/namespaceExport.js';
import { type SeenLabels, seenLabels } from '../core/services/seenLabels.js';

/** Of a Service that could be exported. */
export interface ServiceFacts extends SeenLabels {
  readonly namespace: string;
  readonly name: string;
  /** Of Kilofed's. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** Of an EndpointSlice. */
export interface SliceFacts {
  /** `namespace/name` of its Service. */
  readonly service: string;
  /** Canonical. */
  readonly addresses: readonly string[];
  readonly ports: Exported['ports'];
  /** Kubernetes made it of pods, so that its addresses are theirs. */
  readonly ofPods?: true;
}

/** And what decides whether others serve in its place. */
export interface LocalSlice extends SliceFacts {
  /** As the slice has it. */
  readonly addressType: string;
  /** Endpoints that are ready. */
  readonly ready: number;
}

/** As the API server validates it, to which any number is a port. */
interface Slice extends KubeObject {
  readonly addressType?: string;
  readonly endpoints?:
    | readonly { readonly addresses?: readonly string[]; readonly conditions?: { readonly ready?: boolean | null } | null }[]
    | null;
  readonly ports?: readonly { readonly protocol?: string; readonly port?: number }[] | null;
}

/** Undefined: it is never exported. */
export function serviceFacts(object: KubeObject): ServiceFacts | undefined {
  const { metadata, spec } = object as KubeObject & { readonly spec?: { readonly type?: string } };
  if (spec?.type === 'ExternalName' || isHubs('service', object)) return undefined;
  const { namespace = '', name, labels = {} } = metadata;
  return { namespace, name, annotations: oursOf(metadata.annotations), ...seenLabels(labels) };
}

/** Annotations of a ServiceExport by which somebody asks for an export. Undefined: nobody does. */
export function serviceExportFacts(object: KubeObject): Readonly<Record<string, string>> | undefined {
  const { annotations, deletionTimestamp } = object.metadata as KubeObject['metadata'] & { readonly deletionTimestamp?: string };
  return deletionTimestamp !== undefined || isHubs('serviceExport', object) ? undefined : oursOf(annotations);
}

/** Undefined: the namespace exports nothing. */
export function namespaceFacts({ metadata }: KubeObject): NamespaceExport | undefined {
  return namespaceExport(metadata.annotations ?? {}).export;
}

function oursOf(annotations: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => key.startsWith(`${KILOFED_GROUP}/`)));
}

/** Endpoints count whether they are ready or not: what is under way with one that ends goes on. Undefined: it belongs to no Service. */
export function sliceFacts(object: KubeObject): LocalSlice | undefined {
  const { metadata, addressType = '', endpoints, ports } = object as Slice;
  const service = metadata.labels?.[MCS_LABEL.kubeServiceName];
  // Ours are endpoints of other members.
  if (service === undefined || isHubs('endpointSlice', object)) return undefined;
  return {
    service: keyOf(object, service),
    addresses: (endpoints ?? [])
      .flatMap((endpoint) => endpoint.addresses ?? [])
      .map(addressOf)
      .filter((address) => address !== undefined),
    ports: (ports ?? []).flatMap(({ protocol = 'TCP', port = 0 }) =>
      port >= 1 && port <= 65_535 && isKnown(protocol) ? [{ protocol, port }] : [],
    ),
    ...(metadata.labels?.[MCS_LABEL.sliceManagedBy] === SLICE_CONTROLLER && { ofPods: true as const }),
    addressType,
    ready: (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false).length,
  };
}

const SLICE_CONTROLLER = 'endpointslice-controller.k8s.io';

function keyOf({ metadata }: KubeObject, name: string): string {
  return `${metadata.namespace ?? ''}/${name}`;
}

function isKnown(protocol: string): protocol is Exported['ports'][number]['protocol'] {
  return protocol === 'TCP' || protocol === 'UDP' || protocol === 'SCTP';
}
