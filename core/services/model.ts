/**
 * Exported Services and their EndpointSlices as the hub remembers them, reduced to what importers need.
 *
 * Nothing in a record lets a member choose where an import lands: the namespace is the one that the object was watched in,
 * never one that it names (CVE-2026-66788).
 */
import type { ExportRequest } from './annotations.js';

/** A Service that is exported: by the annotation `kilofed.io/export`, by a ServiceExport that a person made, or by its namespace. */
export interface ServiceRecord {
  readonly cluster: string;
  readonly namespace: string;
  readonly name: string;
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  readonly headless: boolean;
  readonly ports: readonly ServicePort[];
  readonly ipFamilies: readonly ('IPv4' | 'IPv6')[];
  readonly sessionAffinity: 'None' | 'ClientIP';
  readonly sessionAffinitySeconds?: number;
  readonly publishNotReadyAddresses: boolean;
  /** Absent: `Cluster`. */
  readonly internalTrafficPolicy?: 'Local';
  readonly trafficDistribution?: string;
  /** Virtual addresses of the Service in its own cluster, the first family first; absent: none are known, or it is headless. */
  readonly clusterIPs?: readonly string[];
  /** What a ServiceExport of a person passes on; absent: nothing (KEP-1645, "Exporting labels and annotations"). */
  readonly exportedLabels?: Readonly<Record<string, string>>;
  readonly exportedAnnotations?: Readonly<Record<string, string>>;
  /** What its annotations ask for. */
  readonly export: ExportRequest;
}

export interface ServicePort {
  readonly name: string;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly port: number;
  readonly appProtocol?: string;
}

/** An EndpointSlice of an exported Service. Conditions are copied as they are; absent `ready` means ready. */
export interface SliceRecord {
  readonly cluster: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly service: string;
  readonly addressType: 'IPv4' | 'IPv6';
  readonly ports: readonly SlicePort[];
  readonly endpoints: readonly SliceEndpoint[];
}

export interface SlicePort {
  readonly name: string;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly port: number;
  readonly appProtocol?: string;
}

export interface SliceEndpoint {
  readonly addresses: readonly string[];
  readonly ready?: boolean;
  readonly serving?: boolean;
  readonly terminating?: boolean;
  readonly hostname?: string;
  readonly zone?: string;
}
