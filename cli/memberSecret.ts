/**
 * The Secret that declares a member, in the cluster that the hub runs in: annotated with the rights of whoever runs the command.
 */
import { LABEL } from '../core/api/names.js';
import { type KubeObject, RESOURCE, resourcePath } from '../core/api/resources.js';
import type { Result } from '../core/runtime/result.js';
import { deleteObject, listObjects } from '../kube/wire/apply.js';
import type { KubeClient, KubeFailure } from '../kube/wire/client.js';

interface Place {
  readonly namespace: string;
  /** Id of the member. */
  readonly id: string;
}

/** Writes these annotations; null takes one away. Gives the Secret's name. The error says why it cannot, and what to do. */
export async function annotateMember(
  client: KubeClient,
  { namespace, id }: Place,
  annotations: Readonly<Record<string, string | null>>,
): Promise<Result<string>> {
  const listed = await listObjects<KubeObject>(client, RESOURCE.secret, { namespace, labelSelector: `${LABEL.cluster}=${id}` });
  if (!listed.ok) return refuse(whyNot(client, `list the Secrets of namespace ${namespace}`, listed.error));
  const [secret, ...more] = listed.value;
  if (secret === undefined) return refuse(noSecret(client, { namespace, id }, annotations));
  if (more.length > 0) {
    const names = listed.value.map(({ metadata }) => metadata.name).join(', ');
    return refuse(`several Secrets of namespace ${namespace} declare ${id}: ${names}. Delete those that do not count, and try again.`);
  }
  const { name, uid } = secret.metadata;
  const written = await client.call({
    method: 'PATCH',
    path: resourcePath(RESOURCE.secret, namespace, name),
    query: { fieldManager: 'kilofed-cli' },
    contentType: 'application/merge-patch+json',
    body: { metadata: { ...(uid !== undefined && { uid }), annotations } },
  });
  return written.ok ? { ok: true, value: name } : refuse(whyNot(client, `change secret ${namespace}/${name}`, written.error));
}

/** Deletes every Secret that declares the member. Gives their names; none where nothing declares it. */
export async function deleteMember(client: KubeClient, { namespace, id }: Place): Promise<Result<readonly string[]>> {
  const listed = await listObjects<KubeObject>(client, RESOURCE.secret, { namespace, labelSelector: `${LABEL.cluster}=${id}` });
  if (!listed.ok) return refuse(whyNot(client, `list the Secrets of namespace ${namespace}`, listed.error));
  for (const { metadata } of listed.value) {
    const { name, uid } = metadata;
    const deleted = await deleteObject(client, { resource: RESOURCE.secret, namespace, name }, uid === undefined ? {} : { uid });
    if (!deleted.ok) return refuse(whyNot(client, `delete secret ${namespace}/${name}`, deleted.error));
  }
  return { ok: true, value: listed.value.map(({ metadata }) => metadata.name) };
}

function noSecret(client: KubeClient, { namespace, id }: Place, annotations: Readonly<Record<string, string | null>>): string {
  const lines = Object.entries(annotations).map(([key, value]) => (value === null ? `no line ${key}` : `the line ${key}: "${value}"`));
  return (
    `no Secret in namespace ${namespace} at ${client.server} declares ${id} (label ${LABEL.cluster}=${id}). ` +
    'Is this the cluster that the hub runs in (--context)? ' +
    `If a file of --kubeconfig-dir declares it, ${id}.member.yaml beside that needs ${lines.join(' and ')}.`
  );
}

function whyNot({ server }: KubeClient, what: string, { kind, message }: KubeFailure): string {
  if (kind === 'forbidden') return `${server} does not let you ${what}: ${message}`;
  if (kind === 'unauthorized') return `${server}: ${message}. Renew or correct the kubeconfig.`;
  return `could not ${what} at ${server}: ${message}`;
}

function refuse(error: string): Result<never> {
  return { ok: false, error };
}
