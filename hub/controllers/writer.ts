/**
 * How the hub writes into one member: server-side apply, only where something differs, never over what is not ours.
 */
import { HUB_MANAGER, LABEL } from '../../core/api/names.js';
import { type KubeObject, type Resource, resourcePath } from '../../core/api/resources.js';
import { FIELD_MANAGER } from '../../core/api/names.js';
import type { KubeClient, KubeFailure, KubeResult } from '../../kube/wire/client.js';
import type { WriteVerb } from '../api/metrics.js';
import type { Held } from '../records/held.js';
import { covers } from './covers.js';

export type WriteResult =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'written'; readonly object: KubeObject }
  /** Somebody else's object is in the place. */
  | { readonly kind: 'foreign'; readonly message: string }
  | { readonly kind: 'failed'; readonly failure: KubeFailure };

export type DeleteResult = { readonly kind: 'deleted' } | { readonly kind: 'gone' } | { readonly kind: 'failed'; readonly failure: KubeFailure };

export interface Writer {
  /** Makes the object have all of `desired`. `held` is what is known to be in its place. */
  ensure(resource: Resource, desired: KubeObject, held: Held | undefined, signal: AbortSignal): Promise<WriteResult>;
  /** The same for the status of an object of ours that exists. */
  ensureStatus(resource: Resource, desired: KubeObject, observed: KubeObject, signal: AbortSignal): Promise<WriteResult>;
  /** Deletes that very object, not a later one of its name. */
  remove(resource: Resource, object: KubeObject, signal: AbortSignal): Promise<DeleteResult>;
}

export interface WriterDeps {
  readonly client: KubeClient;
  readonly wrote: (verb: WriteVerb, ok: boolean) => void;
}

const APPLY = 'application/apply-patch+yaml';
const MERGE = 'application/merge-patch+json';
const TIMEOUT_MS = 10_000;

export function createWriter({ client, wrote }: WriterDeps): Writer {
  async function patch(
    resource: Resource,
    desired: KubeObject,
    how: { readonly verb: WriteVerb; readonly force: boolean; readonly signal: AbortSignal },
  ): Promise<KubeResult<KubeObject>> {
    const { name, namespace } = desired.metadata;
    const merge = how.verb === 'merge';
    const result = await client.call<KubeObject>({
      method: 'PATCH',
      path: `${resourcePath(resource, namespace, name)}${how.verb === 'applyStatus' ? '/status' : ''}`,
      query: { fieldManager: FIELD_MANAGER.hub, ...(!merge && { force: how.force }) },
      body: desired,
      contentType: merge ? MERGE : APPLY,
      timeoutMs: TIMEOUT_MS,
      signal: how.signal,
    });
    wrote(how.verb, result.ok);
    return result;
  }

  return {
    async ensure(resource, desired, held, signal) {
      if (held?.own === false) return foreign(resource, desired);
      if (held !== undefined && covers(held.object, desired)) return { kind: 'unchanged' };
      // Not forced where nothing of ours is known: an object that appeared meanwhile is somebody's, and conflicts.
      const applied = await patch(resource, desired, { verb: 'apply', force: held !== undefined, signal });
      if (applied.ok && covers(applied.value, desired)) return { kind: 'written', object: applied.value };
      if (!applied.ok && applied.error.kind === 'conflict' && held === undefined) return foreign(resource, desired);
      if (!applied.ok && (applied.error.kind !== 'invalid' || held === undefined)) return { kind: 'failed', failure: applied.error };
      // Apply leaves the list items that others added, and fails where both do not go together; a merge replaces the list.
      const merged = await patch(resource, desired, { verb: 'merge', force: true, signal });
      return merged.ok ? { kind: 'written', object: merged.value } : { kind: 'failed', failure: merged.error };
    },

    async ensureStatus(resource, desired, observed, signal) {
      if (covers(observed, desired)) return { kind: 'unchanged' };
      const applied = await patch(resource, desired, { verb: 'applyStatus', force: true, signal });
      return applied.ok ? { kind: 'written', object: applied.value } : { kind: 'failed', failure: applied.error };
    },

    async remove(resource, object, signal) {
      const { name, namespace, uid, labels } = object.metadata;
      if (labels?.[LABEL.managedBy] !== HUB_MANAGER) throw new Error(`refusing to delete ${resource.kind} ${name}: it is not ours`);
      const result = await client.call({
        method: 'DELETE',
        path: resourcePath(resource, namespace, name),
        body: { apiVersion: 'v1', kind: 'DeleteOptions', ...(uid !== undefined && { preconditions: { uid } }) },
        timeoutMs: TIMEOUT_MS,
        signal,
      });
      wrote('delete', result.ok);
      if (result.ok) return { kind: 'deleted' };
      // A conflict means that another object has taken the name.
      return result.error.kind === 'notFound' || result.error.kind === 'conflict' ? { kind: 'gone' } : { kind: 'failed', failure: result.error };
    },
  };
}

function foreign(resource: Resource, desired: KubeObject): WriteResult {
  const { name, namespace } = desired.metadata;
  const place = namespace === undefined ? name : `${namespace}/${name}`;
  return {
    kind: 'foreign',
    message: `${resource.kind} ${place} is there already and is not the hub's: rename or delete it, and the hub takes its place`,
  };
}
