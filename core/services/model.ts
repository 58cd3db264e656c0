/**
 * Exported Services as the hub knows them, stripped to what an importer needs, and what it writes for them.
 *
 * Records are per member and carry nothing the member could use to steer another one: the namespace is the one the object
 * was watched in, never one it names (CVE-2026-66788).
 */

/** A Service that carries `kilofed.io/export: "true"`, in the member it was seen in. */
export interface ServiceRecord {
  readonly cluster: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** From the API server, RFC 3339; precedence between exporters: oldest first, then by cluster id. */
  readonly created: string;
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  readonly headless: boolean;
  readonly ports: readonly ServicePort[];
  readonly ipFamilies: readonly ('IPv4' | 'IPv6')[];
  readonly sessionAffinity: 'None' | 'ClientIP';
  readonly sessionAffinitySeconds?: number;
  readonly publishNotReadyAddresses: boolean;
  /** Raw values of our own annotations on it (core/api/names.ts), validated by the planner. */
  readonly annotations: Readonly<Record<string, string>>;
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
