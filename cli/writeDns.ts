/**
 * Writes a plan for the zone clusterset.local: the right first, and the Corefile when CoreDNS's account has it.
 */
import { type KubeObject, type Resource, resourcePath } from '../core/api/resources.js';
import { LABEL } from '../core/api/names.js';
import { changedConfig, DNS_MANAGER, readerObjects } from '../core/clusterset/objects.js';
import { type ConfigChange, type DnsPlan, READER_NAME } from '../core/clusterset/planDns.js';
import type { Result } from '../core/runtime/result.js';
import { callObject, deleteObject, getObject } from '../kube/wire/apply.js';
import type { KubeClient, KubeResult } from '../kube/wire/client.js';
import { CONFIG_MAP, mayReadImports, whyNot } from './readDns.js';

const RBAC = { group: 'rbac.authorization.k8s.io', version: 'v1', namespaced: false };
const READER_KINDS: Readonly<Record<string, Resource>> = {
  ClusterRole: { ...RBAC, kind: 'ClusterRole', plural: 'clusterroles' },
  ClusterRoleBinding: { ...RBAC, kind: 'ClusterRoleBinding', plural: 'clusterrolebindings' },
};
/** How long an API server may take to go by a new right. */
const RIGHT_TRIES = 50;
const RIGHT_PAUSE_MS = 200;

/** What was done, one line each. */
export async function writePlan(client: KubeClient, plan: DnsPlan, namespace: string): Promise<Result<readonly string[]>> {
  const done: string[] = [];
  if (plan.reader !== undefined) {
    const { name } = plan.reader;
    for (const object of readerObjects(plan.reader)) {
      const written = await applyReader(client, object);
      if (!written.ok) return refuse(whyNot(client, `write the ${object.kind} ${READER_NAME}`, written.error));
    }
    if (!(await hasRight(client, namespace, name)))
      return refuse(`the service account ${namespace}/${name} still may not read ServiceImports: the Corefile is left as it is`);
    done.push(`the service account ${namespace}/${name} may read ServiceImports (ClusterRole and ClusterRoleBinding ${READER_NAME})`);
  }
  if (plan.change !== undefined) {
    const { config, key } = plan.change;
    const written = await writeConfig(client, plan.change, namespace);
    if (!written.ok) return refuse(whyNot(client, `change the ConfigMap ${config.metadata.name}`, written.error));
    done.push(`changed ${key} of the ConfigMap ${namespace}/${config.metadata.name}`);
  }
  return { ok: true, value: done };
}

/** Deletes the right that `writePlan` gave. The value says whether there was one. */
export async function deleteReader(client: KubeClient): Promise<Result<boolean>> {
  let found = false;
  for (const resource of Object.values(READER_KINDS).toReversed()) {
    const got = await getObject(client, { resource, name: READER_NAME });
    if (!got.ok && got.error.kind === 'notFound') continue;
    if (!got.ok) return refuse(whyNot(client, `read the ${resource.kind} ${READER_NAME}`, got.error));
    const { uid, labels } = got.value.metadata;
    if (labels?.[LABEL.managedBy] !== DNS_MANAGER) continue;
    const deleted = await deleteObject(client, { resource, name: READER_NAME }, uid === undefined ? {} : { uid });
    if (!deleted.ok) return refuse(whyNot(client, `delete the ${resource.kind} ${READER_NAME}`, deleted.error));
    found = true;
  }
  return { ok: true, value: found };
}

async function applyReader(client: KubeClient, object: KubeObject): Promise<KubeResult<KubeObject>> {
  const resource = READER_KINDS[object.kind];
  const { name } = object.metadata;
  if (resource === undefined) throw new Error(`no right is made of a ${object.kind}`);
  return callObject(
    client,
    { resource, name },
    {
      method: 'PATCH',
      path: resourcePath(resource, undefined, name),
      query: { fieldManager: DNS_MANAGER, force: true },
      contentType: 'application/apply-patch+yaml',
      body: object,
    },
  );
}

/** Where this user may not ask, the API server is given the time. */
async function hasRight(client: KubeClient, namespace: string, account: string): Promise<boolean> {
  let allowed: boolean | undefined = false;
  for (let tries = 0; tries < RIGHT_TRIES && allowed !== true; tries += 1) {
    if (tries > 0) await new Promise((resolve) => setTimeout(resolve, RIGHT_PAUSE_MS));
    allowed = await mayReadImports(client, namespace, account);
  }
  return allowed !== false;
}

/** One key, and only of the ConfigMap that was seen. */
function writeConfig(client: KubeClient, change: ConfigChange, namespace: string): Promise<KubeResult<KubeObject>> {
  const { config, key, after } = change;
  const { name, resourceVersion } = config.metadata;
  const ref = { resource: CONFIG_MAP, namespace, name };
  const query = { fieldManager: DNS_MANAGER };
  if (resourceVersion === undefined)
    return callObject(client, ref, {
      method: 'POST',
      path: resourcePath(CONFIG_MAP, namespace),
      query,
      body: changedConfig(change, namespace),
    });
  return callObject(client, ref, {
    method: 'PATCH',
    path: resourcePath(CONFIG_MAP, namespace, name),
    query,
    contentType: 'application/merge-patch+json',
    body: { metadata: { resourceVersion }, data: { [key]: after ?? null } },
  });
}

function refuse(error: string): { readonly ok: false; readonly error: string } {
  return { ok: false, error };
}
