/**
 * A member cluster for tests of the hub: a real API server without nodes, into which the objects are written that agents,
 * people and kube-controller-manager would write.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MeshSpec } from '../../core/api/meshSpec.js';
import type { MeshNodeSpec } from '../../core/api/meshNode.js';
import { type KubeObject, RESOURCE, type Resource } from '../../core/api/resources.js';
import { loadKubeconfig } from '../../kube/config/kubeconfig.js';
import { applyObject, deleteObject, getObject, listObjects } from '../../kube/wire/apply.js';
import type { KubeClient, KubeResult } from '../../kube/wire/client.js';
import { createKubeClient } from '../../kube/wire/http2Client.js';
import { systemClock } from '../../kube/wire/systemClock.js';
import type { ControlPlane } from '../apiserver/controlPlane.js';
import { applyYaml } from '../apiserver/kubectl.js';

interface NodeOptions {
  readonly key: string;
  readonly podCIDR: string;
  readonly endpoint?: string;
  readonly internalIP?: string;
  readonly location?: string;
  readonly meshAddress: string;
  readonly slot?: number;
}

interface ServiceOptions {
  readonly ports?: readonly { readonly name?: string; readonly port: number }[];
  readonly annotations?: Readonly<Record<string, string>>;
  /** Further fields of its spec. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** What the cluster-agent finds in a cluster, for the status of its Mesh. */
interface Ranges {
  readonly serviceCIDRs: readonly string[];
  readonly podCIDRs: readonly string[];
  readonly nodeCIDRs: readonly string[];
}

export interface Cluster {
  readonly id: string;
  readonly controlPlane: ControlPlane;
  readonly client: KubeClient;
  /** CRDs, the hub's account with its policies, the Mesh, the namespaces. */
  prepare(mesh: Partial<MeshSpec>, ranges: Ranges, namespaces: readonly string[]): Promise<void>;
  /** A kubeconfig of the account that `manifests/member.yaml` gives the hub. */
  hubKubeconfig(): string;
  node(name: string, options: NodeOptions): Promise<void>;
  service(namespace: string, name: string, options?: ServiceOptions): Promise<void>;
  /** The one slice of a Service. */
  endpoints(
    namespace: string,
    name: string,
    addresses: readonly string[],
    ports?: readonly { readonly name?: string; readonly port: number }[],
  ): Promise<void>;
  apply(object: KubeObject & Readonly<Record<string, unknown>>, subresource?: 'status'): Promise<KubeObject>;
  remove(resource: Resource, name: string, namespace?: string): Promise<void>;
  get<T extends KubeObject>(resource: Resource, name: string, namespace?: string): Promise<T | undefined>;
  list<T extends KubeObject>(resource: Resource, labelSelector?: string): Promise<readonly T[]>;
  /** Write requests so far, as the API server counts them, without those about its own leases. */
  writes(): Promise<number>;
}

/** A user of the API server, with the name of the account: its rights and the policies are the account's. */
export const HUB_USER = { name: 'system:serviceaccount:kilofed:kilofed-hub', groups: [] };

const MANIFESTS = join(import.meta.dirname, '../../../manifests');

export function createCluster(id: string, controlPlane: ControlPlane): Cluster {
  const loaded = loadKubeconfig(controlPlane.kubeconfig('admin'), { now: () => systemClock.now() });
  if (!loaded.ok) throw new Error(loaded.error);
  const client = createKubeClient({ ...loaded.value, userAgent: 'kilofed-test' }, { clock: systemClock });

  async function apply(object: KubeObject, subresource?: 'status'): Promise<KubeObject> {
    return must(await applyObject(client, object, { fieldManager: 'test', ...(subresource !== undefined && { subresource }) }));
  }

  return {
    id,
    controlPlane,
    client,
    hubKubeconfig: () => controlPlane.kubeconfig(HUB_USER.name),
    async prepare(mesh, ranges, namespaces) {
      await applyYaml(controlPlane, crds());
      for (const name of ['kilofed', ...namespaces]) await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
      const metadata = { name: 'default' };
      await apply({ apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata, spec: mesh } as KubeObject);
      await apply({ apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata, status: ranges } as KubeObject, 'status');
      await applyYaml(controlPlane, readFileSync(join(MANIFESTS, 'member.yaml'), 'utf8'));
    },
    async node(name, options) {
      const spec: MeshNodeSpec = {
        publicKey: options.key,
        endpoints: options.endpoint === undefined ? [] : [{ host: options.endpoint, port: 51820 }],
        internalIPs: options.internalIP === undefined ? [] : [options.internalIP],
        podCIDRs: [options.podCIDR],
        location: options.location ?? '',
        gateway: 'auto',
        persistentKeepalive: 0,
      };
      const head = { apiVersion: 'kilofed.io/v1alpha1', kind: 'MeshNode', metadata: { name } };
      await apply({ ...head, spec } as KubeObject);
      const status = { meshAddresses: [options.meshAddress], ...(options.slot !== undefined && { slot: options.slot }) };
      await apply({ ...head, status } as KubeObject, 'status');
    },
    async service(namespace, name, options = {}) {
      await apply({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name, namespace, annotations: options.annotations ?? { 'kilofed.io/export': 'true' } },
        spec: {
          selector: { app: name },
          ports: (options.ports ?? [{ port: 80 }]).map((port) => ({ protocol: 'TCP', ...port })),
          ...options.spec,
        },
      } as KubeObject);
    },
    async endpoints(namespace, name, addresses, ports = [{ port: 8080 }]) {
      await apply({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: {
          name: `${name}-1`,
          namespace,
          labels: { 'kubernetes.io/service-name': name, 'endpointslice.kubernetes.io/managed-by': 'test' },
        },
        addressType: 'IPv4',
        ports: ports.map((port) => ({ name: '', protocol: 'TCP', ...port })),
        endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true, serving: true, terminating: false } })),
      } as KubeObject);
    },
    apply,
    async remove(resource, name, namespace) {
      must(await deleteObject(client, { resource, name, ...(namespace !== undefined && { namespace }) }));
    },
    async get<T extends KubeObject>(resource: Resource, name: string, namespace?: string): Promise<T | undefined> {
      const found = await getObject<T>(client, { resource, name, ...(namespace !== undefined && { namespace }) });
      return !found.ok && found.error.kind === 'notFound' ? undefined : must(found);
    },
    list: async <T extends KubeObject>(resource: Resource, labelSelector?: string): Promise<readonly T[]> =>
      must(await listObjects<T>(client, resource, labelSelector === undefined ? {} : { labelSelector })),
    writes: () => countWrites(controlPlane),
  };
}

/** What the hub wrote into a cluster, in a form that equal contents have in common. */
export async function ownObjects(cluster: Cluster): Promise<Readonly<Record<string, string>>> {
  const resources = [RESOURCE.peer, RESOURCE.service, RESOURCE.endpointSlice, RESOURCE.serviceImport, RESOURCE.serviceExport];
  const found = await Promise.all(resources.map((resource) => cluster.list(resource, 'kilofed.io/managed-by=kilofed-hub')));
  return Object.fromEntries(
    found.flatMap((objects, index) =>
      objects.map(({ metadata }) => [
        `${resources[index]?.kind} ${metadata.namespace ?? ''}/${metadata.name}`,
        metadata.resourceVersion ?? '',
      ]),
    ),
  );
}

function crds(): string {
  const folder = join(MANIFESTS, 'crds');
  const files = [...readdirSync(folder).map((name) => join(folder, name)), join(MANIFESTS, 'crds-multicluster.yaml')];
  return files.map((file) => readFileSync(file, 'utf8')).join('\n---\n');
}

async function countWrites(controlPlane: ControlPlane): Promise<number> {
  const loaded = loadKubeconfig(controlPlane.kubeconfig('admin'), { now: () => systemClock.now() });
  if (!loaded.ok) throw new Error(loaded.error);
  const client = createKubeClient({ ...loaded.value, userAgent: 'kilofed-test' }, { clock: systemClock });
  let count = 0;
  const read = await client.stream({ path: '/metrics', idleMs: 10_000 }, (line) => {
    const match = /^apiserver_request_total\{(.*)\} (\S+)$/.exec(line);
    if (match === null) return;
    const [, labels = '', value = '0'] = match;
    if (/verb="(POST|PUT|PATCH|APPLY|DELETE|DELETECOLLECTION)"/.test(labels) && !labels.includes('resource="leases"'))
      count += Number(value);
  });
  client.close();
  must(read);
  return count;
}

function must<T>(result: KubeResult<T>): T {
  if (!result.ok) throw new Error(`${result.error.kind}: ${result.error.message}`);
  return result.value;
}
