/**
 * What the DNS of a cluster is asked about: imports as the hub writes them, by hand, and a CoreDNS that is installed but run elsewhere.
 */
import type { KubeObject } from '../../core/api/resources.js';

const NAMESPACE = 'demo';

export function list(items: readonly object[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

/** CoreDNS as kubeadm installs it, with that Corefile. `further`: other folders, and the ConfigMaps that may be mounted there. */
export function installedCoreDns(corefile: string, image: string, further: Readonly<Record<string, string>> = {}): readonly object[] {
  const metadata = { name: 'coredns', namespace: 'kube-system' };
  const labels = { 'k8s-app': 'kube-dns' };
  const mounted = Object.entries(further).map(([mountPath, name]) => ({ mountPath, name }));
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { Corefile: corefile } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            serviceAccountName: 'coredns',
            containers: [{ name: 'coredns', image, volumeMounts: [{ name: 'config-volume', mountPath: '/etc/coredns' }, ...mounted] }],
            volumes: [
              { name: 'config-volume', configMap: { name: 'coredns', items: [{ key: 'Corefile', path: 'Corefile' }] } },
              ...mounted.map(({ name }) => ({ name, configMap: { name, optional: true } })),
            ],
          },
        },
      },
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'system:coredns' },
      rules: [
        { apiGroups: [''], resources: ['endpoints', 'services', 'pods', 'namespaces'], verbs: ['list', 'watch'] },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'system:coredns' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:coredns' },
      subjects: [{ kind: 'ServiceAccount', ...metadata }],
    },
  ];
}

interface ImportPort {
  readonly name?: string;
  readonly port: number;
}

export function serviceImport(name: string, spec: { readonly ports: readonly ImportPort[]; readonly ips?: readonly string[] }): KubeObject {
  const ports = spec.ports.map((port) => ({ protocol: 'TCP', ...port }));
  const type = spec.ips === undefined ? 'Headless' : 'ClusterSetIP';
  const body = { apiVersion: 'multicluster.x-k8s.io/v1beta1', kind: 'ServiceImport', metadata: { name, namespace: NAMESPACE } };
  return Object.assign(body, { spec: { ...spec, type, ports } });
}

interface SliceEndpoint {
  readonly address: string;
  readonly hostname?: string;
  /** Default true. */
  readonly ready?: boolean;
}

/** Of one exporting cluster; the family is that of the addresses. */
export function importedSlice(
  service: string,
  cluster: string,
  endpoints: readonly SliceEndpoint[],
  ports: readonly ImportPort[],
): KubeObject {
  const family = endpoints[0]?.address.includes(':') === true ? 'IPv6' : 'IPv4';
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${service}-${cluster}-${family.toLowerCase()}`,
      namespace: NAMESPACE,
      labels: { 'multicluster.kubernetes.io/service-name': service, 'multicluster.kubernetes.io/source-cluster': cluster },
    },
  };
  return Object.assign(slice, {
    addressType: family,
    ports: ports.map((port) => ({ protocol: 'TCP', name: '', ...port })),
    endpoints: endpoints.map(({ address, hostname, ready = true }) => ({
      addresses: [address],
      ...(hostname !== undefined && { hostname }),
      conditions: { ready },
    })),
  });
}
