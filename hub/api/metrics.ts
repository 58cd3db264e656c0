/**
 * The hub's Prometheus metrics, in a registry of their own.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { VERSION } from '../../core/api/version.js';
import type { MemberState } from '../members/memberState.js';
import type { QueueStats } from '../../core/workqueue/queue.js';

export type ControllerName = 'peers' | 'service' | 'export';
export type WriteVerb = 'apply' | 'applyStatus' | 'merge' | 'delete';

export interface Metrics {
  reconciled(controller: ControllerName, result: 'done' | 'after' | 'retry' | 'terminal', seconds: number): void;
  wrote(member: string, verb: WriteVerb, ok: boolean): void;
  /** From the watch event that caused a write, as we saw it, to the write's acknowledgement. */
  propagated(controller: ControllerName, seconds: number): void;
  /** Of a member that is gone. */
  forget(member: string): void;
  /** The exposition text and its content type. */
  expose(): Promise<{ readonly contentType: string; readonly body: string }>;
}

/** What the gauges are read from, at each scrape. */
export interface MetricsSources {
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
    name: 'kilofed_hub_reconcile_duration_seconds', help: 'How long one reconcile took.',
    labelNames: ['controller', 'result'], buckets: LATENCY_BUCKETS, registers,
  });
  const writes = new Counter({
    name: 'kilofed_hub_writes_total', help: 'Write requests to members.', labelNames: ['member', 'verb', 'result'], registers,
  });
  const propagation = new Histogram({
    name: 'kilofed_hub_propagation_seconds', help: 'From a watch event seen to the write it caused acknowledged.',
    labelNames: ['controller'], buckets: LATENCY_BUCKETS, registers,
  });
  return {
    reconciled: (controller, result, seconds) => reconcile.observe({ controller, result }, seconds),
    wrote: (member, verb, ok) => writes.inc({ member, verb, result: ok ? 'ok' : 'error' }),
    propagated: (controller, seconds) => propagation.observe({ controller }, seconds),
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
    name: 'kilofed_hub_members', help: 'Members by state.', labelNames: ['state'], registers,
    collect() {
      const all = sources.members();
      for (const state of STATES) members.set({ state }, all.filter((member) => member.state === state).length);
    },
  });
  const keys = new Gauge({
    name: 'kilofed_hub_queue_keys', help: 'Keys in the queue of each member.', labelNames: ['member', 'state'], registers,
    collect() {
      keys.reset();
      for (const { id, queue } of sources.members()) {
        for (const state of ['waiting', 'delayed', 'active'] as const) keys.set({ member: id, state }, queue[state]);
      }
    },
  });
  const processed = new Gauge({
    name: 'kilofed_hub_queue_processed', help: 'Keys processed since the member was added.', labelNames: ['member'], registers,
    collect() {
      processed.reset();
      for (const { id, queue } of sources.members()) processed.set({ member: id }, queue.processed);
    },
  });
  const retried = new Gauge({
    name: 'kilofed_hub_queue_retried', help: 'Keys processed again after a failure.', labelNames: ['member'], registers,
    collect() {
      retried.reset();
      for (const { id, queue } of sources.members()) retried.set({ member: id }, queue.retried);
    },
  });
  new Gauge({ name: 'kilofed_build_info', help: 'Version of this program, 1.', labelNames: ['program', 'version'], registers }).set({ program: 'hub', version: VERSION }, 1);
  const degraded = new Gauge({
    name: 'kilofed_hub_queue_degraded', help: '1 while a queue works in process because Redis does not answer.', registers,
    collect() {
      degraded.set(sources.members().some(({ queue }) => queue.degraded !== undefined) ? 1 : 0);
    },
  });
}
