/**
 * Reports to the exporting member how its Service is exported, with the conditions of MCS: in the ServiceExport that a person made, else
 * in one of ours.
 */
import { type KubeObject, RESOURCE } from '../../../core/api/resources.js';
import type { ServiceRecord } from '../../../core/services/model.js';
import { EXPORT_ENDED } from '../../../core/services/news.js';
import { type ExportCondition, type ExportPlan, importersIn, type ImportersSay, planExport } from '../../../core/services/planExport.js';
import type { Federation } from '../../federation/federation.js';
import { type ExistingObject, ownObject } from '../../records/existingObject.js';
import { BRAKED_MS, type Context, type Reconciled } from '../context.js';
import { failed } from '../failedWrites.js';
import { formatKey } from '../keys.js';
import type { Outcome } from '../outcomes.js';
import { exportersIn } from '../services/standingMirror.js';
import { asBefore, conditionOf, reportConditions } from './exportStatus.js';
import type { ServiceExport } from '../ownConditions.js';
import { reportToPerson, reportUnexported, reportWaiting } from './personsExport.js';

const DONE = { kind: 'done' } as const;

export async function reconcileExport(service: string, context: Context, signal: AbortSignal): Promise<Reconciled> {
  const { target, federation } = context;
  const { records } = target;
  const existing = records.exports().get(service);
  const observed: ServiceExport | undefined = ownObject(existing);
  const entry = records.services().get(service);
  if (records.waits(service)) return reportWaiting(service, existing, context, signal);
  if (entry?.kind !== 'exported' && existing?.own === false) return reportUnexported(service, { existing, entry }, context, signal);
  if (entry?.kind !== 'exported') return withdraw(service, observed, context, signal);
  const denial = federation.exportRefusal(target.id, entry.namespace);
  const plan = planExport({
    service: entry.record,
    routedServices: routedServicesOf(target),
    ...(denial !== undefined && { denial }),
    all: exportedBy(service, federation),
    importers: importersSay(service, observed, context),
    followed: followedIn(service, federation),
    exportToDefault: context.exportToDefault,
    members: federation.ids(),
    sha256: context.sha256,
  });
  const outcome: Outcome = {
    state: 'done',
    ...(plan.conditions.some(({ type }) => type === 'Ready') && { exported: true }),
    problems: plan.complaints.map((complaint) => ({ cluster: target.id, subject: { kind: 'service', name: service }, ...complaint })),
  };
  // The system's namespaces and the hub's take nothing of the hub's, not even a report: the status tells it.
  if (denial?.reason === 'NamespaceDenied') return { outcome, result: DONE };
  if (existing?.own === false) {
    const current: ServiceExport | undefined = existing.object;
    const conditions = current === undefined ? [] : agreedConditions(plan.conditions, current, federation);
    return reportToPerson(service, { existing, conditions, outcome, request: entry.record.export }, context, signal);
  }
  return report({ plan, existing, outcome }, context, signal);
}

/** The ranges of Services that lead from others to a member. */
function routedServicesOf({ records }: Context['target']): readonly string[] {
  return records.facts()?.routedServiceCIDRs ?? [];
}

/** The Service as each of its exporters has it. */
function exportedBy(service: string, federation: Federation): readonly ServiceRecord[] {
  return federation.exportersOf(service).flatMap((id) => {
    const entry = federation.known(id)?.records.services().get(service);
    return entry?.kind === 'exported' ? [entry.record] : [];
  });
}

/** Writes the ServiceExport, and its conditions. */
async function report(
  { plan, existing, outcome }: { readonly plan: ExportPlan; readonly existing: ExistingObject | undefined; readonly outcome: Outcome },
  context: Context,
  signal: AbortSignal,
): Promise<Reconciled> {
  const { target, federation, writer } = context;
  const { id, records } = target;
  const written = await writer.ensure(RESOURCE.serviceExport, plan.object, existing, signal);
  if (written.kind === 'failed') return failed(outcome, [{ object: plan.object, failure: written.failure }], id);
  if (written.kind === 'foreign') return { outcome, result: DONE };
  const current = (written.kind === 'written' ? written.object : ownObject(existing)) as ServiceExport;
  if (written.kind === 'written') records.wrote('serviceExport', current);
  const reported = await reportConditions(current, agreedConditions(plan.conditions, current, federation), context, signal);
  if (reported.kind === 'failed') return failed(outcome, [{ object: plan.object, failure: reported.failure }], id);
  if (reported.kind === 'written') records.wrote('serviceExport', reported.object);
  return { outcome, result: DONE };
}

/** The Service is no longer exported. */
async function withdraw(service: string, observed: KubeObject | undefined, context: Context, signal: AbortSignal): Promise<Reconciled> {
  const { brake, target, writer } = context;
  const key = `export/${service}`;
  if (observed === undefined) {
    brake.release(key);
    tellEnded(service, wasExported(service, context), context);
    return { outcome: undefined, result: DONE };
  }
  const present = (): number => [...target.records.exports().values()].filter(({ own }) => own).length;
  if (!brake.allows({ key, source: target.listing('service'), deleting: 1, present })) {
    return { outcome: undefined, result: { kind: 'after', ms: BRAKED_MS } };
  }
  const removed = await writer.remove(RESOURCE.serviceExport, observed, 'notExported', signal);
  if (removed.kind === 'failed')
    return failed({ state: 'pending', problems: [] }, [{ object: observed, failure: removed.failure }], target.id);
  // It is a person's now, and asks for the export.
  if (removed.kind === 'foreign') return { outcome: undefined, result: DONE };
  target.records.removed('serviceExport', observed);
  tellEnded(service, conditionOf(observed, 'Ready')?.status === 'True', context);
  return { outcome: undefined, result: DONE };
}

/** As far as this process knows: the ServiceExport that a person made is gone. */
function wasExported(service: string, { target, outcomes }: Context): boolean {
  return outcomes.get(target.id, formatKey({ kind: 'export', service }))?.exported === true;
}

/** On the Service, if that is still there. */
function tellEnded(service: string, was: boolean, { target, serviceEvents }: Context): void {
  const about = target.records.services().get(service);
  if (was && about !== undefined && about.kind !== 'own')
    serviceEvents.tell(service, [EXPORT_ENDED], { source: target.id, about: { service: about } });
}

/**
 * Why members do not import it, by their ids. For a member without an outcome in this process, what the object says already is
 * kept: a restarted hub must not rewrite what it does not know.
 */
function importersSay(service: string, observed: ServiceExport | undefined, { target, federation, outcomes }: Context): ImportersSay {
  const before = importersIn(observed?.metadata ?? { name: '' });
  const key = formatKey({ kind: 'service', service });
  const say = (known: ReadonlyMap<string, string>, of: (outcome: Outcome) => string | undefined): ReadonlyMap<string, string> =>
    new Map(
      federation.ids().flatMap((id) => {
        if (id === target.id) return [];
        const outcome = outcomes.get(id, key);
        const reason = outcome === undefined ? known.get(id) : of(outcome);
        return reason === undefined ? [] : [[id, reason] as const];
      }),
    );
  return { blocked: say(before.blocked, ({ blockers }) => blockers?.get(target.id)), waiting: say(before.waiting, ({ lacks }) => lacks) };
}

/** By importing member: the exporter that its mirror follows, as the mirror says. */
function followedIn(service: string, federation: Federation): ReadonlyMap<string, string> {
  return new Map(
    federation.ids().flatMap((id) => {
      const [first] = exportersIn(ownObject(federation.known(id)?.records.imports().get(service)));
      return first === undefined ? [] : [[id, first] as const];
    }),
  );
}

/** Until all members have been read, conflicts are not known, so the previous condition stays. */
function agreedConditions(planned: readonly ExportCondition[], current: ServiceExport, federation: Federation): readonly ExportCondition[] {
  if (federation.ids().every((id) => federation.known(id) !== undefined)) return planned;
  return planned.map((condition) => {
    const before = conditionOf(current, condition.type);
    return condition.type !== 'Conflict' || before === undefined ? condition : asBefore(condition, before);
  });
}
