/**
 * The hub's Prometheus metrics, in a registry of their own.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { FederationStatus } from '../../core/api/status.js';
import { LINK_STATES } from '../../core/api/links.js';
import { VERSION } from '../../core/api/version.js';
import type { QueueStats } from '../../core/workqueue/queue.js';
import type { MemberState } from '../members/memberState.js';

type ControllerName = 'peers' | 'service' | 'export';
/** What is changed in the member that exports. */
export type SourceKind = 'Service' | 'EndpointSlice';
export type WriteVerb = 'apply' | 'applyStatus' | 'merge' | 'delete';

export interface Metrics {
  reconciled(controller: ControllerName, result: 'done' | 'after' | 'retry' | 'terminal', seconds: number): void;
  wrote(member: string, verb: WriteVerb, ok: boolean): void;
  /** Time from the watch event, as the hub received it, to the acknowledgement of the write that it caused. */
  propagated(controller: ControllerName, seconds: number): void;
  /** Time from the change in the exporting member, as the object says it, to the acknowledgement of the write in an importing one. */
  followed(kind: SourceKind, seconds: number): void;
  /** Drops the series of a member that was removed. */
  forget(member: string): void;
  /** The exposition text and its content type. */
  expose(): Promise<{ readonly contentType: string; readonly body: string }>;
}

/** Read at each scrape. */
interface MetricsSources {
  readonly active: () => boolean;
  status(): Pick<FederationStatus, 'links' | 'problems'>;
  members(): readonly { readonly id: string; readonly state: MemberState['kind']; readonly queue: QueueStats }[];
}

const STATES = ['ready', 'connecting', 'unreachable', 'refused'] as const;
const LATENCY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export function createMetrics(sources: MetricsSources): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  addGauges(registry, sources);
  const registers = [registry];
  const reconcile = new Histogram({
    name: 'kilofed_hub_reconcile_seconds',
    help: 'How long one reconcile took.',
    labelNames: ['controller', 'result'],
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const writes = new Counter({
    name: 'kilofed_hub_writes_total',
    help: 'Write requests to members.',
    labelNames: ['member', 'verb', 'result'],
    registers,
  });
  const propagation = new Histogram({
    name: 'kilofed_hub_propagation_seconds',
    help: 'From a watch event seen to the write it caused acknowledged.',
    labelNames: ['controller'],
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const endToEnd = new Histogram({
    name: 'kilofed_hub_end_to_end_seconds',
    help:
      'From a change in the exporting member to the acknowledged write in an importing one, by what was changed there. When that was is ' +
      'what the object says: to the second, but for EndpointSlices of Kubernetes. Clocks that differ count as they are; less than 0 ' +
      'counts as 0, and more than an hour as an hour.',
    labelNames: ['kind'],
    buckets: [...LATENCY_BUCKETS, 60],
    registers,
  });
  return {
    reconciled: (controller, result, seconds) => reconcile.observe({ controller, result }, seconds),
    wrote: (member, verb, ok) => writes.inc({ member, verb, result: ok ? 'ok' : 'error' }),
    propagated: (controller, seconds) => propagation.observe({ controller }, seconds),
    followed: (kind, seconds) => endToEnd.observe({ kind }, seconds),
    forget(member) {
      for (const verb of ['apply', 'applyStatus', 'merge', 'delete'] satisfies WriteVerb[]) {
        for (const result of ['ok', 'error']) writes.remove({ member, verb, result });
      }
    },
    expose: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}

function addGauges(registry: Registry, sources: MetricsSources): void {
  const registers = [registry];
  const members = new Gauge({
    name: 'kilofed_hub_members',
    help: 'Members by state.',
    labelNames: ['state'],
    registers,
    collect() {
      const all = sources.members();
      for (const state of STATES) members.set({ state }, all.filter((member) => member.state === state).length);
    },
  });
  const active = new Gauge({
    name: 'kilofed_hub_active',
    help: '1 for the hub that writes into the members, 0 for one that stands by.',
    registers,
    collect() {
      active.set(sources.active() ? 1 : 0);
    },
  });
  const keys = new Gauge({
    name: 'kilofed_hub_queue_keys',
    help: 'Keys in the queue of each member.',
    labelNames: ['member', 'state'],
    registers,
    collect() {
      keys.reset();
      for (const { id, queue } of sources.members()) {
        for (const state of ['waiting', 'delayed', 'active'] as const) keys.set({ member: id, state }, queue[state]);
      }
    },
  });
  addQueueCounters(registry, sources);
  addFindings(registry, sources);
  new Gauge({ name: 'kilofed_build_info', help: 'Version of this program, 1.', labelNames: ['program', 'version'], registers }).set(
    { program: 'hub', version: VERSION },
    1,
  );
  const degraded = new Gauge({
    name: 'kilofed_hub_queue_degraded',
    help: '1 while a queue works in process because Redis does not answer.',
    registers,
    collect() {
      degraded.set(sources.members().some(({ queue }) => queue.degraded !== undefined) ? 1 : 0);
    },
  });
}

/** What the status tells. Links are counted for the member whose gateways report them, or their number would be that of pairs. */
function addFindings(registry: Registry, sources: MetricsSources): void {
  const problems = new Gauge({
    name: 'kilofed_hub_problems',
    help: 'Problems that the status tells.',
    labelNames: ['member', 'reason'],
    registers: [registry],
    collect() {
      problems.reset();
      for (const { cluster = '', reason } of sources.status().problems) problems.inc({ member: cluster, reason });
    },
  });
  const links = new Gauge({
    name: 'kilofed_hub_links',
    help: 'Links from the segments of a member to those of others.',
    labelNames: ['member', 'state'],
    registers: [registry],
    collect() {
      links.reset();
      for (const { from, state } of sources.status().links) {
        for (const each of LINK_STATES) links.inc({ member: from.member, state: each }, each === state ? 1 : 0);
      }
    },
  });
}

/** The queues keep the counts. They are read at each scrape, and a member's series goes with the member. */
function addQueueCounters(registry: Registry, sources: MetricsSources): void {
  const counters = [
    { name: 'kilofed_hub_queue_processed_total', help: 'Keys processed since the member was added.', count: 'processed' },
    { name: 'kilofed_hub_queue_retries_total', help: 'Keys processed again after a failure.', count: 'retried' },
  ] as const;
  for (const { name, help, count } of counters) {
    const counter = new Counter({
      name,
      help,
      labelNames: ['member'],
      registers: [registry],
      collect() {
        counter.reset();
        for (const { id, queue } of sources.members()) counter.inc({ member: id }, queue[count]);
      },
    });
  }
}
