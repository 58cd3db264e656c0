/**
 * Writes statuses, and only where they differ from what is there.
 *
 * Every write is a server-side apply with the resourceVersion that the plan was made from. If somebody has changed the object
 * since, such as a second cluster-agent, the write conflicts, and the next plan starts from the new object.
 */
import { isDeepStrictEqual } from 'node:util';
import { FIELD_MANAGER } from '../core/api/names.js';
import type { KubeObject } from '../core/api/resources.js';
import { applyObject } from '../kube/wire/apply.js';
import type { KubeClient, KubeFailure } from '../kube/wire/client.js';
import { timestamp } from '../kube/wire/timestamp.js';
import { type Conditioned, mergeConditions, type PlannedCondition } from '../core/api/conditions.js';

/** A status whose conditions have no times yet. */
interface PlannedStatus {
  readonly conditions: readonly PlannedCondition[];
}

/** An object as it was last seen. */
interface Existing extends Conditioned {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Conditioned['metadata'] & { readonly name: string; readonly resourceVersion?: string | undefined };
}

/** `lasting`: a retry would be refused, too. */
export type StatusWrite =
  | { readonly kind: 'same' }
  | { readonly kind: 'written' }
  /** The object is gone or has changed: the watch will deliver it. */
  | { readonly kind: 'overtaken' }
  | { readonly kind: 'failed'; readonly message: string; readonly lasting?: boolean };

export interface StatusWriter {
  write(existing: Existing, planned: PlannedStatus): Promise<StatusWrite>;
}

interface StatusWriterDeps {
  readonly client: KubeClient;
  /** Wall-clock milliseconds. */
  readonly wall: () => number;
  /** Before each request. */
  readonly onRequest: (kind: string) => void;
}

export function createStatusWriter({ client, wall, onRequest }: StatusWriterDeps): StatusWriter {
  /** The result of our last write, by the object it was written over, until the watch delivers the next one. */
  const written = new WeakMap<Existing, Existing>();

  return {
    async write(seen, planned) {
      const existing = written.get(seen) ?? seen;
      if (same(existing.status, planned)) return { kind: 'same' };
      const { resourceVersion } = existing.metadata;
      onRequest(existing.kind);
      const answer = await applyObject<KubeObject>(
        client,
        {
          apiVersion: existing.apiVersion,
          kind: existing.kind,
          metadata: { name: existing.metadata.name, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
          status: { ...planned, conditions: mergeConditions(planned.conditions, existing, timestamp(wall())) },
        } as KubeObject,
        { fieldManager: FIELD_MANAGER.clusterAgent, subresource: 'status' },
      );
      if (answer.ok) {
        written.set(seen, answer.value);
        return { kind: 'written' };
      }
      written.delete(seen);
      if (answer.error.kind === 'notFound' || answer.error.kind === 'conflict') return { kind: 'overtaken' };
      return {
        kind: 'failed',
        message: `${existing.kind} ${existing.metadata.name}: ${answer.error.message}`,
        lasting: LASTING.has(answer.error.kind),
      };
    },
  };
}

const LASTING: ReadonlySet<KubeFailure['kind']> = new Set(['invalid', 'forbidden']);

/** Ignores conditions of other types, which are somebody else's, and times of transition. */
function same(status: Existing['status'], planned: PlannedStatus): boolean {
  const ours = new Set<string>(planned.conditions.map(({ type }) => type));
  const conditions = (status?.conditions ?? [])
    .filter(({ type }) => ours.has(type))
    .map((each) => ({ ...each, lastTransitionTime: undefined }));
  return isDeepStrictEqual(
    plain({ ...status, conditions: byType(conditions) }),
    plain({ ...planned, conditions: byType(planned.conditions) }),
  );
}

function byType<T extends { readonly type: string }>(conditions: readonly T[]): T[] {
  return conditions.toSorted((a, b) => (a.type < b.type ? -1 : 1));
}

/** As a request carries it: without undefined members. */
function plain(value: object): unknown {
  return JSON.parse(JSON.stringify(value));
}
