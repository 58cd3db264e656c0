/**
 * The rights of an account, as the API server answers for each verb on everything that the programs touch, and on what nobody may.
 */
import { RESOURCE } from '../../core/api/resources.js';
import type { KubeClient } from '../../kube/wire/client.js';

export const FOLLOW = ['list', 'watch'];
export const READ = ['get', ...FOLLOW];
const VERBS = [...READ, 'create', 'update', 'patch', 'delete', 'deletecollection'];

interface Right {
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
}

/** Everything the programs touch, and what nobody may. */
const RIGHTS: readonly Right[] = [
  ...Object.values(RESOURCE).map(({ group, plural }) => ({ group, resource: plural })),
  ...[RESOURCE.mesh, RESOURCE.meshNode, RESOURCE.peer, RESOURCE.serviceExport, RESOURCE.serviceImport, RESOURCE.node, RESOURCE.service].map(
    ({ group, plural }) => ({ group, resource: plural, subresource: 'status' }),
  ),
  { group: '', resource: 'configmaps' },
  { group: '', resource: 'nodes', subresource: 'proxy' },
  { group: '', resource: 'pods', subresource: 'exec' },
  { group: '', resource: 'serviceaccounts', subresource: 'token' },
  { group: 'apps', resource: 'daemonsets' },
  { group: 'rbac.authorization.k8s.io', resource: 'clusterrolebindings' },
  { group: 'admissionregistration.k8s.io', resource: 'validatingadmissionpolicies' },
  { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' },
];

export async function rightsOf(client: KubeClient, namespace: string): Promise<Record<string, readonly string[]>> {
  const rights: Record<string, readonly string[]> = {};
  for (const { group, resource, subresource } of RIGHTS) {
    const verbs = await Promise.all(
      VERBS.map(async (verb) => {
        const answer = await client.call<{ readonly status: { readonly allowed: boolean } }>({
          method: 'POST',
          path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
          body: {
            apiVersion: 'authorization.k8s.io/v1',
            kind: 'SelfSubjectAccessReview',
            spec: { resourceAttributes: { group, resource, verb, namespace, ...(subresource === undefined ? {} : { subresource }) } },
          },
        });
        if (!answer.ok) throw new Error(answer.error.message);
        return answer.value.status.allowed ? [verb] : [];
      }),
    );
    const allowed = verbs.flat();
    if (allowed.length > 0) rights[subresource === undefined ? resource : `${resource}/${subresource}`] = allowed;
  }
  return rights;
}
