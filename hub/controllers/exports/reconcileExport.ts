/**
 * Tells the exporting member how its export stands: a ServiceExport of ours with MCS's conditions.
 *
 * A ServiceExport that a person made is left as it is.
 */
import { type Condition, type KubeObject, RESOURCE } from '../../../core/api/resources.js';
import { type PlannedCondition, planExport } from '../../../core/services/planExport.js';
import type { Federation } from '../../records/federation.js';
import type { Outcome, OutcomeProblem } from '../../records/outcomes.js';
import { BRAKED_MS, type Context, failed, type Reconciled } from '../context.js';

interface ServiceExport extends KubeObject {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

const DONE = { kind: 'done' } as const;
const OUR_TYPES: ReadonlySet<string> = new Set<PlannedCondition['type']>(['Valid', 'Ready', 'Conflict']);

export async function reconcileExport(service: string, context: Context, signal: AbortSignal): Promise<Reconciled> {
  const { target, federation, writer } = context;
  const { records } = target;
  const held = records.exports().get(service);
  const observed = held?.own === true ? (held.object as ServiceExport) : undefined;
  const entry = records.services().get(service);
  if (entry?.kind !== 'exported') return withdraw(service, { observed, problems: [] }, context, signal);
  const plan = planExport({
    service: entry.record,
    all: federation.exportersOf(service).flatMap((id) => {
      const other = federation.known(id)?.records.services().get(service);
      return other?.kind === 'exported' ? [other.record] : [];
    }),
    hindrances: hindrancesOf(service, observed, context),
    deniedNamespaces: context.deniedNamespaces,
    sha256: context.sha256,
  });
  if (plan.kind === 'none') {
    const problems = plan.complaints.map((message) => ({ cluster: target.id, subject: `service ${service}`, reason: 'BadAnnotation', message }));
    return withdraw(service, { observed, problems }, context, signal);
  }
  if (held?.own === false) return { outcome: { state: 'done', problems: [] }, result: DONE };
  const outcome: Outcome = { state: 'done', problems: problemsOf(service, target.id, plan.conditions) };
  const written = await writer.ensure(RESOURCE.serviceExport, plan.object, held, signal);
  if (written.kind === 'failed') return failed(outcome, written.failure);
  if (written.kind === 'foreign') return { outcome, result: DONE };
  const current = written.kind === 'written' ? (written.object as ServiceExport) : (observed as ServiceExport);
  if (written.kind === 'written') records.wrote('serviceExport', current);
  const conditions = settledConditions(plan.conditions, current, federation);
  const status = await writer.ensureStatus(RESOURCE.serviceExport, statusOf(plan.object, conditions, { current, wall: context.clock.wall() }), ownConditions(current), signal);
  if (status.kind === 'failed') return failed(outcome, status.failure);
  if (status.kind === 'written') records.wrote('serviceExport', status.object);
  return { outcome, result: DONE };
}

async function withdraw(
  service: string,
  { observed, problems }: { readonly observed: KubeObject | undefined; readonly problems: readonly OutcomeProblem[] },
  context: Context,
  signal: AbortSignal,
): Promise<Reconciled> {
  const outcome: Outcome | undefined = problems.length === 0 ? undefined : { state: 'refused', problems };
  const key = `export/${service}`;
  if (observed === undefined) {
    context.brake.release(key);
    return { outcome, result: DONE };
  }
  const present = (): number => [...context.target.records.exports().values()].filter((held) => held.own).length;
  if (!context.brake.allows({ key, source: context.target.brakeFor('service'), deleting: 1, present })) {
    return { outcome, result: { kind: 'after', ms: BRAKED_MS } };
  }
  const removed = await context.writer.remove(RESOURCE.serviceExport, observed, signal);
  if (removed.kind === 'failed') return failed(outcome ?? { state: 'pending', problems: [] }, removed.failure);
  context.target.records.removed('serviceExport', observed);
  return { outcome, result: DONE };
}

/**
 * `west: pod CIDR … overlaps …`, for every member that does not import it. Of a member that was not looked at in this
 * process, what the object said last is carried over: a restarted hub has nothing new to say.
 */
function hindrancesOf(service: string, observed: ServiceExport | undefined, { target, federation, outcomes }: Context): string[] {
  const said = observed?.status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
  const before = said.split('; ').filter((part) => part !== '');
  return federation.ids().filter((id) => id !== target.id).flatMap((id) => {
    const outcome = outcomes.get(id, `service/${service}`);
    if (outcome === undefined) return before.filter((part) => part.startsWith(`${id}: `));
    return outcome.hindrance === undefined ? [] : [`${id}: ${outcome.hindrance.replaceAll('; ', ', ')}`];
  });
}

/** Whether exporters agree cannot be said before all were heard: until then what was said last stands. */
function settledConditions(planned: readonly PlannedCondition[], current: ServiceExport, federation: Federation): readonly PlannedCondition[] {
  if (federation.ids().every((id) => federation.known(id) !== undefined)) return planned;
  return planned.map((condition) => {
    const before = current.status?.conditions?.find(({ type }) => type === condition.type);
    if (condition.type !== 'Conflict' || before === undefined) return condition;
    return { type: condition.type, status: before.status, reason: before.reason, message: before.message };
  });
}

function statusOf(object: KubeObject, planned: readonly PlannedCondition[], now: { readonly current: ServiceExport; readonly wall: number }): ServiceExport {
  const { name, namespace } = object.metadata;
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: { name, ...(namespace !== undefined && { namespace }) },
    status: {
      conditions: planned.map((condition) => {
        const before = now.current.status?.conditions?.find((each) => each.type === condition.type);
        const same = before?.status === condition.status;
        return { ...condition, lastTransitionTime: same ? before.lastTransitionTime : `${new Date(now.wall).toISOString().slice(0, 19)}Z` };
      }).toSorted((a, b) => (a.type < b.type ? -1 : 1)),
    },
  };
}

/** Conditions of other types are somebody else's. */
function ownConditions(object: ServiceExport): ServiceExport {
  const conditions = (object.status?.conditions ?? []).filter(({ type }) => OUR_TYPES.has(type)).toSorted((a, b) => (a.type < b.type ? -1 : 1));
  return { ...object, status: { conditions } };
}

function problemsOf(service: string, cluster: string, conditions: readonly PlannedCondition[]): OutcomeProblem[] {
  return conditions
    .filter(({ type, status, message }) => (type === 'Valid' && (status === 'False' || message !== '')) || (type === 'Conflict' && status === 'True'))
    .map(({ reason, message }) => ({ cluster, subject: `service ${service}`, reason, message }));
}
