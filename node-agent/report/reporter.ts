/**
 * Keeps this node's GatewayReport true: looks at the tunnels every second, and at once when probes say that something has changed.
 *
 * A change of a state is written at once, but at most once a second; figures at most once a minute, and only when a bucket is another. A
 * node that ends no tunnels has no report.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Choices } from '../../core/failover/choices.js';
import type { PathStatus } from '../../core/failover/effects.js';
import type { NodePlan } from '../../core/mesh/plan.js';
import { createFigures } from '../../core/reports/figures.js';
import { linkReason } from '../../core/reports/linkReason.js';
import { isFailing, plannedLinks, seenLink, type SeenLink } from '../../core/reports/seenLinks.js';
import { settleReport } from '../../core/reports/settleReport.js';
import type { Clock } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import { type InterruptiblePause, pause } from '../../core/runtime/pause.js';
import type { Result } from '../../core/runtime/result.js';
import { timestamp } from '../../kube/wire/timestamp.js';
import type { Evidence } from './evidence.js';
import type { ReportOwner, ReportStore, StoredReport } from './reportStore.js';

/** What the agent knows now. */
export interface ReportFacts {
  readonly plan: NodePlan;
  readonly paths: readonly PathStatus[];
  readonly choices: Choices;
  readonly draining: boolean;
  readonly owner: ReportOwner;
}

interface ReporterDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: ReportStore;
  readonly evidence: Evidence;
  /** Undefined: there is no plan yet, or no Node. */
  facts(): ReportFacts | undefined;
  /** Interrupted when something has changed. */
  readonly changes: InterruptiblePause;
}

/** Until `signal` aborts. */
export async function runReporter({ clock, log, store, evidence, facts, changes }: ReporterDeps, signal: AbortSignal): Promise<void> {
  const figures = createFigures();
  /** What the report says; undefined: it has to be read. */
  let stored: { readonly report: StoredReport | undefined; readonly readAt: number } | undefined;
  let figuresAt = clock.now();
  let mayWriteAt = clock.now();
  let failures = 0;

  /** Whether it went well. */
  function settled(result: Result<unknown>, what: string): boolean {
    failures = result.ok ? 0 : failures + 1;
    mayWriteAt = clock.now() + (result.ok ? PERIOD_MS : Math.min(MOST_BACKOFF_MS, PERIOD_MS * 2 ** Math.min(failures, 10)));
    if (!result.ok && failures === 1) log.warn(what, { reason: result.error });
    return result.ok;
  }

  async function storedReport(name: string): Promise<typeof stored> {
    if (stored !== undefined && clock.now() - stored.readAt < READ_AGAIN_MS) return stored;
    const read = await store.read(name);
    if (settled(read, "This node's GatewayReport cannot be read") && read.ok) {
      stored = { report: read.value, readAt: clock.now() };
      mayWriteAt = clock.now();
    }
    return read.ok ? stored : undefined;
  }

  /** What is seen after there was time to find out why something fails. */
  async function linksOf(now: ReportFacts): Promise<readonly SeenLink[]> {
    await evidence.gather(plannedLinks(now.plan, now.paths).filter(isFailing));
    const { plan, paths, choices } = facts() ?? now;
    return plannedLinks(plan, paths).map((link) =>
      seenLink(link, choices, isFailing(link) ? linkReason(evidence.factsOf(link)) : undefined),
    );
  }

  async function round(): Promise<void> {
    const now = facts();
    if (now === undefined || clock.now() < mayWriteAt) return;
    const { owner } = now;
    const before = await storedReport(owner.name);
    if (before === undefined) return;
    if (now.plan.role.kind !== 'gateway') {
      if (before.report === undefined) return;
      if (settled(await store.remove(owner.name), "This node's GatewayReport cannot be deleted")) stored = { ...before, report: undefined };
      return;
    }
    const links = await linksOf(now);
    figures.sample(links);
    const spec = before.report?.spec;
    const isFigureTime = clock.now() - figuresAt >= FIGURES_MS;
    const next = settleReport(spec, {
      links,
      draining: now.draining,
      spreads: figures.spreads(),
      isFigureTime,
      ago: (ms) => timestamp(clock.wall() - ms),
    });
    if (isFigureTime) {
      figures.reset();
      figuresAt = clock.now();
    }
    if (before.report?.owners.includes(owner.uid) === true && isDeepStrictEqual(next, spec)) return;
    if (settled(await store.write(owner, next), "This node's GatewayReport cannot be written"))
      stored = { report: { spec: next, owners: [owner.uid] }, readAt: clock.now() };
  }

  while (!signal.aborted) {
    changes.clear();
    await round().catch((error: unknown) => log.error('The tunnels could not be reported', { error }));
    await changes.pause(PERIOD_MS, signal);
    // What comes together is written together.
    await pause(Math.max(TOGETHER_MS, Math.min(PERIOD_MS, mayWriteAt - clock.now())), signal, clock);
  }
}

const PERIOD_MS = 1000;
const TOGETHER_MS = 20;
const FIGURES_MS = 60_000;
const MOST_BACKOFF_MS = 30_000;
/** Somebody may have deleted it. */
const READ_AGAIN_MS = 600_000;
