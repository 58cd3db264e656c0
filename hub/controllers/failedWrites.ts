/**
 * Writes that failed. One that the API server refuses keeps no other from being tried: what is withdrawn has to go even where nothing new
 * may come. Only a member that answers nobody ends a reconcile at once.
 */
import { EXPORT_LABEL } from '../../core/api/exportNames.js';
import { type KubeObject, objectKey } from '../../core/api/resources.js';
import type { ReconcileResult } from '../../core/workqueue/queue.js';
import type { KubeFailure } from '../../kube/wire/client.js';
import type { Reconciled } from './context.js';
import type { Awaited, Outcome } from './outcomes.js';

export interface FailedWrite {
  readonly object: KubeObject;
  readonly failure: KubeFailure;
  /** The outcome tells of it already, and it is done apart from that. */
  readonly told?: boolean;
}

/** Whether nothing else can be written now either. */
export function endsWrites({ kind }: KubeFailure): boolean {
  return kind === 'unreachable' || kind === 'unauthorized' || kind === 'tooMany' || kind === 'aborted';
}

/** `outcome`: what it is apart from them. `cluster`: id of the target. At least one write failed. */
export function failed(outcome: Outcome, writes: readonly FailedWrite[], cluster: string): Reconciled {
  const reason = [...new Set(writes.map(({ failure }) => failure.message))].join('; ');
  const waitMs = writes
    .map(({ failure }) => (failure.kind === 'tooMany' ? failure.retryAfterMs : undefined))
    .find((ms) => ms !== undefined);
  const result: ReconcileResult = waitMs === undefined ? { kind: 'retry', error: reason } : { kind: 'after', ms: waitMs };
  const refused = writes.filter(({ failure }) => isRefusal(failure));
  const [first] = refused;
  return {
    outcome: {
      ...outcome,
      state: 'pending',
      reason,
      awaits: [...(outcome.awaits ?? []), ...refused.map((write) => awaited(write, cluster))],
    },
    result,
    ...(first !== undefined && { refusal: refusalOf(first) }),
  };
}

/** Equal for writes that are refused or accepted together, as far as one can tell. */
function refusalOf({ object: { kind, metadata }, failure }: FailedWrite): string {
  return `${failure.kind} ${kind} ${metadata.namespace ?? ''}`;
}

/** Why an export is not imported, for its exporter. Not in the words of the API server, which may be others each time. */
export function blockerOf(writes: readonly FailedWrite[], cluster: string): string | undefined {
  const service = writes.find(({ object, failure }) => object.kind === 'Service' && isRefusal(failure));
  return service === undefined ? undefined : `the API server of ${cluster} refuses to store the Service: kilofed status says why`;
}

/** The API server answered, and the answer was no. What does not answer is told as the state of the member. */
function isRefusal({ kind }: KubeFailure): boolean {
  return kind === 'forbidden' || kind === 'invalid' || kind === 'notFound' || kind === 'server' || kind === 'tooLarge' || kind === 'other';
}

function awaited(write: FailedWrite, cluster: string): Awaited {
  const { object, failure } = write;
  const key = objectKey(object.metadata);
  return {
    group: refusalOf(write),
    who: key,
    problem: {
      subject: { kind: 'object', type: object.kind, key },
      reason: 'WriteRefused',
      message: `the API server of ${cluster} refuses what the hub writes: ${failure.message}`,
      remedy:
        (object.kind === 'Namespace' ? REMEDY_OF_NAMESPACE : REMEDY)[failure.kind] ??
        'see what refuses it there, a webhook or a policy; the hub tries again each second',
    },
  };
}

const REMEDY_OF_NAMESPACE: Partial<Record<KubeFailure['kind'], string>> = {
  forbidden: `the label ${EXPORT_LABEL.createNamespaces} has it made, and that needs a right: apply manifests/member-namespaces.yaml there`,
};

const REMEDY: Partial<Record<KubeFailure['kind'], string>> = {
  forbidden: 'if it is a quota, give it room; if it is the right to do so, apply manifests/member.yaml there again',
  notFound: 'is its namespace there, and are the CRDs of the manifests?',
};
