/**
 * Makes the host what a plan says, as far as that is possible, by the fewest changes.
 */
import { additions } from '../core/host/additions.js';
import { type EndpointMemory, rememberEndpoints } from '../core/host/endpoints.js';
import type { HostModel } from '../core/host/hostModel.js';
import { planChanges } from '../core/host/planChanges.js';
import { changeText } from '../core/host/render.js';
import type { Verdict } from '../core/kilo/judge.js';
import type { NodePlan } from '../core/mesh/plan.js';
import type { Log } from '../core/runtime/log.js';
import type { Failure } from './host/apply.js';
import type { Host } from './host/host.js';
import type { KiloWatch } from './kilo/kiloWatch.js';
import { removeKilo } from './kilo/removeKilo.js';
import { withoutKilo } from './kilo/withoutKilo.js';
import type { AgentMetrics } from './metrics.js';
import type { StateFiles } from './stateFiles.js';

export interface ApplyPlanDeps {
  readonly log: Log;
  readonly publicKey: string;
  readonly host: Pick<Host, 'apply'>;
  readonly kilo: Pick<KiloWatch, 'remove'>;
  readonly files: Pick<StateFiles, 'saveEndpoints'>;
  readonly metrics: Pick<AgentMetrics, 'applied'>;
}

interface DesiredHost {
  readonly plan: NodePlan;
  /** What becomes of what Kilo has on the host. */
  readonly kilo: Verdict;
  /** The plan is made from saved inputs, which may be old: nothing is removed for it. */
  readonly isSaved: boolean;
}

interface Applied {
  /** What could not be done, and why. */
  readonly failures: readonly string[];
  readonly changes: number;
}

export type ApplyPlan = (model: HostModel, desired: DesiredHost, signal: AbortSignal) => Promise<Applied>;

/** `memory`: which endpoints an earlier process wrote. */
export function createApplyPlan(deps: ApplyPlanDeps, memory: EndpointMemory): ApplyPlan {
  let endpoints = memory;
  return async (model, { plan, kilo, isSaved }, signal) => {
    const observed = kilo.kind === 'beside' ? withoutKilo(model.state()) : model.state();
    const all = planChanges({ desired: plan, observed, prior: endpoints, publicKey: deps.publicKey });
    const { done, failures } = await deps.host.apply(model, isSaved ? additions(all, observed) : all, signal);
    for (const change of done.slice(0, LOGGED)) deps.log.debug('Changed', { change: changeText(change) });
    const remembered = rememberEndpoints(
      plan,
      endpoints,
      failures.map((failure) => failure.change),
    );
    if (!sameMap(remembered, endpoints)) await deps.files.saveEndpoints(remembered);
    endpoints = remembered;
    deps.metrics.applied(model.state(), done.length, failures.length);
    if (done.length > 0) deps.log.info('The host was changed', { changes: done.length, failures: failures.length });
    return { failures: failures.length > 0 ? await failureTexts(failures) : await removeKilo(deps, kilo), changes: done.length };
  };
}

/** A first pass may have thousands of changes; their number says enough. */
const LOGGED = 100;

/** What explains them is loaded by an agent that has some. */
export async function failureTexts(failures: readonly Failure[]): Promise<readonly string[]> {
  const { explainFailure } = await import('../core/host/explainFailure.js');
  return failures.map(({ change, reason }) => `${changeText(change)}: ${explainFailure(change, reason)}`);
}

function sameMap(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (b.get(key) !== value) return false;
  return true;
}
