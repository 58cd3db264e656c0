/**
 * What there is of Kilofed in a cluster, and what lies beside it that is not ours.
 */
import { READER_NAME } from '../core/clusterset/planDns.js';
import { DEFAULT_NAMESPACE, HUB_LEASE, HUB_MANAGER, LABEL } from '../core/api/names.js';
import { type KubeObject, type Resource, RESOURCE } from '../core/api/resources.js';
import { readHubLease } from '../core/lease/hubLease.js';
import type { Result } from '../core/runtime/result.js';
import type { DaemonSet } from '../core/uninstall/cleanUpPods.js';
import type { Found, Installation } from '../core/uninstall/installation.js';
import { KIND } from '../core/uninstall/kinds.js';
import {
  CLUSTER_AGENT,
  hubObjects,
  kindRef,
  MEMBER_OBJECTS,
  NODE_AGENTS,
  type ObjectRef,
  OWN_KINDS,
  refText,
  SHARED_KINDS,
} from '../core/uninstall/ownObjects.js';
import { getObject, listObjects } from '../kube/wire/apply.js';
import type { KubeClient, KubeFailure } from '../kube/wire/client.js';
import { readAwayNodes } from './readAwayNodes.js';

const MIRRORED = [RESOURCE.peer, RESOURCE.serviceExport, RESOURCE.serviceImport, RESOURCE.service, RESOURCE.endpointSlice] as const;
/** What people put into a namespace. */
const CONTENTS = [
  ...[KIND.deployment, KIND.statefulSet, KIND.daemonSet, KIND.job, KIND.cronJob, RESOURCE.pod, RESOURCE.service],
  ...[KIND.configMap, RESOURCE.secret, KIND.volumeClaim, KIND.serviceAccount],
] as const;
const KILO = 'app.kubernetes.io/name=kilo';

/** `hubNamespace`: where the hub is, if it is in this cluster. The error says what cannot be read, and why. */
export async function readInstallation(client: KubeClient, hubNamespace: string): Promise<Result<Installation>> {
  const problems: string[] = [];
  const note = (what: string, { kind, message }: KubeFailure): void => {
    if (kind !== 'notFound') problems.push(`could not read ${what} at ${client.server}: ${message}`);
  };
  const get = async <T extends KubeObject>(ref: ObjectRef): Promise<T | undefined> => {
    const answer = await getObject<T>(client, ref);
    if (answer.ok) return answer.value;
    note(refText(ref), answer.error);
    return undefined;
  };
  const list = async (resource: Resource, options: Parameters<typeof listObjects>[2] = {}): Promise<readonly KubeObject[]> => {
    const answer = await listObjects<KubeObject>(client, resource, options);
    if (answer.ok) return answer.value;
    note(resource.plural, answer.error);
    return [];
  };
  const found = async (refs: readonly ObjectRef[]): Promise<readonly Found[]> => {
    const objects = await Promise.all(refs.map(async (ref) => ({ ref, object: await get(ref) })));
    return objects.flatMap(({ ref, object }) => (object === undefined ? [] : [foundOf(ref.resource, object)]));
  };
  const listed = async (resources: readonly Resource[], options: Parameters<typeof listObjects>[2]): Promise<readonly Found[]> =>
    (await Promise.all(resources.map(async (each) => (await list(each, options)).map((object) => foundOf(each, object))))).flat();

  const [system, namespace] = await Promise.all(
    ['kube-system', DEFAULT_NAMESPACE].map((name) => get({ resource: RESOURCE.namespace, name })),
  );
  // Whoever had rights in a namespace has none when it is gone.
  const isGone = (name: string | undefined): boolean => name === DEFAULT_NAMESPACE && namespace === undefined;
  const inReach = (refs: readonly ObjectRef[]): readonly ObjectRef[] => refs.filter((ref) => !isGone(ref.namespace));
  const [member, hub, clusterAgent, nodeAgents] = await Promise.all([
    found(inReach(MEMBER_OBJECTS)),
    found(inReach(hubObjects(hubNamespace))),
    found(inReach([CLUSTER_AGENT])),
    isGone(DEFAULT_NAMESPACE) ? undefined : get<DaemonSet>(NODE_AGENTS),
  ]);
  const managed = { labelSelector: `${LABEL.managedBy}=${HUB_MANAGER}` };
  const [own, mirrored, shared, kinds, members, contents, lease, dns, kilo, away, meshes] = await Promise.all([
    listed(OWN_KINDS, {}),
    listed(MIRRORED, managed),
    listed(SHARED_KINDS, {}),
    found([...OWN_KINDS, ...SHARED_KINDS].map(kindRef)),
    isGone(hubNamespace) ? [] : list(RESOURCE.secret, { namespace: hubNamespace, labelSelector: LABEL.cluster }),
    isGone(DEFAULT_NAMESPACE) ? [] : listed(CONTENTS, { namespace: DEFAULT_NAMESPACE }),
    isGone(DEFAULT_NAMESPACE) ? undefined : get({ resource: RESOURCE.lease, namespace: DEFAULT_NAMESPACE, name: HUB_LEASE }),
    get({ resource: KIND.clusterRole, name: READER_NAME }),
    list(KIND.daemonSet, { labelSelector: KILO }),
    readAwayNodes(client),
    list(RESOURCE.mesh),
  ]);
  if (!away.ok) note('nodes', away.error);
  const [problem] = problems;
  if (problem !== undefined) return { ok: false, error: problem };
  if (system?.metadata.uid === undefined)
    return { ok: false, error: `${client.server} has no namespace kube-system: is it an API server?` };
  const read = readHubLease(lease);
  // Of a hub that was deleted with its file, its Lease is left.
  const isHubHere = hub.some(({ resource }) => resource !== RESOURCE.lease);
  const ofHub = new Set(mirrored.map(({ uid }) => uid));
  return {
    ok: true,
    value: {
      uid: system.metadata.uid,
      ...(namespace !== undefined && { namespace: foundOf(RESOURCE.namespace, namespace) }),
      ...(nodeAgents !== undefined && { nodeAgents }),
      clusterAgent,
      member: isHubHere ? member : [...member, ...hub],
      hub: isHubHere ? hub : [],
      own,
      mirrored,
      peoples: shared.filter(({ uid }) => !ofHub.has(uid)),
      kinds,
      members: members.map(({ metadata }) => ({ secret: metadata.name, id: metadata.labels?.[LABEL.cluster] ?? '' })),
      contents,
      ...(read.ok && read.value.federation !== undefined && { federation: read.value.federation }),
      hasDns: dns !== undefined,
      hasKilo: kilo.length > 0,
      isNetworkPlugin: meshes.some(
        (mesh) => (mesh as { readonly spec?: { readonly cni?: { readonly enabled?: boolean } } }).spec?.cni?.enabled === true,
      ),
      away: away.ok ? away.value : new Set<string>(),
    },
  };
}

function foundOf(resource: Resource, { metadata }: KubeObject): Found {
  const { name, namespace, uid = '' } = metadata;
  return {
    resource,
    name,
    ...(namespace !== undefined && { namespace }),
    uid,
    isOfManifests: metadata.annotations?.['helm.sh/resource-policy'] === 'keep',
  };
}
