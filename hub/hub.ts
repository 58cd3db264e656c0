/**
 * The hub, put together: sources to members, their records to keys, keys to the queues of the members they concern.
 */
import type { FederationStatus } from '../core/api/status.js';
import type { Clock, Random } from '../core/runtime/clock.js';
import type { Log } from '../core/runtime/log.js';
import type { Sha256 } from '../core/services/names.js';
import { createMemoryQueue } from '../core/workqueue/memory.js';
import type { WorkQueue } from '../core/workqueue/queue.js';
import type { KubeClient } from '../kube/wire/client.js';
import { createMetrics, type Metrics } from './api/metrics.js';
import { cleanUp } from './controllers/cleanUp.js';
import { createTarget, type Target } from './controllers/target.js';
import { createWriter } from './controllers/writer.js';
import type { Source } from './members/declaration.js';
import { createIdentities } from './members/identity.js';
import { createMember, type Member } from './members/member.js';
import { createMembers } from './members/members.js';
import type { Change } from './records/change.js';
import { createFederation } from './records/federation.js';
import type { Key } from './records/keys.js';
import { keysOfChange, keysOfSource, keysOfTarget } from './records/keysOfChange.js';
import { createOutcomes } from './records/outcomes.js';
import { createSettling } from './records/settling.js';
import { federationStatus } from './status/federationStatus.js';

export interface Hub {
  run(signal: AbortSignal): Promise<void>;
  status(): FederationStatus;
  /** What is being waited for before the hub counts as ready; undefined: nothing. */
  notReady(): string | undefined;
  readonly metrics: Metrics;
}

export interface HubDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly sources: readonly Source[];
  readonly connect: (kubeconfig: string) => { readonly ok: true; readonly client: KubeClient } | { readonly ok: false; readonly error: string };
  /** The queue of one member; `resync` is called when work may have been lost. */
  readonly createQueue: (member: string, resync: () => void) => WorkQueue;
  readonly queueKind: 'memory' | 'redis';
  readonly version: string;
  readonly sha256: Sha256;
  readonly deniedNamespaces: readonly string[];
}

/** Level-triggered to the last: everything is looked at every so often, though nothing asked for it. */
const RESYNC_MS = 600_000;
const CLEAN_UP_MS = 30_000;

export function createHub(deps: HubDeps): Hub {
  const { clock, log } = deps;
  const began = clock.now();
  const targets = new Map<string, Target>();
  const running = new Set<Promise<void>>();
  const known = new Set<string>();
  const identities = createIdentities();
  const outcomes = createOutcomes();
  const metrics = createMetrics({
    members: () => [...targets.values()].map((target) => ({ id: target.member.id, state: target.member.state().kind, queue: target.stats() })),
  });

  const wake = (id: string, key: Key): void => {
    if (settling.settled()) targets.get(id)?.wake(key);
  };
  const resync = (id: string): void => {
    const records = federation.known(id)?.records;
    if (records !== undefined) for (const key of keysOfTarget(id, records, federation)) wake(id, key);
  };
  const resyncAll = (): void => {
    for (const id of targets.keys()) resync(id);
  };

  function changed(member: Member, change: Change): void {
    if (!targets.has(member.id) || targets.get(member.id)?.member !== member) return;
    if (change.kind === 'facts' && factsChanged(member.id)) return resyncAll();
    if (change.kind === 'service' && change.exported) federation.exportsChanged();
    for (const [target, key] of keysOfChange(member.id, change, federation)) wake(target, key);
  }

  /** Returns whether anybody overlaps anybody else than before. */
  function factsChanged(id: string): boolean {
    federation.factsChanged();
    return federation.overlaps.changed(id).length > 0;
  }

  function stateChanged(member: Member): void {
    if (member.synced() && !known.has(member.id) && targets.get(member.id)?.member === member) {
      known.add(member.id);
      federation.exportsChanged();
      if (factsChanged(member.id)) resyncAll();
      for (const [target, key] of keysOfSource(member.id, member.records.exported(), federation)) wake(target, key);
    }
    settling.look();
    if (member.state().kind === 'ready') resync(member.id);
  }

  const members = createMembers({
    clock,
    log,
    sources: deps.sources,
    create: (id) => createMember(id, {
      clock,
      random: deps.random,
      log,
      identities,
      connect: deps.connect,
      createFetches: () => createMemoryQueue({}, { clock, random: deps.random }),
      changed,
      stateChanged,
    }),
    added(member, signal) {
      const target = createTarget(member, {
        clock,
        log,
        federation,
        outcomes,
        metrics,
        queue: deps.createQueue(member.id, () => resync(member.id)),
        sha256: deps.sha256,
        deniedNamespaces: deps.deniedNamespaces,
        settled: () => settling.settled() && targets.get(member.id)?.member === member,
        serviceJudged(service) {
          for (const exporter of federation.exportersOf(service)) wake(exporter, { kind: 'export', service });
        },
      });
      targets.set(member.id, target);
      follow(Promise.all([member.run(signal), target.run(signal)]));
    },
    async removed(member) {
      targets.delete(member.id);
      known.delete(member.id);
      identities.release(member.id);
      outcomes.forget(member.id);
      metrics.forget(member.id);
      federation.exportsChanged();
      factsChanged(member.id);
      const client = member.client();
      if (client === undefined || member.state().kind !== 'ready') return;
      await cleanUp(member, { log, writer: createWriter({ client, wrote: (verb, ok) => metrics.wrote(member.id, verb, ok) }) }, AbortSignal.timeout(CLEAN_UP_MS));
    },
    read: () => settling.look(),
    gone: () => resyncAll(),
  });
  const federation = createFederation({ members: members.list, isGone: members.isGone });
  const settling = createSettling({ clock, complete: members.complete, members: members.list, settled: resyncAll });

  function follow(work: Promise<unknown>): void {
    const tracked: Promise<void> = work.then(
      () => void running.delete(tracked),
      (error: unknown) => {
        running.delete(tracked);
        log.error('a member ended unexpectedly', { error });
      },
    );
    running.add(tracked);
  }

  return {
    metrics,
    async run(signal) {
      let cancel = (): void => undefined;
      const schedule = (): void => {
        cancel = clock.after(RESYNC_MS * (0.9 + deps.random() / 5), () => {
          resyncAll();
          schedule();
        });
      };
      schedule();
      await members.run(signal);
      cancel();
      settling.stop();
      await Promise.all(running);
    },
    status: () => federationStatus({
      version: deps.version,
      uptimeSeconds: Math.round((clock.now() - began) / 1000),
      queueKind: deps.queueKind,
      queues: [...targets.values()].map((target) => target.stats()),
      federation,
      outcomes,
      sourceProblems: members.problems(),
    }),
    notReady: () => (members.complete() ? undefined : 'the sources of kubeconfigs were not read yet'),
  };
}
