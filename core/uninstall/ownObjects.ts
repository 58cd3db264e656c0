/**
 * Every object that `manifests/` puts into a cluster, by name, in the order in which they go: rights before the policies that narrow them.
 * Kinds (CustomResourceDefinitions) and the namespace are not among them.
 */
import { ACTIVE_HUB_LEASE, DEFAULT_NAMESPACE, HUB_LEASE } from '../api/names.js';
import { type Resource, RESOURCE } from '../api/resources.js';
import { KIND } from './kinds.js';

export interface ObjectRef {
  readonly resource: Resource;
  readonly namespace?: string;
  readonly name: string;
}

/** Of the agents and of the hub's account in a member. The DaemonSet of the node-agents is last: it cleans the nodes. */
export const MEMBER_OBJECTS: readonly ObjectRef[] = [
  ...named(KIND.clusterRoleBinding, ['kilofed-hub', 'kilofed-hub-namespaces', 'kilofed-cluster-agent', 'kilofed-node-agent']),
  ...named(KIND.clusterRole, ['kilofed-hub', 'kilofed-hub-namespaces', 'kilofed-cluster-agent', 'kilofed-node-agent']),
  ...inside(DEFAULT_NAMESPACE, KIND.roleBinding, ['kilofed-hub', 'kilofed-cluster-agent']),
  ...inside(DEFAULT_NAMESPACE, KIND.role, ['kilofed-hub', 'kilofed-cluster-agent']),
  ...inside('default', KIND.roleBinding, ['kilofed-cluster-agent', 'kilofed-node-agent']),
  ...inside('default', KIND.role, ['kilofed-cluster-agent', 'kilofed-node-agent']),
  ...policies([
    'kilofed-hub-own-objects',
    'kilofed-hub-plain-services',
    'kilofed-hub-slices',
    'kilofed-hub-foreign-services',
    'kilofed-hub-peers',
    'kilofed-hub-tokens',
    'kilofed-hub-events',
    'kilofed-hub-namespaces',
    'kilofed-cluster-agent-slices',
    'kilofed-own-meshnode',
  ]),
  ...inside(DEFAULT_NAMESPACE, RESOURCE.secret, ['kilofed-hub-tokens']),
  ...inside(DEFAULT_NAMESPACE, RESOURCE.lease, [HUB_LEASE]),
  ...inside(DEFAULT_NAMESPACE, KIND.serviceAccount, ['kilofed-hub', 'cluster-agent', 'node-agent']),
  ...inside(DEFAULT_NAMESPACE, KIND.resourceQuota, ['kilofed-critical-pods']),
];

/** The cluster-agent would make anew what is deleted, so it goes first; the node-agents clean their nodes before they go. */
export const CLUSTER_AGENT: ObjectRef = { resource: KIND.deployment, namespace: DEFAULT_NAMESPACE, name: 'cluster-agent' };
export const NODE_AGENTS: ObjectRef = { resource: KIND.daemonSet, namespace: DEFAULT_NAMESPACE, name: 'node-agent' };

/** Of the hub. `namespace`: where it was installed. */
export function hubObjects(namespace: string): readonly ObjectRef[] {
  return [
    ...inside(namespace, KIND.deployment, ['kilofed-hub']),
    ...inside(namespace, RESOURCE.service, ['kilofed-hub']),
    ...inside(namespace, KIND.networkPolicy, ['kilofed-hub']),
    ...inside(namespace, KIND.disruptionBudget, ['kilofed-hub']),
    ...inside(namespace, KIND.roleBinding, ['hub']),
    ...inside(namespace, KIND.role, ['hub']),
    // A hub that has not ended yet would make it anew, but for its rights.
    ...inside(namespace, RESOURCE.lease, [ACTIVE_HUB_LEASE]),
    ...policies(['kilofed-hub-secrets']),
    ...inside(namespace, KIND.serviceAccount, ['hub']),
  ];
}

/** Kinds of ours, and those that other software may have brought. */
export const OWN_KINDS = [RESOURCE.gatewayReport, RESOURCE.nodePolicy, RESOURCE.meshNode, RESOURCE.mesh] as const;
export const SHARED_KINDS = [RESOURCE.peer, RESOURCE.serviceExport, RESOURCE.serviceImport] as const;

/** As `kubectl get` takes it. */
export function refText({ resource, namespace, name }: ObjectRef): string {
  const what = `${resource.kind.toLowerCase()} ${name}`;
  return namespace === undefined ? what : `${what} in namespace ${namespace}`;
}

export function kindRef(resource: Resource): ObjectRef {
  return { resource: KIND.crd, name: `${resource.plural}.${resource.group}` };
}

function named(resource: Resource, names: readonly string[]): readonly ObjectRef[] {
  return names.map((name) => ({ resource, name }));
}

function inside(namespace: string, resource: Resource, names: readonly string[]): readonly ObjectRef[] {
  return names.map((name) => ({ resource, namespace, name }));
}

function policies(names: readonly string[]): readonly ObjectRef[] {
  return [...named(KIND.policyBinding, names), ...named(KIND.policy, names)];
}
