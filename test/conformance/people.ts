/**
 * What people write into a member to export a Service, in any order and of either version of the API, and what kube-controller-manager
 * writes for it.
 */
import { RESOURCE } from '../../core/api/resources.js';
import type { Cluster } from '../hub/cluster.js';
import { podAddress } from './world.js';

/** The name of every Service here; each test has a namespace of its own. */
export const NAME = 'hello';

export interface Port {
  readonly name?: string;
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP';
  readonly port: number;
  readonly appProtocol?: string;
}

/** Fields of a Service beside its ports. */
interface ServiceOptions {
  readonly ports?: readonly Port[];
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface ExportOptions extends ServiceOptions {
  /** Fields of the spec of the ServiceExport. */
  readonly exported?: Readonly<Record<string, unknown>>;
  readonly version?: 'v1alpha1' | 'v1beta1';
  /** The last part of the addresses of its pods; default: one pod, .5. */
  readonly hosts?: readonly number[];
}

const HTTP: readonly Port[] = [{ name: 'http', port: 80 }];
/** Pods listen on the port of the Service and this. */
export const TARGET_OFFSET = 8000;

export async function writeService(cluster: Cluster, namespace: string, options: ServiceOptions = {}): Promise<void> {
  const { ports = HTTP, spec, ...metadata } = options;
  const { labels = {}, annotations = {} } = metadata;
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: NAME, namespace, labels, annotations },
    spec: {
      ...(spec?.['type'] !== 'ExternalName' && {
        selector: { app: NAME },
        ports: ports.map((each) => ({ protocol: 'TCP', targetPort: each.port + TARGET_OFFSET, ...each })),
      }),
      ...spec,
    },
  });
}

/** As a person who knows the API makes it. */
export async function writeExport(cluster: Cluster, namespace: string, options: ExportOptions = {}): Promise<void> {
  const { exported, version = 'v1beta1' } = options;
  const metadata = { name: NAME, namespace, labels: { 'of-the-export': 'yes' }, annotations: { 'of-the-export': 'yes' } };
  const body = { apiVersion: `multicluster.x-k8s.io/${version}`, kind: 'ServiceExport', metadata, ...(exported && { spec: exported }) };
  const path = `/apis/multicluster.x-k8s.io/${version}/namespaces/${namespace}/serviceexports`;
  const written = await cluster.client.call({ method: 'POST', path, body, contentType: 'application/json' });
  if (!written.ok) throw new Error(`${written.error.kind}: ${written.error.message}`);
}

/** As the controller of EndpointSlices writes the slice of a Service, of one family. */
export async function writeSlice(
  cluster: Cluster,
  namespace: string,
  options: { readonly ports?: readonly Port[]; readonly hosts?: readonly number[]; readonly family?: 'IPv4' | 'IPv6' } = {},
): Promise<void> {
  const { ports = HTTP, hosts = [5], family = 'IPv4' } = options;
  await applySlice(cluster, namespace, {
    family,
    ports,
    endpoints: hosts.map((host) => ({
      addresses: [podAddress(cluster, host, family)],
      conditions: { ready: true, serving: true, terminating: false },
    })),
  });
}

export async function applySlice(
  cluster: Cluster,
  namespace: string,
  { family = 'IPv4', ports = HTTP, endpoints }: SliceContent,
): Promise<void> {
  await cluster.apply({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${NAME}-${family.toLowerCase()}`,
      namespace,
      labels: { 'kubernetes.io/service-name': NAME, 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' },
    },
    addressType: family,
    ports: ports.map(({ name = '', protocol = 'TCP', port, appProtocol }) => ({
      ...{ name, protocol, port: port + TARGET_OFFSET },
      ...(appProtocol !== undefined && { appProtocol }),
    })),
    endpoints,
  });
}

interface SliceContent {
  readonly family?: 'IPv4' | 'IPv6';
  readonly ports?: readonly Port[];
  readonly endpoints: readonly Readonly<Record<string, unknown>>[];
}

/** A Service with pods, and its export. */
export async function exportService(cluster: Cluster, namespace: string, options: ExportOptions = {}): Promise<void> {
  await writeService(cluster, namespace, options);
  await writeSlice(cluster, namespace, options);
  await writeExport(cluster, namespace, options);
}

export async function unexport(cluster: Cluster, namespace: string): Promise<void> {
  await cluster.remove(RESOURCE.serviceExport, NAME, namespace);
}
