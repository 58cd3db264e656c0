/**
 * One target member: its queue, and the reconcile of each key.
 */
import { setMaxListeners } from 'node:events';
import type { Problem } from '../core/api/problem.js';
import type { Clock } from '../core/runtime/clock.js';
import type { Log } from '../core/runtime/log.js';
import { createPaced } from '../core/runtime/paced.js';
import type { NamespaceRules } from '../core/services/consent.js';
import type { Sha256 } from '../core/services/names.js';
import type { ExportToDefault } from '../core/services/planImport.js';
import type { QueueStats, ReconcileResult, WorkQueue } from '../core/workqueue/queue.js';
import { createEventRecorder } from '../kube/wire/eventRecorder.js';
import type { Metrics } from './api/metrics.js';
import { createBoundedWait } from './controllers/boundedWait.js';
import { createBrake } from './controllers/brake.js';
import type { Context, Reconciled } from './controllers/context.js';
import { createCurtailed } from './controllers/curtailed.js';
import { reconcileExport } from './controllers/exports/reconcileExport.js';
import { formatKey, type Key, parseKey } from './controllers/keys.js';
import { createLatencies, type Origin } from './controllers/latencies.js';
import { createLaterKeys } from './controllers/laterKeys.js';
import type { RestingDataPath } from './controllers/restingDataPath.js';
import type { Outcome, Outcomes } from './controllers/outcomes.js';
import { reconcilePeers } from './controllers/peers/reconcilePeers.js';
import { reconcileService } from './controllers/services/reconcileService.js';
import { createImportQuota } from './controllers/importQuota.js';
import { createMaking } from './controllers/making.js';
import { createWaitingExports } from './controllers/waitingExports.js';
import { createImportViews } from './controllers/importViews.js';
import { outdatedImports } from './controllers/services/outdatedImports.js';
import { standingMirrors } from './controllers/services/standingMirror.js';
import { createRefusedWrites } from './controllers/refusedWrites.js';
import { createServiceEvents } from './controllers/serviceEvents.js';
import { createWriter } from './controllers/writer.js';
import type { Federation } from './federation/federation.js';
import type { Reachability } from './health/reachability.js';
import type { Member } from './members/member.js';
import type { Pairs } from './pairs/pairs.js';

export interface Target {
  readonly member: Member;
  /** Reconciles a key soon. `origin`: what was changed that asks for it. */
  enqueue(key: Key, origin?: Origin): void;
  /** Somebody's Service came, changed or went, and may have had a name that an import waits for. */
  nameChanged(service: string): void;
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when no reconcile is under way, or `signal` aborts. */
  rest(signal: AbortSignal): Promise<void>;
  stats(): QueueStats;
  /** What there is no room for. */
  problems(): readonly Problem[];
}

interface TargetDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly federation: Federation;
  /** Of the federation. */
  readonly name: string;
  readonly pairs: Pairs;
  readonly reachability: Reachability;
  /** Of all members. */
  readonly dataPath: RestingDataPath;
  readonly outcomes: Outcomes;
  readonly metrics: Metrics;
  /** Makes the queue that works while this hub holds the member's Lease. */
  readonly createQueue: () => WorkQueue;
  readonly sha256: Sha256;
  readonly rules: NamespaceRules;
  readonly exportToDefault: ExportToDefault;
  /** Whether enough is known of all members to decide anything. */
  readonly mayReconcile: () => boolean;
  /** The Lease is held now: everything in the member has to be reconciled. */
  readonly taken: () => void;
  /** What this member imports of the service, and from whom, has changed. */
  readonly importChanged: (service: string) => void;
}

const CONCURRENCY = 16;
/** Services a second about whose import the exporters are told. */
const REPORTS = { perSecond: 20, burst: 1_000 } as const;
/** kube-controller-manager writes slices within some 100 ms of their Service, a second where it is busy. */
const SLICES_LAG_MS = 2_000;
/** Pods of a Deployment that is applied with its Service have started by then, images and all. */
const YIELDING_MS = 60_000;
/** Twice as long as a DNS answer of CoreDNS is kept. */
const PARTING_MS = 60_000;
/** kube-proxy writes what it has heard of once a second (`minSyncPeriod`), and the Service may come a turn before its endpoints. */
const SETTLING_MS = 1_500;
const IDLE: QueueStats = { waiting: 0, delayed: 0, active: 0, processed: 0, retried: 0 };
const DONE: ReconcileResult = { kind: 'done' };

export function createTarget(member: Member, deps: TargetDeps): Target {
  const { clock, dataPath, outcomes, metrics } = deps;
  const log = deps.log.with({ member: member.id });
  const events = createEventRecorder({ client: member.writes, clock, log, controller: 'kilofed.io/hub', instance: deps.name });
  const serviceEvents = createServiceEvents({ recorder: events, clock });
  const brake = createBrake(clock);
  const slicesWait = createBoundedWait(SLICES_LAG_MS, clock);
  const yielding = createBoundedWait(YIELDING_MS, clock);
  const parting = createBoundedWait(PARTING_MS, clock);
  const settling = createBoundedWait(SETTLING_MS, clock);
  const importQuota = createImportQuota({
    target: member.id,
    serviceCIDRs: () => member.records.facts()?.serviceCIDRs ?? [],
    standing: () => [...standingMirrors(member.records)].filter(([service]) => member.records.mirrorsOf(service).services.length > 0),
    room: (service) => enqueue({ kind: 'service', service }),
  });
  const importViews = createImportViews();
  const waitingExports = createWaitingExports(member.records);
  const refusedWrites = createRefusedWrites();
  const curtailed = createCurtailed();
  const takenNames = new Map<string, string>();
  const making = createMaking({ clock, isThere: (name) => member.records.namespace(name) !== undefined });
  // One that changes its mind all the time must not take up what may be asked of the members that export to it.
  const importChanged = createPaced({ clock, rate: REPORTS, pass: deps.importChanged, keyOf: (service) => service });
  const latencies = createLatencies({ clock, metrics });
  /** Keys of the data path that wait for their turn in the queue. */
  const waiting = new Set<string>();
  const later = createLaterKeys({ clock, untilRest: dataPath.untilRest, pass: (key) => queue?.add(key) });
  let underWay = 0;
  const resting = new Set<() => void>();
  /** Undefined while the Lease is not held: what happens then is looked at when it is. */
  let queue: WorkQueue | undefined;

  async function reconcile(text: string, signal: AbortSignal): Promise<ReconcileResult> {
    const key = parseKey(text);
    waiting.delete(text);
    const inItsTurn = later.began(text) || key?.kind === 'export';
    if (!inItsTurn) dataPath.moved();
    underWay += 1;
    try {
      return await bring(text, key, signal);
    } finally {
      underWay -= 1;
      if (underWay === 0) for (const wake of resting) wake();
      if (!inItsTurn) dataPath.moved();
      later.ended(text);
    }
  }

  async function bring(text: string, key: Key | undefined, signal: AbortSignal): Promise<ReconcileResult> {
    // A member that is not ready is reconciled as a whole when it becomes ready.
    if (key === undefined || !deps.mayReconcile() || member.state().kind !== 'ready') return DONE;
    const began = clock.now();
    const run = latencies.began(key);
    const writer = createWriter({
      client: member.writes,
      federation: deps.name,
      log,
      curtailed,
      wrote(verb, ok, kind) {
        run.wrote(kind);
        metrics.wrote(member.id, verb, ok);
      },
    });
    const context: Context = {
      ...deps,
      target: member,
      writer,
      events,
      serviceEvents,
      brake,
      slicesWait,
      yielding,
      parting,
      settling,
      postpone: (service) => waiting.size > 0 && later.put(formatKey({ kind: 'service', service }), 'imports'),
      importQuota,
      importViews,
      waitingExports,
      takenNames,
      making,
      log,
    };
    if (key.kind === 'peers') for (const service of outdatedImports(key.source, context)) enqueue({ kind: 'service', service });
    const reconciled = await dispatch(key, context, signal);
    // The member was removed meanwhile, and nothing is known of it any more.
    if (!deps.mayReconcile()) return DONE;
    const { outcome } = reconciled;
    const result = next(text, reconciled);
    const before = outcomes.set(member.id, text, outcome);
    if (key.kind === 'service' && (before === undefined || !sameToExporters(before, outcome))) importChanged(key.service);
    metrics.reconciled(key.kind, result.kind, (clock.now() - began) / 1000);
    if (before?.reason !== outcome?.reason) logFailure(text, reconciled);
    run.ended(result.kind === 'done');
    if (reconciled.againMs !== undefined && result.kind === 'done') queue?.addAfter(text, reconciled.againMs);
    return result;
  }

  function next(text: string, { result, refusal }: Reconciled): ReconcileResult {
    const { againMs, follow } = refusedWrites.ended(text, refusal);
    for (const each of follow) queue?.add(each);
    return againMs === undefined ? result : { kind: 'after', ms: againMs };
  }

  /** Once for each reason: one of those that are refused tries again each second. */
  function logFailure(text: string, { result }: Reconciled): void {
    if (result.kind === 'retry' || result.kind === 'terminal')
      log.warn('A reconcile failed', { key: text, result: result.kind, reason: result.error });
  }

  function enqueue(key: Key, origin?: Origin): void {
    if (queue === undefined) return;
    const text = formatKey(key);
    latencies.asked(key, origin);
    if (key.kind === 'export') return void later.put(text, 'reports');
    waiting.add(text);
    dataPath.moved();
    queue.add(text);
  }

  return {
    member,
    enqueue,
    nameChanged(name) {
      const service = takenNames.get(name);
      takenNames.delete(name);
      if (service !== undefined) enqueue({ kind: 'service', service });
    },
    async run(signal) {
      for (let tenure = await member.held(signal); tenure !== undefined; tenure = await member.held(signal)) {
        const working = deps.createQueue();
        queue = working;
        const ending = AbortSignal.any([signal, tenure]);
        setMaxListeners(0, ending);
        const worked = working.run(reconcile, { concurrency: CONCURRENCY, signal: ending });
        deps.taken();
        await worked;
        queue = undefined;
        for (const each of [latencies, waiting, later]) each.clear();
      }
    },
    rest: (signal) =>
      new Promise((resolve) => {
        const done = (): void => {
          resting.delete(done);
          signal.removeEventListener('abort', done);
          resolve();
        };
        resting.add(done);
        signal.addEventListener('abort', done, { once: true });
        if (underWay === 0 || signal.aborted) done();
      }),
    stats() {
      const stats = queue?.stats() ?? IDLE;
      return { ...stats, waiting: stats.waiting + later.size };
    },
    problems: importQuota.problems,
  };
}

/** Whether their ServiceExports say the same after both. */
function sameToExporters(before: Outcome, after: Outcome | undefined): boolean {
  const told = (outcome: Outcome | undefined): string =>
    JSON.stringify([outcome?.exporters?.[0], outcome?.lacks, [...(outcome?.blockers ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1))]);
  return told(before) === told(after);
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
