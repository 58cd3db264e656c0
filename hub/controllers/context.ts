/**
 * What a controller works with: one target member, and everything known of the others.
 */
import type { Clock } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import type { Sha256 } from '../../core/services/names.js';
import type { ReconcileResult } from '../../core/workqueue/queue.js';
import type { KubeFailure } from '../../kube/wire/client.js';
import type { Member } from '../members/member.js';
import type { Federation } from '../records/federation.js';
import type { Outcome, Outcomes } from '../records/outcomes.js';
import type { Brake } from './brake.js';
import type { Writer } from './writer.js';

export interface Context {
  readonly target: Member;
  readonly federation: Federation;
  readonly writer: Writer;
  readonly brake: Brake;
  readonly clock: Clock;
  readonly log: Log;
  readonly sha256: Sha256;
  /** Namespaces that nothing is exported from or imported into. */
  readonly deniedNamespaces: readonly string[];
  readonly outcomes: Outcomes;
  /** What the target may reach of a member. */
  readonly reachable: (source: Member) => readonly string[];
}

/** What a controller made of a key: how it stands, and what the queue is to do. */
export interface Reconciled {
  readonly outcome: Outcome | undefined;
  readonly result: ReconcileResult;
}

/** How soon a braked deletion is looked at again. */
export const BRAKED_MS = 250;

export function failed(outcome: Outcome, failure: KubeFailure): Reconciled {
  const reason = failure.message;
  const result: ReconcileResult = failure.kind === 'tooMany' && failure.retryAfterMs !== undefined
    ? { kind: 'after', ms: failure.retryAfterMs }
    : { kind: 'retry', error: reason };
  return { outcome: { ...outcome, state: 'pending', reason }, result };
}
