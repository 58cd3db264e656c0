/**
 * The work of one target member: its queue, and what is done for each key that comes out of it.
 */
import type { Clock } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import type { Sha256 } from '../../core/services/names.js';
import type { QueueStats, ReconcileResult, WorkQueue } from '../../core/workqueue/queue.js';
import { internalAddresses } from '../../core/mesh/segments.js';
import { singleAddress } from '../../core/net/cidr.js';
import type { Metrics } from '../api/metrics.js';
import type { Member } from '../members/member.js';
import type { Federation } from '../records/federation.js';
import { formatKey, type Key, parseKey } from '../records/keys.js';
import type { Outcomes } from '../records/outcomes.js';
import { createBrake } from './brake.js';
import type { Context, Reconciled } from './context.js';
import { reconcileExport } from './exports/reconcileExport.js';
import { reachableFrom } from './peers/planPeers.js';
import { reconcilePeers } from './peers/reconcilePeers.js';
import { rightsOf } from './peers/rights.js';
import { reconcileService } from './services/reconcileService.js';
import { createWriter } from './writer.js';

export interface Target {
  readonly member: Member;
  /** Looks at a key soon. */
  wake(key: Key): void;
  run(signal: AbortSignal): Promise<void>;
  stats(): QueueStats;
}

export interface TargetDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly federation: Federation;
  readonly outcomes: Outcomes;
  readonly metrics: Metrics;
  readonly queue: WorkQueue;
  readonly sha256: Sha256;
  readonly deniedNamespaces: readonly string[];
  /** Is enough known of everybody to decide anything? */
  readonly settled: () => boolean;
  /** How a service stands in this member is another matter now. */
  readonly serviceJudged: (service: string) => void;
}

const CONCURRENCY = 16;
const DONE: ReconcileResult = { kind: 'done' };

export function createTarget(member: Member, deps: TargetDeps): Target {
  const { clock, federation, outcomes, metrics, queue } = deps;
  const log = deps.log.with({ member: member.id });
  const brake = createBrake(clock);
  /** When the event was seen that each key waits for. */
  const seenAt = new Map<string, number>();
  const reachable = createReachable(member, federation);

  async function reconcile(text: string, signal: AbortSignal): Promise<ReconcileResult> {
    const key = parseKey(text);
    const client = member.client();
    // A member that is not ready is looked at as a whole when it is.
    if (key === undefined || client === undefined || !deps.settled() || member.state().kind !== 'ready') return DONE;
    const began = clock.now();
    const seen = seenAt.get(text);
    seenAt.delete(text);
    let writes = 0;
    const writer = createWriter({
      client,
      wrote(verb, ok) {
        writes += 1;
        metrics.wrote(member.id, verb, ok);
      },
    });
    const { outcome, result } = await dispatch(key, { ...deps, target: member, writer, brake, log, reachable }, signal);
    const before = outcomes.set(member.id, text, outcome);
    if (key.kind === 'service' && (before?.hindrance !== outcome?.hindrance || before === undefined)) deps.serviceJudged(key.service);
    metrics.reconciled(key.kind, result.kind, (clock.now() - began) / 1000);
    if (result.kind === 'retry' || result.kind === 'terminal') log.warn('reconcile failed', { key: text, result: result.kind, reason: result.error });
    settle(key, { seen, wrote: writes > 0, done: result.kind === 'done' });
    return result;
  }

  /** What is not done yet goes on waiting since its first event. */
  function settle(key: Key, ended: { readonly seen: number | undefined; readonly wrote: boolean; readonly done: boolean }): void {
    const text = formatKey(key);
    if (ended.seen === undefined) return;
    if (ended.done && ended.wrote) metrics.propagated(key.kind, (clock.now() - ended.seen) / 1000);
    if (!ended.done && !seenAt.has(text)) seenAt.set(text, ended.seen);
  }

  return {
    member,
    wake(key) {
      const text = formatKey(key);
      if (!seenAt.has(text)) seenAt.set(text, clock.now());
      queue.add(text);
    },
    run: (signal) => queue.run(reconcile, { concurrency: CONCURRENCY, signal }),
    stats: () => queue.stats(),
  };
}

function dispatch(key: Key, context: Context, signal: AbortSignal): Promise<Reconciled> {
  switch (key.kind) {
    case 'peers':
      return reconcilePeers(key.source, context, signal);
    case 'service':
      return reconcileService(key.service, context, signal);
    default:
      return reconcileExport(key.service, context, signal);
  }
}

/** What the target can reach of each member, kept until somebody's facts change. */
function createReachable(target: Member, federation: Federation): (source: Member) => readonly string[] {
  const kept = new Map<string, readonly string[]>();
  let generation = -1;
  return (source) => {
    if (generation !== federation.generation()) kept.clear();
    generation = federation.generation();
    const found = kept.get(source.id) ?? reach(source, target, federation);
    // Who has a contested prefix is told by the Peers that are there, which no generation counts.
    if (federation.overlaps.of(source.id).size === 0) kept.set(source.id, found);
    return found;
  };
}

function reach(source: Member, target: Member, federation: Federation): readonly string[] {
  const facts = source.records.facts();
  const targetFacts = target.records.facts();
  if (facts === undefined || targetFacts === undefined) return [];
  if (source.id === target.id) return [...facts.podCIDRs, ...facts.nodes.flatMap(internalAddresses).map(singleAddress)];
  return reachableFrom({
    source: { id: source.id, facts },
    target: { id: target.id, facts: targetFacts },
    rights: rightsOf(source, target, federation),
  });
}
