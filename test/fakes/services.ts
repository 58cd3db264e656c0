/**
 * Exported Services and what importers are asked to make of them: `demo/web`, port http 80 on endpoints' 8080, unless told
 * otherwise. East's pods are in 10.42.0.0/16, north's in 10.44.0.0/16, everybody else's in 10.43.0.0/16.
 */
import { createHash } from 'node:crypto';
import type { NamespaceRules } from '../../core/services/consent.js';
import type { Exporter } from '../../core/services/importParts.js';
import type { ServicePort, ServiceRecord, SliceRecord } from '../../core/services/model.js';
import type { ImportInput, ImportPlan } from '../../core/services/planImport.js';

export const sha256 = (text: string): Uint8Array => createHash('sha256').update(text).digest();

export const tcp = (name: string, port: number): ServicePort => ({ name, protocol: 'TCP', port });

/** As the hub's flags are by default. */
export const RULES: NamespaceRules = { reserved: ['kube-system', 'hub'], denied: ['kube-', 'openshift-', 'openshift', 'kilofed'] };

export function service(cluster: string, more: Partial<ServiceRecord> = {}): ServiceRecord {
  return {
    cluster,
    namespace: 'demo',
    name: 'web',
    type: 'ClusterIP',
    headless: false,
    ports: [tcp('http', 80)],
    ipFamilies: ['IPv4'],
    sessionAffinity: 'None',
    publishNotReadyAddresses: false,
    export: { exported: true, complaints: [] },
    ...more,
  };
}

export function slice(cluster: string, addresses: readonly string[], more: Partial<SliceRecord> = {}): SliceRecord {
  return {
    cluster,
    namespace: 'demo',
    name: 'web-abc',
    uid: `slice-${cluster}`,
    service: 'web',
    addressType: 'IPv4',
    ports: [tcp('http', 8080)],
    endpoints: addresses.map((address) => ({ addresses: [address], ready: true })),
    ...more,
  };
}

const NETWORKS: Readonly<Record<string, string>> = { east: '10.42.0.0/16', north: '10.44.0.0/16' };

export function exporter(cluster: string, addresses: readonly string[], more: Partial<ServiceRecord> = {}): Exporter {
  return { service: service(cluster, more), slices: [slice(cluster, addresses)], networks: [NETWORKS[cluster] ?? '10.43.0.0/16'], seen: 0 };
}

/** An import into `west` of what `east` exports. */
export function importInput(
  more: Partial<Omit<ImportInput, 'target'>> & { readonly target?: Partial<ImportInput['target']> } = {},
): ImportInput {
  return {
    namespace: 'demo',
    name: 'web',
    exporters: [exporter('east', ['10.42.1.5'])],
    unknown: [],
    rules: RULES,
    exportToDefault: 'all',
    sha256,
    ...more,
    target: {
      id: 'west',
      ipFamilies: ['IPv4'],
      namespace: 'present',
      consent: {},
      creation: { madeFor: () => 0 },
      sameNamed: 'none',
      derived: 'none',
      standing: { exporters: [] },
      importTaken: false,
      ...more.target,
    },
  };
}

type Mirror = Extract<ImportPlan, { kind: 'mirror' }>;

export function mirrorOf(plan: ImportPlan): Mirror {
  if (plan.kind !== 'mirror') throw new Error(`expected a mirror, got ${JSON.stringify(plan)}`);
  return plan;
}
