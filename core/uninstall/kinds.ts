/**
 * The kinds of Kubernetes' own that an installation consists of, beside those that its programs read.
 */
import type { Resource } from '../api/resources.js';

const APPS = { group: 'apps', version: 'v1', namespaced: true };
const RBAC = { group: 'rbac.authorization.k8s.io', version: 'v1' };
const ADMISSION = { group: 'admissionregistration.k8s.io', version: 'v1', namespaced: false };
const CORE = { group: '', version: 'v1', namespaced: true };

export const KIND = {
  daemonSet: { ...APPS, kind: 'DaemonSet', plural: 'daemonsets' },
  deployment: { ...APPS, kind: 'Deployment', plural: 'deployments' },
  statefulSet: { ...APPS, kind: 'StatefulSet', plural: 'statefulsets' },
  job: { group: 'batch', version: 'v1', namespaced: true, kind: 'Job', plural: 'jobs' },
  cronJob: { group: 'batch', version: 'v1', namespaced: true, kind: 'CronJob', plural: 'cronjobs' },
  clusterRole: { ...RBAC, namespaced: false, kind: 'ClusterRole', plural: 'clusterroles' },
  clusterRoleBinding: { ...RBAC, namespaced: false, kind: 'ClusterRoleBinding', plural: 'clusterrolebindings' },
  role: { ...RBAC, namespaced: true, kind: 'Role', plural: 'roles' },
  roleBinding: { ...RBAC, namespaced: true, kind: 'RoleBinding', plural: 'rolebindings' },
  policy: { ...ADMISSION, kind: 'ValidatingAdmissionPolicy', plural: 'validatingadmissionpolicies' },
  policyBinding: { ...ADMISSION, kind: 'ValidatingAdmissionPolicyBinding', plural: 'validatingadmissionpolicybindings' },
  serviceAccount: { ...CORE, kind: 'ServiceAccount', plural: 'serviceaccounts' },
  resourceQuota: { ...CORE, kind: 'ResourceQuota', plural: 'resourcequotas' },
  configMap: { ...CORE, kind: 'ConfigMap', plural: 'configmaps' },
  volumeClaim: { ...CORE, kind: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims' },
  disruptionBudget: { group: 'policy', version: 'v1', namespaced: true, kind: 'PodDisruptionBudget', plural: 'poddisruptionbudgets' },
  networkPolicy: { group: 'networking.k8s.io', version: 'v1', namespaced: true, kind: 'NetworkPolicy', plural: 'networkpolicies' },
  crd: {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    namespaced: false,
    kind: 'CustomResourceDefinition',
    plural: 'customresourcedefinitions',
  },
} as const satisfies Record<string, Resource>;
