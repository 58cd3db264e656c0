/**
 * The hub, put together: sources declare members, changes of their records become keys, keys go to the members' queues.
 */
import { ANNOTATION } from '../core/api/names.js';
import type { Explanation } from '../core/api/explanation.js';
import type { FederationStatus } from '../core/api/status.js';
import { explain } from '../core/explain/explain.js';
import type { Result } from '../core/runtime/result.js';
import type { Clock, Random } from '../core/runtime/clock.js';
import { createSharedTurns } from '../core/runtime/sharedTurns.js';
import type { Log } from '../core/runtime/log.js';
import type { NamespaceRules } from '../core/services/consent.js';
import type { Sha256 } from '../core/services/names.js';
import type { ExportToDefault } from '../core/services/planImport.js';
import type { FlowOf } from '../core/workqueue/flows.js';
import { createMemoryQueue } from '../core/workqueue/memory.js';
import type { WorkQueue } from '../core/workqueue/queue.js';
import type { EventRecorder } from '../kube/wire/eventRecorder.js';
import { createMetrics, type Metrics } from './api/metrics.js';
import { cleanUp } from './controllers/cleanUp.js';
import { createCurtailed } from './controllers/curtailed.js';
import { flowOfKey } from './controllers/flowOfKey.js';
import { createLeftBehind } from './controllers/leftBehind.js';
import { createOutcomes } from './controllers/outcomes.js';
import { createRestingDataPath } from './controllers/restingDataPath.js';
import { createWriter } from './controllers/writer.js';
import { createFederation } from './federation/federation.js';
import { createStartupGate } from './federation/startupGate.js';
import { createAway } from './health/away.js';
import { createReachability } from './health/reachability.js';
import type { Connect, Source } from './members/declaration.js';
import { createIdentities } from './members/identity.js';
import type { HubIdentity, Standby } from './members/lease.js';
import type { Witness } from './members/judgeIdentity.js';
import { createMember, type Member } from './members/member.js';
import { waitingProblems } from './members/waitingProblems.js';
import type { ReplaceKubeconfig } from './members/renewal.js';
import { createLeadership, type Home } from './leadership.js';
import { createMembers } from './members/members.js';
import { createLinks } from './links/links.js';
import { createPairs } from './pairs/pairs.js';
import { explainFacts } from './status/explain/explainFacts.js';
import { federationStatus } from './status/federationStatus.js';
import { followProblems } from './status/followProblems.js';
import { unknownMembers } from './status/unknownMembers.js';
import { createTarget, type Target } from './target.js';
import { createTriggers } from './triggers.js';

export interface Hub {
  run(signal: AbortSignal): Promise<void>;
  /** Undefined: this hub is the active one of its federation. Else it knows what stands in members, and not why. */
  standby(): Standby | undefined;
  status(): FederationStatus;
  /** Of one Service: who exports and imports it, and the first thing that stops it. */
  explain(namespace: string, name: string): Explanation;
  /** Whether there is, or was, such a member, or anything in others came from one. */
  knows(id: string): boolean;
  /** A person says that a member has left for good. Refused while it is declared. */
  forget(id: string): Result<void>;
  /** What the hub waits for before it is ready. Undefined: it is ready. */
  notReady(): string | undefined;
  readonly metrics: Metrics;
}

export interface HubDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Who this hub is. */
  readonly identity: HubIdentity;
  readonly sources: readonly Source[];
  readonly connect: Connect;
  /** Where problems are told as Events. Undefined: there is no home cluster. */
  readonly events?: { readonly recorder: EventRecorder; readonly namespace: string } | undefined;
  /** Writes a renewed kubeconfig to the Secret that it came from. Undefined: there is no home cluster. */
  readonly replaceKubeconfig?: ReplaceKubeconfig | undefined;
  /** Where hubs of the federation agree on one of them. Undefined: there is no home cluster. */
  readonly home?: Home | undefined;
  /** The queue of one member; `resync` is called when work may have been lost. */
  readonly createQueue: (member: string, options: { readonly flowOf: FlowOf; readonly resync: () => void }) => WorkQueue;
  readonly queueKind: 'memory' | 'redis';
  readonly version: string;
  readonly sha256: Sha256;
  readonly rules: NamespaceRules;
  readonly exportToDefault: ExportToDefault;
}

/** Period of the resync, which reconciles everything even without events. */
const RESYNC_MS = 600_000;
/** Somebody waits for these endpoints. No more than two are fetched at a time. */
const FETCH_BACKOFF = { baseMs: 200, maxMs: 1_000 } as const;
const CLEAN_UP_MS = 30_000;

export function createHub(deps: HubDeps): Hub {
  const { clock, log } = deps;
  const began = clock.now();
  const nextTurn = createSharedTurns(clock);
  const targets = new Map<string, Target>();
  const running = new Set<Promise<void>>();
  const leadership = createLeadership({
    clock,
    log,
    hub: deps.identity,
    home: deps.home,
    changed() {
      for (const member of members.list()) member.reconsiderLease();
    },
  });
  const identities = createIdentities({
    boundUid: (id) => federation.member(id)?.terms().clusterUid,
    witnesses: () => members.list().map((member) => witnessOf(member, startupGate.isOpen())),
    reconsider: (ids) => ids.forEach((id) => federation.member(id)?.reconsider()),
  });
  const outcomes = createOutcomes();
  const dataPath = createRestingDataPath(clock);
  const leftBehind = createLeftBehind({ log, cleanUp: cleanUpAfter });
  const metrics = createMetrics({
    active: () => leadership.standby() === undefined,
    // Of one that stands by, the active one tells them.
    status: () => (leadership.standby() === undefined ? status() : { links: [], problems: [] }),
    members: () =>
      [...targets.values()].map((target) => ({ id: target.member.id, state: target.member.state().kind, queue: target.stats() })),
  });

  const members = createMembers({
    clock,
    log,
    sources: deps.sources,
    create: (id) =>
      createMember(id, {
        clock,
        random: deps.random,
        log,
        hub: deps.identity,
        standby: () => leadership.standby(),
        identities,
        connect: deps.connect,
        replaceKubeconfig: deps.replaceKubeconfig,
        nextTurn,
        createFetches: () => createMemoryQueue({ backoff: FETCH_BACKOFF }, { clock, random: deps.random }),
        changed: (member, change) => triggers.changed(member, change),
        stateChanged(member) {
          away.check();
          triggers.stateChanged(member);
          identities.recheck();
        },
        termsChanged(member, before) {
          identities.recheck();
          away.check();
          triggers.termsChanged(member, before);
        },
      }),
    added(member, signal) {
      const target = createTarget(member, {
        clock,
        log,
        federation,
        name: deps.identity.federation,
        pairs,
        reachability,
        dataPath,
        outcomes,
        metrics,
        createQueue: () =>
          deps.createQueue(member.id, {
            flowOf: (key) => flowOfKey(key, { target: member, federation }),
            resync: () => triggers.resync(member.id),
          }),
        taken: () => triggers.resync(member.id),
        sha256: deps.sha256,
        rules: deps.rules,
        exportToDefault: deps.exportToDefault,
        mayReconcile: () => startupGate.isOpen() && targets.get(member.id)?.member === member,
        importChanged: (service) => triggers.importChanged(service),
      });
      targets.set(member.id, target);
      leftBehind.declared(member.id);
      triggers.added(member);
      follow(Promise.all([member.run(signal), target.run(signal)]));
    },
    async removed(member) {
      const target = targets.get(member.id);
      targets.delete(member.id);
      identities.release(member.id);
      outcomes.forget(member.id);
      metrics.forget(member.id);
      reachability.forget(member.id);
      triggers.removed(member);
      await leftBehind.leave(member, async (signal) => target?.rest(AbortSignal.any([signal, AbortSignal.timeout(CLEAN_UP_MS)])));
    },
    read() {
      triggers.declared();
      away.check();
      startupGate.check();
    },
    gone: () => triggers.resyncAll(),
  });
  const away = createAway({
    clock,
    members: members.list,
    changed(ids) {
      const withdrawn = ids.filter((id) => away.isWithdrawn(id));
      if (withdrawn.length > 0)
        log.warn('Members are withdrawn: they did not answer for longer than their time to live', { members: withdrawn });
      triggers.withdrawalChanged(ids);
    },
  });
  const federation = createFederation({
    members: members.list,
    isGone: members.isGone,
    isWithdrawn: away.isWithdrawn,
    rules: deps.rules,
  });
  const pairs = createPairs(federation);
  const links = createLinks({ federation });
  const reachability = createReachability({
    clock,
    log,
    federation,
    links,
    changed: (importer, exporter) => targets.get(importer)?.enqueue({ kind: 'peers', source: exporter }),
  });
  const startupGate = createStartupGate({ clock, complete: members.complete, members: members.list, opened: () => triggers.resyncAll() });
  const triggers = createTriggers({ clock, federation, pairs, reachability, targets, gate: startupGate });

  /** Returns why not all is gone. */
  function cleanUpAfter(member: Member, signal: AbortSignal): Promise<string | undefined> {
    const writer = createWriter({
      client: member.writes,
      federation: deps.identity.federation,
      log: log.with({ member: member.id }),
      curtailed: createCurtailed(),
      wrote: (verb, ok) => metrics.wrote(member.id, verb, ok),
    });
    return cleanUp(member, { log, writer }, AbortSignal.any([signal, AbortSignal.timeout(CLEAN_UP_MS)]));
  }

  function follow(work: Promise<unknown>): void {
    const tracked: Promise<void> = work.then(
      () => void running.delete(tracked),
      (error: unknown) => {
        running.delete(tracked);
        log.error('A member ended unexpectedly', { error });
      },
    );
    running.add(tracked);
  }

  function status(): FederationStatus {
    return federationStatus({
      version: deps.version,
      uptimeSeconds: Math.round((clock.now() - began) / 1000),
      queueKind: deps.queueKind,
      queues: [...targets.values()].map((target) => target.stats()),
      federation,
      links,
      outcomes,
      sourceProblems: [
        ...members.problems(),
        ...away.problems(),
        ...(leadership.standby() === undefined ? waitingProblems(members.list()) : []),
        ...leftBehind.problems(),
        ...unknownMembers(outcomes, federation),
        ...[...targets.values()].flatMap((target) => target.problems()),
        ...leadership.problems(),
      ],
    });
  }

  return {
    metrics,
    async run(signal) {
      let cancel = (): void => undefined;
      const schedule = (): void => {
        cancel = clock.after(RESYNC_MS * (0.9 + deps.random() / 5), () => {
          triggers.resyncAll();
          schedule();
        });
      };
      schedule();
      const problems = (): FederationStatus['problems'] | undefined =>
        startupGate.isOpen() && leadership.standby() === undefined ? status().problems : undefined;
      await Promise.all([
        members.run(signal),
        leadership.run(signal),
        followProblems({ clock, log, problems, events: deps.events }, signal),
      ]);
      cancel();
      startupGate.stop();
      away.stop();
      reachability.stop();
      await Promise.all(running);
    },
    standby: leadership.standby,
    status,
    explain: (namespace, name) =>
      explain(explainFacts(namespace, name, { federation, outcomes, links, reachability, exportToDefault: deps.exportToDefault })),
    // What stands in members is known when they have been read.
    knows: (id) => !startupGate.isOpen() || members.hasKnown(id) || outcomes.unknown().has(id),
    forget(id) {
      const forgotten = members.forget(id);
      if (forgotten.ok) leftBehind.forgotten(id);
      return forgotten;
    },
    notReady() {
      if (!members.complete()) return 'the sources of kubeconfigs were not read yet';
      return startupGate.isOpen() ? undefined : 'the members are read, for ten seconds at most';
    },
  };
}

/** What stands in a member says who other members are. `waited`: those that have not been read are not waited for any more. */
function witnessOf(member: Member, waited: boolean): Witness {
  return {
    id: member.id,
    settled: waited || member.synced() || member.state().kind === 'refused',
    uidsOf: (id) =>
      member.synced() ? member.records.peersOf(id).map(({ metadata }) => metadata.annotations?.[ANNOTATION.clusterUid]) : [],
  };
}
