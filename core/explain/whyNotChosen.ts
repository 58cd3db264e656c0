/**
 * Why endpoints that are ready at home do not serve in an importing member: which tier comes before theirs, or which share they have
 * (core/services/choose.ts).
 */
import { type ChoicePolicy, readPolicy } from '../services/choicePolicy.js';
import { tierOf, weightOf } from '../services/choose.js';
import type { EndpointFact } from './facts.js';

/** `choice`: as the ServiceImport has it (EXPORT_ANNOTATION.choice). `endpoints`: all behind one name. What says why already stays so. */
export function whyNotChosen(choice: string | undefined, endpoints: readonly EndpointFact[]): EndpointFact[] {
  const policy = choice === undefined ? undefined : readPolicy(choice);
  const byMember = new Map<string, string>();
  const whyOf = (cluster: string): string => {
    const known = byMember.get(cluster) ?? (policy === undefined ? OTHERS : whyOfMember(cluster, policy, endpoints));
    byMember.set(cluster, known);
    return known;
  };
  return endpoints.map((each) => (each.state === 'heldBack' && each.why === undefined ? { ...each, why: whyOf(each.cluster) } : each));
}

const OTHERS = 'not chosen';

function whyOfMember(cluster: string, policy: ChoicePolicy, endpoints: readonly EndpointFact[]): string {
  if (policy.drained?.includes(cluster) === true) return DRAINED;
  const serving = [...new Set(endpoints.flatMap((each) => (each.state === 'ready' ? [each.cluster] : [])))].toSorted();
  if (weightOf(policy, cluster) === 0 && serving.some((each) => weightOf(policy, each) > 0)) return `weights give ${cluster} 0`;
  const own = tierOf(policy, cluster);
  const best = Math.min(...serving.map((each) => tierOf(policy, each)));
  if (best < own) return byTier(policy, { cluster, own, best, first: serving.filter((each) => tierOf(policy, each) === best) });
  if (policy.weights === undefined || !serving.includes(cluster)) return OTHERS;
  const ofCluster = endpoints.filter((each) => each.cluster === cluster && isAble(each));
  const share = `${ofCluster.filter(({ state }) => state === 'ready').length} of the ${ofCluster.length} endpoints of ${cluster} serve`;
  return `weights ${weightsText(policy, serving)}: ${share}`;
}

export const DRAINED = 'its member is drained';

/** Ready at home, as far as is known, and not cut off nor drained. */
function isAble({ state, why }: EndpointFact): boolean {
  return state === 'ready' || (state === 'heldBack' && why === undefined);
}

function byTier(
  { self, affinity, prefer = [] }: ChoicePolicy,
  {
    cluster,
    own,
    best,
    first,
  }: { readonly cluster: string; readonly own: number; readonly best: number; readonly first: readonly string[] },
): string {
  const names = first.join(', ');
  if (best < 0) return `affinity local: endpoints of ${self} itself serve first`;
  if (cluster === self && affinity === 'remote') return `affinity remote: endpoints of ${names} serve first`;
  const place = own < prefer.length ? `tier ${own + 1}` : 'no tier';
  return `prefer: ${names} serve${first.length === 1 ? 's' : ''} as tier ${best + 1}, and ${cluster} is in ${place}`;
}

/** Of those that serve: a member without one has 1. */
function weightsText(policy: ChoicePolicy, serving: readonly string[]): string {
  return serving.map((each) => `${each}=${weightOf(policy, each)}`).join(', ');
}
