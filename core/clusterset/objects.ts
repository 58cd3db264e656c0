/**
 * The objects of a plan for the zone clusterset.local, as they are written and as `--dry-run` prints them.
 */
import { LABEL } from '../api/names.js';
import type { KubeObject } from '../api/resources.js';
import { type ConfigChange, type DnsPlan, READER_NAME } from './planDns.js';

/** Value of the label of what the command line writes, and its field manager. */
export const DNS_MANAGER = 'kilofed-dns';

const RBAC = 'rbac.authorization.k8s.io';
const KEPT_BY_KUBECTL = 'kubectl.kubernetes.io/last-applied-configuration';

/** The right to read ServiceImports, for CoreDNS's account. */
export function readerObjects({ namespace, name }: NonNullable<DnsPlan['reader']>): readonly KubeObject[] {
  const metadata = { name: READER_NAME, labels: { [LABEL.managedBy]: DNS_MANAGER } };
  const role = {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRole',
    metadata,
    rules: [{ apiGroups: ['multicluster.x-k8s.io'], resources: ['serviceimports'], verbs: ['list', 'watch'] }],
  };
  const binding = {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRoleBinding',
    metadata,
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: READER_NAME },
    subjects: [{ kind: 'ServiceAccount', namespace, name }],
  };
  return [role, binding];
}

/** The whole ConfigMap after the change, so that whoever applies it loses nothing. */
export function changedConfig({ config, key, after }: ConfigChange, namespace: string): KubeObject & { readonly data: object } {
  const { name, labels, annotations = {} } = config.metadata;
  const kept = Object.fromEntries(Object.entries(annotations).filter(([each]) => each !== KEPT_BY_KUBECTL));
  const data = Object.entries({ ...config.data, [key]: after }).filter(([, text]) => text !== undefined);
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, ...(labels !== undefined && { labels }), ...(Object.keys(kept).length > 0 && { annotations: kept }) },
    data: Object.fromEntries(data),
  };
}
