/**
 * What a member shows of an export: its conditions, the import, and what carries traffic.
 */
import { type Condition, type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { listObjects } from '../../kube/wire/apply.js';
import type { Cluster } from '../hub/cluster.js';
import { becomes, type Slice as AnySlice } from '../hub/world.js';
import { NAME, type Port } from './people.js';

export interface ServiceImport extends KubeObject {
  readonly spec: {
    readonly type: string;
    readonly ports: readonly Port[];
    readonly ips?: readonly string[];
    readonly ipFamilies?: readonly string[];
    readonly sessionAffinity?: string;
    readonly sessionAffinityConfig?: unknown;
    readonly internalTrafficPolicy?: string;
    readonly trafficDistribution?: string;
  };
  readonly status?: { readonly clusters?: readonly { readonly cluster: string }[]; readonly conditions?: readonly Condition[] };
}

export interface DerivedService extends KubeObject {
  readonly spec: {
    readonly type: string;
    readonly ports: readonly (Port & { readonly nodePort?: number })[];
    readonly selector?: unknown;
    readonly clusterIP: string;
    readonly clusterIPs: readonly string[];
    readonly ipFamilies: readonly string[];
  };
}

interface Slice extends AnySlice {
  readonly addressType: 'IPv4' | 'IPv6';
  readonly endpoints:
    | readonly {
        readonly addresses: readonly string[];
        readonly conditions?: unknown;
        readonly hostname?: string;
        readonly zone?: string;
      }[]
    | null;
}

const DERIVED = 'multicluster.kubernetes.io/derived-service';

export const importIn = (cluster: Cluster, namespace: string): Promise<ServiceImport | undefined> =>
  cluster.get<ServiceImport>(RESOURCE.serviceImport, NAME, namespace);

export const typeIn = async (cluster: Cluster, namespace: string): Promise<string | undefined> =>
  (await importIn(cluster, namespace))?.spec.type;

/** The Service that stands for the import. */
export async function derivedIn(cluster: Cluster, namespace: string): Promise<DerivedService | undefined> {
  const name = (await importIn(cluster, namespace))?.metadata.annotations?.[DERIVED];
  return name === undefined ? undefined : cluster.get<DerivedService>(RESOURCE.service, name, namespace);
}

/** The slices of the import, as the MCS API marks them, by name. */
export async function slicesIn(cluster: Cluster, namespace: string): Promise<readonly Slice[]> {
  const labelSelector = `multicluster.kubernetes.io/service-name=${NAME}`;
  const listed = await listObjects<Slice>(cluster.client, RESOURCE.endpointSlice, { namespace, labelSelector });
  if (!listed.ok) throw new Error(listed.error.message);
  const marked = listed.value.filter(({ metadata }) => metadata.labels?.['multicluster.kubernetes.io/source-cluster'] !== undefined);
  return marked.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

/** Addresses behind the import, sorted. */
export async function addressesIn(cluster: Cluster, namespace: string): Promise<string[]> {
  const slices = await slicesIn(cluster, namespace);
  return slices.flatMap(({ endpoints }) => (endpoints ?? []).flatMap(({ addresses }) => addresses)).toSorted();
}

/** `True Valid`, say; undefined where there is no such condition. */
export async function exportCondition(cluster: Cluster, namespace: string, type: string): Promise<string | undefined> {
  const found = await cluster.get<ServiceImport>(RESOURCE.serviceExport, NAME, namespace);
  return conditionText(found, type);
}

export async function importCondition(cluster: Cluster, namespace: string, type: string): Promise<string | undefined> {
  return conditionText(await importIn(cluster, namespace), type);
}

function conditionText(object: Pick<ServiceImport, 'status'> | undefined, type: string): string | undefined {
  const found = object?.status?.conditions?.find((condition) => condition.type === type);
  return found === undefined ? undefined : `${found.status} ${found.reason}`;
}

/** Waits until the addresses stand behind the import in all these clusters. */
export async function served(clusters: readonly Cluster[], namespace: string, addresses: readonly string[]): Promise<void> {
  for (const cluster of clusters) {
    await becomes(`endpoints in ${cluster.id}`, addresses.toSorted(), () => addressesIn(cluster, namespace));
    await becomes(`an import in ${cluster.id}`, true, async () => (await importIn(cluster, namespace)) !== undefined);
  }
}

export async function withoutImport(clusters: readonly Cluster[], namespace: string): Promise<void> {
  for (const cluster of clusters) {
    await becomes(`no import in ${cluster.id}`, undefined, () => importIn(cluster, namespace));
    await becomes(`no endpoints in ${cluster.id}`, [], () => addressesIn(cluster, namespace));
  }
}

/** Ports as the API's defaults leave them, sorted by name. */
export function portsOf(ports: readonly Port[] | undefined): Port[] | undefined {
  return ports
    ?.map(({ name, protocol = 'TCP', port, appProtocol }) => ({
      ...{ name: name ?? '', protocol, port },
      ...(appProtocol !== undefined && { appProtocol }),
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
