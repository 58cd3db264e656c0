/**
 * What goes when Kilofed is uninstalled from a cluster, and what stays, with the reason. People's objects always stay.
 */
import { DEFAULT_NAMESPACE } from '../api/names.js';
import { type Resource, RESOURCE } from '../api/resources.js';
import type { Found, Installation } from './installation.js';
import { KIND } from './kinds.js';
import { NODE_AGENTS, type ObjectRef, OWN_KINDS, refText } from './ownObjects.js';

export interface UninstallOptions {
  readonly crds: boolean;
  /** The hub goes, too, with all Secrets of members. */
  readonly withHub: boolean;
  /** Where the hub is, if it is in this cluster. */
  readonly hubNamespace: string;
  /** Also if something is lost or left by it. */
  readonly force: boolean;
  /** Nodes are cleaned though nothing tells that there is anything on them. */
  readonly cleanNodes: boolean;
}

export interface UninstallPlan {
  /** Why it must not begin, and what to do. */
  readonly refusal?: string;
  readonly nodes: boolean;
  /** The hub has something here, or the cluster is still in a federation. */
  readonly leaves: boolean;
  /** In this order. */
  readonly remove: readonly ObjectRef[];
  readonly kinds: readonly ObjectRef[];
  readonly namespace?: ObjectRef;
  readonly keep: readonly Kept[];
}

interface Kept {
  readonly what: string;
  readonly why: string;
}

const SYSTEMS_OWN: readonly (readonly [resource: Resource, name: RegExp])[] = [
  [KIND.configMap, /^(kube-root-ca\.crt|openshift-service-ca\.crt)$/],
  [KIND.serviceAccount, /^(default|builder|deployer)$/],
  // Helm's record of a release goes with what the release installed.
  [RESOURCE.secret, /^(sh\.helm\.release\.v1\.|(default|builder|deployer|hub|node-agent|cluster-agent|kilofed-hub)-(token|dockercfg)-)/],
];
const NAMED = 5;

export function planUninstall(found: Installation, options: UninstallOptions): UninstallPlan {
  const hubStays = found.hub.length > 0 && !options.withHub;
  const secrets = options.withHub
    ? found.members.map(({ secret }) => ({ resource: RESOURCE.secret, namespace: options.hubNamespace, name: secret }))
    : [];
  const nodes = found.nodeAgents !== undefined || found.own.some(({ resource }) => isNodes(resource)) || options.cleanNodes;
  const remove = [
    ...(options.withHub ? found.hub : []),
    ...secrets,
    ...found.clusterAgent,
    ...found.member,
    ...found.mirrored,
    ...found.own,
    ...(nodes ? [NODE_AGENTS] : []),
  ];
  const kinds = options.crds ? found.kinds.filter((kind) => whyKindStays(kind, found) === undefined) : [];
  const others = othersOf(found, remove, hubStays);
  const namespace = found.namespace !== undefined && !hubStays && others.length === 0 ? found.namespace : undefined;
  const refusal = refusalOf(found, options);
  return {
    ...(refusal !== undefined && { refusal }),
    nodes,
    leaves: found.federation !== undefined || found.mirrored.length > 0,
    remove,
    kinds,
    ...(namespace !== undefined && { namespace }),
    keep: [
      ...(hubStays ? [{ what: 'the hub', why: `it has ${count(found.members.length, 'member')}; --with-hub removes it, too` }] : []),
      ...namespaceKept(found, others, hubStays),
      ...found.kinds
        .filter((kind) => !kinds.includes(kind))
        .map((kind) => ({ what: refText(kind), why: options.crds ? (whyKindStays(kind, found) ?? '') : '--crds removes it, too' })),
      ...found.peoples.map((each) => ({ what: refText(each), why: 'it is not of Kilofed' })),
      ...(found.hasDns ? [{ what: 'the zone clusterset.local in CoreDNS', why: '`kilofed dns disable`, twice, takes it out' }] : []),
    ],
  };
}

/** Whether there is anything to do at all. */
export function isNothing({ nodes, leaves, remove, kinds, namespace }: UninstallPlan): boolean {
  return !nodes && !leaves && remove.length === 0 && kinds.length === 0 && namespace === undefined;
}

function isNodes(resource: Resource): boolean {
  return resource === RESOURCE.mesh || resource === RESOURCE.meshNode;
}

function refusalOf(found: Installation, { withHub, crds, force }: UninstallOptions): string | undefined {
  if (crds && found.hasDns)
    return 'CoreDNS reads ServiceImports, and may not start without that kind: run `kilofed dns disable` twice first, or leave --crds out';
  const others = found.members.map(({ id }) => id);
  if (withHub && others.length > 1 && !force)
    return (
      `the hub has ${count(others.length, 'member')}: ${others.join(', ')}. Without it, what it wrote stays in them. ` +
      'Uninstall the others first, or say --force'
    );
  return undefined;
}

function whyKindStays(kind: Found, { peoples, hasKilo }: Installation): string | undefined {
  const name = (resource: Resource): string => `${resource.plural}.${resource.group}`;
  if (OWN_KINDS.some((resource) => name(resource) === kind.name)) return undefined;
  const used = peoples.filter(({ resource }) => name(resource) === kind.name);
  if (used.length > 0) return `${count(used.length, 'object')} of it would go with it: ${listed(used)}`;
  if (hasKilo && kind.name === name(RESOURCE.peer)) return "Kilo's agents use it";
  return kind.isOfManifests ? undefined : 'other software brought it';
}

/** What is in the namespace and neither goes nor is made by Kubernetes itself. */
function othersOf(found: Installation, remove: readonly ObjectRef[], hubStays: boolean): readonly Found[] {
  const ours = (each: ObjectRef): boolean =>
    remove.some(({ resource, name, namespace }) => resource === each.resource && name === each.name && namespace === each.namespace) ||
    SYSTEMS_OWN.some(([resource, name]) => resource === each.resource && name.test(each.name)) ||
    (each.resource === RESOURCE.pod && /^(node-agent|cluster-agent|kilofed-hub)-/.test(each.name));
  return hubStays ? [] : found.contents.filter((each) => !ours(each));
}

function namespaceKept(found: Installation, others: readonly Found[], hubStays: boolean): readonly Kept[] {
  if (found.namespace === undefined) return [];
  const what = `namespace ${DEFAULT_NAMESPACE}`;
  if (hubStays) return [{ what, why: 'the hub is in it, with the Secrets of its members' }];
  if (others.length === 0) return [];
  return [{ what, why: `there is something in it that is not of Kilofed: ${listed(others)}` }];
}

function listed(all: readonly Found[]): string {
  const more = all.length > NAMED ? ` and ${all.length - NAMED} more` : '';
  return `${all
    .slice(0, NAMED)
    .map(({ resource, namespace, name }) => `${resource.kind.toLowerCase()} ${namespace === undefined ? '' : `${namespace}/`}${name}`)
    .join(', ')}${more}`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
