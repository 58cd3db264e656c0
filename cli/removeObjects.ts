/**
 * Deletes objects in the order of a plan, each as it was seen.
 */
import type { Result } from '../core/runtime/result.js';
import type { Found } from '../core/uninstall/installation.js';
import { type ObjectRef, refText } from '../core/uninstall/ownObjects.js';
import { deleteObject } from '../kube/wire/apply.js';
import type { KubeClient } from '../kube/wire/client.js';

/** Of one kind: they do not depend on each other. */
const AT_ONCE = 20;

/** The error says what could not be deleted. */
export async function removeObjects(
  client: KubeClient,
  refs: readonly (ObjectRef & Partial<Pick<Found, 'uid'>>)[],
): Promise<Result<undefined>> {
  for (let start = 0; start < refs.length;) {
    const first = refs[start];
    const end = refs.findIndex((each, index) => index > start && (each.resource !== first?.resource || index - start === AT_ONCE));
    const batch = refs.slice(start, end === -1 ? refs.length : end);
    const failures = await Promise.all(batch.map((ref) => removeOne(client, ref)));
    const failure = failures.find((each) => each !== undefined);
    if (failure !== undefined) return { ok: false, error: failure };
    start += batch.length;
  }
  return { ok: true, value: undefined };
}

async function removeOne(client: KubeClient, ref: ObjectRef & Partial<Pick<Found, 'uid'>>): Promise<string | undefined> {
  const deleted = await deleteObject(client, ref, ref.uid === undefined || ref.uid === '' ? {} : { uid: ref.uid });
  return deleted.ok ? undefined : `could not delete ${refText(ref)} at ${client.server}: ${deleted.error.message}`;
}
