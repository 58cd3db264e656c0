/**
 * Writes statuses, and only where they differ from what is there.
 *
 * Every write is server-side apply with the resourceVersion that the plan was made from: where somebody changed the object
 * meanwhile, a second cluster-agent for instance, nothing is written, and the next plan is made from what is there then.
 */
import { isDeepStrictEqual } from 'node:util';
import { FIELD_MANAGER } from '../core/api/names.js';
import type { KubeObject } from '../core/api/resources.js';
import { applyObject } from '../kube/wire/apply.js';
import type { KubeClient, KubeFailure } from '../kube/wire/client.js';
import type { PlannedCondition } from './planCluster.js';

/** A status that holds conditions, without the times that they began. */
export interface PlannedStatus {
  readonly conditions: readonly PlannedCondition[];
}

interface HeldCondition {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime: string;
}

export interface Held {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly resourceVersion?: string | undefined };
  readonly status?: { readonly conditions?: readonly HeldCondition[] | undefined } | undefined;
}

/** `lasting`: the same request would be refused again. */
export type StatusWrite =
  | { readonly kind: 'same' }
  | { readonly kind: 'written' }
  /** It is gone, or not what it was: something will tell us. */
  | { readonly kind: 'overtaken' }
  | { readonly kind: 'failed'; readonly message: string; readonly lasting?: boolean };

export interface StatusWriter {
  write(held: Held, planned: PlannedStatus): Promise<StatusWrite>;
}

export interface StatusWriterDeps {
  readonly client: KubeClient;
  /** Wall-clock milliseconds. */
  readonly wall: () => number;
  /** Before each request. */
  readonly onRequest: (kind: string) => void;
}

export function createStatusWriter({ client, wall, onRequest }: StatusWriterDeps): StatusWriter {
  /** What our last write made of an object, by the object that it was made over: until the watch brings the next one. */
  const written = new WeakMap<Held, Held>();

  return {
    async write(seen, planned) {
      const held = written.get(seen) ?? seen;
      if (same(held.status, planned)) return { kind: 'same' };
      const { resourceVersion } = held.metadata;
      onRequest(held.kind);
      const answer = await applyObject<KubeObject>(client, {
        apiVersion: held.apiVersion,
        kind: held.kind,
        metadata: { name: held.metadata.name, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
        status: { ...planned, conditions: planned.conditions.map((each) => begun(each, conditionsOf(held.status), wall())) },
      } as KubeObject, { fieldManager: FIELD_MANAGER.clusterAgent, subresource: 'status' });
      if (answer.ok) {
        written.set(seen, answer.value);
        return { kind: 'written' };
      }
      written.delete(seen);
      if (answer.error.kind === 'notFound' || answer.error.kind === 'conflict') return { kind: 'overtaken' };
      return { kind: 'failed', message: `${held.kind} ${held.metadata.name}: ${answer.error.message}`, lasting: LASTING.has(answer.error.kind) };
    },
  };
}

const LASTING: ReadonlySet<KubeFailure['kind']> = new Set(['invalid', 'forbidden']);

/** Conditions of other types are somebody else's, and when ours began is no difference. */
function same(status: Held['status'], planned: PlannedStatus): boolean {
  const ours = new Set<string>(planned.conditions.map(({ type }) => type));
  const conditions = conditionsOf(status).filter(({ type }) => ours.has(type)).map((each) => ({ ...each, lastTransitionTime: undefined }));
  return isDeepStrictEqual(plain({ ...status, conditions }), plain(planned));
}

/** What a request would carry: without the members that are undefined. */
function plain(value: object): unknown {
  return JSON.parse(JSON.stringify(value));
}

function conditionsOf(status: Held['status']): readonly HeldCondition[] {
  return status?.conditions ?? [];
}

function begun(condition: PlannedCondition, before: readonly HeldCondition[], wall: number): PlannedCondition & HeldCondition {
  const old = before.find(({ type }) => type === condition.type);
  const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime : `${new Date(wall).toISOString().slice(0, 19)}Z`;
  return { ...condition, lastTransitionTime };
}
