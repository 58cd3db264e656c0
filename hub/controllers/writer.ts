/**
 * Writes into one member: by server-side apply, only if something differs, and never over objects of others. All that it writes has the
 * mark of the hub's federation.
 */
import { EXPORT_ANNOTATION } from '../../core/api/exportNames.js';
import { ANNOTATION, FIELD_MANAGER, HUB_MANAGER, LABEL, MCS_LABEL } from '../../core/api/names.js';
import { isWritten, namespacedName } from '../../core/observed/metadata.js';
import { readObject } from '../../core/observed/readObject.js';
import { ownKindOf, readOwn } from '../../core/observed/ownObjects.js';
import { isHubs, type Leftover } from '../../core/observed/ownership.js';
import { apiVersion, type KubeObject, objectKey, type Resource, resourcePath } from '../../core/api/resources.js';
import type { Log } from '../../core/runtime/log.js';
import type { KubeClient, KubeFailure, KubeResult } from '../../kube/wire/client.js';
import type { WriteVerb } from '../api/metrics.js';
import type { ExistingObject } from '../records/existingObject.js';
import type { Curtailed } from './curtailed.js';
import { type Deletion, DELETION } from './deletion.js';
import { includesAll } from './includesAll.js';

type WriteResult =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'written'; readonly object: KubeObject }
  /** Another object has taken the name. */
  | { readonly kind: 'foreign'; readonly message: string }
  | { readonly kind: 'failed'; readonly failure: KubeFailure };

type DeleteResult =
  | { readonly kind: 'deleted' }
  | { readonly kind: 'gone' }
  /** Somebody has the name now, with another object or with this one. */
  | { readonly kind: 'foreign' }
  | { readonly kind: 'failed'; readonly failure: KubeFailure };

export interface Writer {
  /** Applies `desired`. `existing` is what is known to have its name. */
  ensure(resource: Resource, desired: KubeObject, existing: ExistingObject | undefined, signal: AbortSignal): Promise<WriteResult>;
  /** Applies the status of an existing object of ours. */
  ensureStatus(resource: Resource, desired: KubeObject, observed: KubeObject, signal: AbortSignal): Promise<WriteResult>;
  /** Creates an object that nobody has. It is there already: that is as good. */
  create(resource: Resource, desired: KubeObject, signal: AbortSignal): Promise<KubeResult<void>>;
  /** Why a new object like this would be refused now. Undefined: it would not, apart from its name, which is taken. */
  refusal(resource: Resource, desired: KubeObject, signal: AbortSignal): Promise<KubeFailure | undefined>;
  /** Takes the hub's marks off an object that is not the hub's, and changes nothing else in it. Answers with what it is then. */
  unmark(resource: Resource, marked: Marked, signal: AbortSignal): Promise<KubeResult<KubeObject>>;
  /** Makes an object of somebody the hub's, who has handed it over. What is null in `desired` is taken out of it. */
  takeOver(resource: Resource, desired: KubeObject, signal: AbortSignal): Promise<WriteResult>;
  /**
   * Deletes exactly this object, and logs why: not a later one of its name, nor what somebody has made of it meanwhile. Where it has
   * changed, whose it is now is read first.
   */
  remove(resource: Resource, object: KubeObject, why: Deletion, signal: AbortSignal): Promise<DeleteResult>;
}

/** An object with the hub's label that is not the hub's. */
interface Marked extends Leftover {
  readonly namespace: string;
  readonly name: string;
}

interface WriterDeps {
  readonly client: KubeClient;
  readonly federation: string;
  /** Of the member. */
  readonly log: Log;
  readonly wrote: (verb: WriteVerb, ok: boolean, kind: Resource['kind']) => void;
  /** Of the member, for all that write into it. */
  readonly curtailed: Curtailed;
}

const APPLY = 'application/apply-patch+yaml';
const MERGE = 'application/merge-patch+json';
const TIMEOUT_MS = 10_000;
/** To delete an object that others change meanwhile. */
const MOST_TRIES = 3;
/** Annotations that our programs go by. On an object of the hub's, one that it does not want there is taken out, whoever wrote it. */
const MEANT: readonly string[] = [ANNOTATION.withheld, ANNOTATION.exporters, EXPORT_ANNOTATION.choice];
const GONE: KubeFailure = { kind: 'notFound', message: 'it is not there any more' };
/** Of a Service. */
const NO_MARKS = {
  labels: { [LABEL.managedBy]: null, [MCS_LABEL.serviceName]: null },
  annotations: { [ANNOTATION.hash]: null, [ANNOTATION.source]: null, [ANNOTATION.exporters]: null, [ANNOTATION.federation]: null },
} as const;

export function createWriter({ client, federation, log, wrote, curtailed }: WriterDeps): Writer {
  /** Done, as far as this API server goes along. */
  function accepted(key: string, desired: KubeObject, answer: KubeObject, isDone = includesAll(answer, desired)): WriteResult {
    if (isDone) curtailed.forget(key);
    else curtailed.note(key, desired, answer);
    return { kind: 'written', object: answer };
  }

  /** Whether a write would change nothing. */
  function stands(key: string, desired: KubeObject, observed: KubeObject): boolean {
    return includesAll(observed, desired) || curtailed.has(key, desired, observed);
  }

  async function patch(
    resource: Resource,
    desired: KubeObject,
    how: { readonly verb: WriteVerb; readonly force: boolean; readonly signal: AbortSignal },
  ): Promise<KubeResult<KubeObject>> {
    const { name, namespace } = desired.metadata;
    const merge = how.verb === 'merge';
    const result = await client.call<unknown>({
      method: 'PATCH',
      path: `${resourcePath(resource, namespace, name)}${how.verb === 'applyStatus' ? '/status' : ''}`,
      query: { fieldManager: FIELD_MANAGER.hub, ...(!merge && { force: how.force }) },
      body: desired,
      contentType: merge ? MERGE : APPLY,
      timeoutMs: TIMEOUT_MS,
      signal: how.signal,
    });
    const answer = result.ok ? answered(resource, desired, result.value) : result;
    wrote(how.verb, answer.ok, resource.kind);
    return answer;
  }

  /** Apply keeps list items and annotations of others, and fails if they contradict ours. A merge patch replaces and removes them. */
  async function mergeInto(
    standing: KubeObject | undefined,
    desired: KubeObject,
    { resource, signal }: { readonly resource: Resource; readonly signal: AbortSignal },
  ): Promise<WriteResult> {
    const body = without(over(standing, desired), unwanted(standing, desired));
    const merged = await patch(resource, body, { verb: 'merge', force: true, signal });
    const compared = readable(desired);
    return merged.ok
      ? accepted(keyOf(resource, desired), compared, merged.value, isAs(merged.value, compared))
      : { kind: 'failed', failure: merged.error };
  }

  /** `foreign`: it is not the hub's any more. */
  async function deleteUnchanged(
    resource: Resource,
    { metadata: { name, namespace, uid, resourceVersion } }: KubeObject,
    signal: AbortSignal,
  ): Promise<{ readonly ok: true } | { readonly ok: false; readonly error: KubeFailure | 'foreign' }> {
    const path = resourcePath(resource, namespace, name);
    const kind = ownKindOf(resource);
    let version = resourceVersion;
    for (let tries = 1; ; tries += 1) {
      const preconditions = { ...(uid !== undefined && { uid }), ...(version !== undefined && { resourceVersion: version }) };
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions };
      const result = await client.call({ method: 'DELETE', path, body, timeoutMs: TIMEOUT_MS, signal });
      if (result.ok || result.error.kind !== 'conflict' || tries === MOST_TRIES) return result;
      // The hub's account may list, and not get.
      const found = await client.call<{ readonly items?: readonly unknown[] | null }>({
        method: 'GET',
        path: resourcePath(resource, namespace),
        query: { fieldSelector: `metadata.name=${name}` },
        timeoutMs: TIMEOUT_MS,
        signal,
      });
      if (!found.ok) return found;
      const [now] = found.value.items ?? [];
      if (now === undefined) return { ok: false, error: GONE };
      const own = readOwn(kind, now);
      if (!own.ok || !isHubs(kind, now) || own.value.object.metadata.uid !== uid) return { ok: false, error: 'foreign' };
      version = own.value.object.metadata.resourceVersion;
    }
  }

  return {
    async ensure(resource, content, existing, signal) {
      const desired = marked(content, federation);
      if (existing?.own === false) return foreign(resource, desired);
      const key = keyOf(resource, desired);
      const compared = readable(desired);
      if (existing !== undefined && (isAs(existing.object, compared) || curtailed.has(key, compared, existing.object)))
        return { kind: 'unchanged' };
      // Not forced if nothing of ours is known there: an object that appeared meanwhile belongs to others, and conflicts. And only over
      // what is known: somebody may have made it his own a moment ago.
      const how = { verb: 'apply', force: existing !== undefined, signal } as const;
      const applied = await patch(resource, over(existing?.object, desired), how);
      if (!applied.ok) {
        if (applied.error.kind === 'conflict' && existing === undefined) return foreign(resource, desired);
        if (applied.error.kind !== 'invalid' || existing === undefined) return { kind: 'failed', failure: applied.error };
      } else if (isAs(applied.value, compared)) return accepted(key, compared, applied.value);
      return mergeInto(applied.ok ? applied.value : existing?.object, desired, { resource, signal });
    },

    async ensureStatus(resource, desired, observed, signal) {
      const key = `${keyOf(resource, desired)}/status`;
      if (stands(key, desired, observed)) return { kind: 'unchanged' };
      const applied = await patch(resource, desired, { verb: 'applyStatus', force: true, signal });
      return applied.ok ? accepted(key, desired, applied.value) : { kind: 'failed', failure: applied.error };
    },

    async create(resource, desired, signal) {
      const result = await client.call<unknown>({
        method: 'POST',
        path: resourcePath(resource, desired.metadata.namespace),
        query: { fieldManager: FIELD_MANAGER.hub },
        body: marked(desired, federation),
        timeoutMs: TIMEOUT_MS,
        signal,
      });
      wrote('apply', result.ok, resource.kind);
      return result.ok || result.error.kind === 'alreadyExists' ? { ok: true, value: undefined } : result;
    },

    async refusal(resource, desired, signal) {
      const result = await client.call<unknown>({
        method: 'POST',
        path: resourcePath(resource, desired.metadata.namespace),
        query: { fieldManager: FIELD_MANAGER.hub, dryRun: 'All' },
        body: desired,
        timeoutMs: TIMEOUT_MS,
        signal,
      });
      // An API server looks at everything else before it looks whether the name is taken.
      return result.ok || result.error.kind === 'alreadyExists' ? undefined : result.error;
    },

    async unmark(resource, { namespace, name, ...left }, signal) {
      const result = await client.call<unknown>({
        method: 'PATCH',
        path: resourcePath(resource, namespace, name),
        query: { fieldManager: FIELD_MANAGER.hub },
        // The version as a condition: the owner may have changed it meanwhile. And the hub is no manager of its fields any more, so that
        // nobody who applies it has a conflict with the hub.
        body: { apiVersion: apiVersion(resource), kind: resource.kind, metadata: { name, namespace, ...left, ...NO_MARKS } },
        contentType: MERGE,
        timeoutMs: TIMEOUT_MS,
        signal,
      });
      wrote('merge', result.ok, resource.kind);
      if (!result.ok) return result;
      const named = readObject(namespacedName, result.value);
      return named.ok && objectKey(named.value.metadata) === `${namespace}/${name}`
        ? { ok: true, value: result.value as KubeObject }
        : { ok: false, error: { kind: 'server', message: `the API server did not answer with the ${resource.kind} that was changed` } };
    },

    async takeOver(resource, desired, signal) {
      const merged = await patch(resource, marked(desired, federation), { verb: 'merge', force: true, signal });
      return merged.ok ? { kind: 'written', object: merged.value } : { kind: 'failed', failure: merged.error };
    },

    async remove(resource, object, why, signal) {
      const { name, labels, annotations } = object.metadata;
      if (labels?.[LABEL.managedBy] !== HUB_MANAGER) throw new Error(`refusing to delete ${resource.kind} ${name}: it is not ours`);
      const result = await deleteUnchanged(resource, object, signal);
      wrote('delete', result.ok, resource.kind);
      for (const key of [keyOf(resource, object), `${keyOf(resource, object)}/status`]) curtailed.forget(key);
      if (result.ok) {
        const [from, service] = [labels[LABEL.cluster], annotations?.[ANNOTATION.source]];
        const about = { ...(from !== undefined && { from }), ...(service !== undefined && { service }) };
        log.info('The hub deleted an object of its own', {
          object: `${resource.kind} ${objectKey(object.metadata)}`,
          ...about,
          reason: DELETION[why],
        });
        return { kind: 'deleted' };
      }
      if (result.error === 'foreign') return { kind: 'foreign' };
      return result.error.kind === 'notFound' ? { kind: 'gone' } : { kind: 'failed', failure: result.error };
    },
  };
}

function keyOf(resource: Resource, { metadata }: KubeObject): string {
  return `${resource.plural}/${objectKey(metadata)}`;
}

/** What of it is read back. For the labels and annotations that exporters pass on, the hash stands. */
function readable({ metadata, ...object }: KubeObject): KubeObject {
  const of = (texts: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> =>
    Object.fromEntries(Object.entries(texts).filter(([key]) => isWritten(key)));
  return { ...object, metadata: { ...metadata, labels: of(metadata.labels), annotations: of(metadata.annotations) } };
}

function marked(object: KubeObject, federation: string): KubeObject {
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, annotations: { ...metadata.annotations, [ANNOTATION.federation]: federation } } };
}

/** Annotations to take out of what stands, as a merge patch says it. */
function unwanted(standing: KubeObject | undefined, { metadata: { annotations = {} } }: KubeObject): Readonly<Record<string, null>> {
  const there = standing?.metadata.annotations ?? {};
  return Object.fromEntries(MEANT.filter((key) => there[key] !== undefined && annotations[key] === undefined).map((key) => [key, null]));
}

function without(object: KubeObject, annotations: Readonly<Record<string, null>>): KubeObject {
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, annotations: { ...metadata.annotations, ...annotations } } } as KubeObject;
}

/** Whether applying `desired` would change nothing that our programs go by. */
function isAs(object: KubeObject, desired: KubeObject): boolean {
  return includesAll(object, desired) && Object.keys(unwanted(object, desired)).length === 0;
}

/** Written over what is known, and nothing else. */
function over(known: KubeObject | undefined, object: KubeObject): KubeObject {
  const { resourceVersion } = known?.metadata ?? {};
  return resourceVersion === undefined ? object : { ...object, metadata: { ...object.metadata, resourceVersion } };
}

/** The object that was written, as the answer has it. It may be anything: a proxy may have answered. */
function answered(resource: Resource, desired: KubeObject, answer: unknown): KubeResult<KubeObject> {
  const read = readOwn(ownKindOf(resource), answer);
  const correct = read.ok ? read.value.malformed : read.error;
  if (read.ok && correct === undefined && objectKey(read.value.object.metadata) === objectKey(desired.metadata)) {
    return { ok: true, value: read.value.object };
  }
  const what = `the API server did not answer with the ${resource.kind} ${objectKey(desired.metadata)} that was written`;
  return { ok: false, error: { kind: 'server', message: correct === undefined ? what : `${what}: ${correct}` } };
}

function foreign(resource: Resource, desired: KubeObject): WriteResult {
  const what = `${resource.kind} ${objectKey(desired.metadata)}`;
  return {
    kind: 'foreign',
    message: `${what} is there already and is not the hub's: rename or delete it, and the hub takes its place`,
  };
}
