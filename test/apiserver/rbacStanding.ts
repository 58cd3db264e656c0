/**
 * What stands in the cluster before an account tries anything.
 */
import { gatewayReport, LABEL, mcs, meshNode, peer, PEER_LABELS, service, slice, type Some } from './rbacObjects.js';
import { TENANT, TENANT_RULES } from './tenant.js';

const MESH: Some = {
  apiVersion: 'kilofed.io/v1alpha1',
  kind: 'Mesh',
  metadata: { name: 'default' },
  spec: { wireguardCIDRs: ['10.4.9.0/24'] },
};
/** Of the Mesh: the ranges that the attempts name. */
export const MESH_STATUS: Some = {
  ...MESH,
  spec: undefined,
  status: {
    podCIDRs: ['10.42.0.0/16', 'fd42::/48'],
    serviceCIDRs: ['10.96.0.0/16'],
    nodeCIDRs: ['10.0.0.11/32', '10.0.0.12/32', 'fd00::11/128'],
  },
};

const MARKS = { 'kilofed.io/hash': '0', 'kilofed.io/source': 'demo/taken', note: 'b' };
const DECLARED = { name: 'declared', namespace: 'demo', labels: LABEL, annotations: { 'meta.helm.sh/release-name': 'web' } };

export function standing(): readonly Some[] {
  const namespaces: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['demo', {}],
    ['closed', { 'kilofed.io/import': 'none' }],
    ['misspelt', { 'kilofed.io/import': 'None' }],
    ['choosy', { 'kilofed.io/import': 'north_west' }],
    ['two', { 'kilofed.io/import': 'west_east' }],
    ['openshift-ingress', {}],
    ['openshift-apps', { 'kilofed.io/import': 'all' }],
    ['kube-apps', {}],
  ];
  return [
    ...namespaces.map(([name, labels]): Some => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } })),
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'named', annotations: { 'kilofed.io/import-hostnames': 'true' } } },
    MESH,
    { apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' } },
    meshNode('held'),
    gatewayReport('a'),
    gatewayReport('held'),
    peer('laptop'),
    peer('own', PEER_LABELS),
    service('demo', 'foreign'),
    service('demo', 'headless', { spec: { clusterIP: 'None' } }),
    service('demo', 'consenting', { annotations: { 'kilofed.io/affinity': 'local' } }),
    service('demo', 'misspelt', { annotations: { 'kilofed.io/affinity': 'Local' } }),
    service('demo', 'own', { labels: LABEL }),
    service('closed', 'before', { labels: LABEL }),
    service('demo', 'taken', { labels: { ...LABEL, team: 'a' }, annotations: MARKS, spec: { selector: { app: 'web' } } }),
    service('demo', 'offered', { annotations: { 'kilofed.io/hand-over': 'true' }, spec: { selector: { app: 'web' } } }),
    service('demo', 'opened', { labels: LABEL, spec: { type: 'NodePort' } }),
    service('demo', 'declared', { labels: LABEL, annotations: { 'meta.helm.sh/release-name': 'web' } }),
    { ...mcs('ServiceImport', 'declared', LABEL), metadata: DECLARED },
    slice('demo', 'own', { name: 'own-east' }),
    {
      ...slice('demo', 'foreign'),
      metadata: { name: 'foreign-1', namespace: 'demo', labels: { 'kubernetes.io/service-name': 'foreign' } },
    },
    mcs('ServiceExport', 'own-export', LABEL),
    mcs('ServiceExport', 'foreign-export'),
    mcs('ServiceExport', 'foreign-export', {}, 'kube-public'),
    mcs('ServiceImport', 'foreign-import'),
    secret(
      'member-west',
      { 'kilofed.io/cluster': 'west' },
      { kubeconfig: 'b2xk', other: 'eA==' },
      { 'kilofed.io/allowed-cidrs': '10.50.0.0/16' },
    ),
    secret('member-north', { 'kilofed.io/cluster': 'north' }, { other: 'eA==' }),
    secret('unrelated', {}, { kubeconfig: 'b2xk' }),
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: TENANT, namespace: 'demo' },
      rules: TENANT_RULES,
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: TENANT, namespace: 'demo' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: TENANT },
      subjects: [{ kind: 'User', name: TENANT, apiGroup: 'rbac.authorization.k8s.io' }],
    },
  ];
}

function secret(
  name: string,
  labels: Readonly<Record<string, string>>,
  data: Readonly<Record<string, string>>,
  annotations?: Readonly<Record<string, string>>,
): Some {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'kilofed', labels, ...(annotations && { annotations }) },
    type: 'Opaque',
    data,
  };
}
