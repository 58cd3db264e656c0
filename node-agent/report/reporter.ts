/**
 * Keeps this node's GatewayReport true: looks at the tunnels every second, and at once when probes say that something has changed.
 *
 * A change of a state is written at once, but of one tunnel at most once a second: those to a cluster that dies do not fail at the same
 * moment, and only all of them together say so. Figures are written at most once a minute, and only when a bucket is another. A node that
 * ends no tunnels has no report.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Choices } from '../../core/failover/choices.js';
import type { PathStatus } from '../../core/failover/effects.js';
import type { NodePlan } from '../../core/mesh/plan.js';
import { createFigures } from '../../core/reports/figures.js';
import { linkReason } from '../../core/reports/linkReason.js';
import { isFailing, plannedLinks, seenLink, type SeenLink } from '../../core/reports/seenLinks.js';
import { linkKey, type LinkKey } from '../../core/reports/linkKey.js';
import { type ReportSpec, settleReport } from '../../core/reports/settleReport.js';
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
  /** From when on tunnels may be told of that are not among `told`. */
  let soonAt = clock.now();
  /** Tunnels whose states were written since `mayWriteAt` was last reached. */
  let told: ReadonlySet<LinkKey> = new Set();
  let failures = 0;

  /** Whether it went well. */
  function settled(result: Result<unknown>, what: string): boolean {
    failures = result.ok ? 0 : failures + 1;
    mayWriteAt = clock.now() + (result.ok ? PERIOD_MS : Math.min(MOST_BACKOFF_MS, PERIOD_MS * 2 ** Math.min(failures, 10)));
    soonAt = result.ok ? clock.now() + SOON_MS : mayWriteAt;
    if (!result.ok && failures === 1) log.warn(what, { reason: result.error });
    return result.ok;
  }

  async function storedReport(name: string): Promise<typeof stored> {
    if (stored !== undefined && clock.now() - stored.readAt < READ_AGAIN_MS) return stored;
    const read = await store.read(name);
    if (settled(read, "This node's GatewayReport cannot be read") && read.ok) {
      stored = { report: read.value, readAt: clock.now() };
      mayWriteAt = soonAt = clock.now();
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

  /** For a node that ends no tunnels. True: as `round` has it. */
  async function withdraw({ name }: ReportOwner, before: NonNullable<typeof stored>, isDue: boolean): Promise<boolean> {
    if (before.report === undefined || !isDue) return before.report !== undefined;
    if (settled(await store.remove(name), "This node's GatewayReport cannot be deleted")) stored = { ...before, report: undefined };
    return false;
  }

  /** What the report should say. `isDue`: a second has passed, so that figures count. */
  function specOf({ draining }: ReportFacts, links: readonly SeenLink[], spec: ReportSpec | undefined, isDue: boolean): ReportSpec {
    if (isDue) figures.sample(links);
    const isFigureTime = isDue && clock.now() - figuresAt >= FIGURES_MS;
    const ago = (ms: number): string => timestamp(clock.wall() - ms);
    const next = settleReport(spec, { links, draining, spreads: figures.spreads(), isFigureTime, ago });
    if (isFigureTime) {
      figures.reset();
      figuresAt = clock.now();
    }
    return next;
  }

  /** True: something is to be written, and has to wait. */
  async function round(): Promise<boolean> {
    const now = facts();
    if (now === undefined || clock.now() < soonAt) return false;
    const { owner } = now;
    const before = await storedReport(owner.name);
    if (before === undefined) return false;
    const isDue = clock.now() >= mayWriteAt;
    if (now.plan.role.kind !== 'gateway') return withdraw(owner, before, isDue);
    const links = await linksOf(now);
    const spec = before.report?.spec;
    const next = specOf(now, links, spec, isDue);
    if (before.report?.owners.includes(owner.uid) === true && isDeepStrictEqual(next, spec)) return false;
    const states = changedStates(spec, next);
    if (!isDue && states.every((each) => told.has(each))) {
      soonAt = clock.now() + SOON_MS;
      return true;
    }
    if (settled(await store.write(owner, next), "This node's GatewayReport cannot be written")) {
      stored = { report: { spec: next, owners: [owner.uid] }, readAt: clock.now() };
      told = new Set(isDue ? states : [...told, ...states]);
    }
    return false;
  }

  while (!signal.aborted) {
    changes.clear();
    const waits = await round().catch((error: unknown) => log.error('The tunnels could not be reported', { error }));
    await changes.pause(waits === true ? Math.min(PERIOD_MS, Math.max(0, mayWriteAt - clock.now())) : PERIOD_MS, signal);
    if (waits === true && clock.now() >= mayWriteAt) continue;
    // What comes together is written together.
    await pause(Math.max(TOGETHER_MS, Math.min(PERIOD_MS, Math.min(soonAt, mayWriteAt) - clock.now())), signal, clock);
  }
}

/** Tunnels that are in another state than the report says, or that are new in it. */
function changedStates(before: ReportSpec | undefined, after: ReportSpec): LinkKey[] {
  const known = new Map((before?.links ?? []).map((link) => [linkKey(link), link.state]));
  return after.links.filter((link) => known.get(linkKey(link)) !== link.state).map(linkKey);
}

const PERIOD_MS = 1000;
const TOGETHER_MS = 20;
/** Between two writes of different tunnels. */
const SOON_MS = 200;
const FIGURES_MS = 60_000;
const MOST_BACKOFF_MS = 30_000;
/** Somebody may have deleted it. */
const READ_AGAIN_MS = 600_000;
