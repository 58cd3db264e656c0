/**
 * Reconciles the mirror of one exported service in one member.
 */
import { DERIVED_SERVICE_ANNOTATION, LABEL, MCS_LABEL } from '../../../core/api/names.js';
import { type Problem, problemText } from '../../../core/api/problem.js';
import { type KubeObject, RESOURCE } from '../../../core/api/resources.js';
import { importNews } from '../../../core/services/news.js';
import { type ImportPlan, planImport, type Refusal } from '../../../core/services/planImport.js';
import { laggingExporters } from '../../../core/services/slicesLag.js';
import type { Federation } from '../../federation/federation.js';
import { BRAKED_MS, type Context, type Reconciled } from '../context.js';
import type { Deletion } from '../deletion.js';
import { blockerOf, endsWrites, failed, type FailedWrite } from '../failedWrites.js';
import { MAKING_MS } from '../making.js';
import type { Awaited, Outcome } from '../outcomes.js';
import { type ObservedImport, observeImport } from './observeImport.js';
import { mayRemovePart, removeMirror } from './removeMirror.js';
import { contributors, mirrorIn, type ObservedMirror } from './standingMirror.js';
import { type MirrorPlan, type MirrorWritten, writeImport, writeMirror } from './writeMirror.js';
import { removeStrays, unmarkServices } from './yieldName.js';

type PendingPlan = Extract<ImportPlan, { kind: 'pending' }>;

export async function reconcileService(service: string, context: Context, signal: AbortSignal): Promise<Reconciled> {
  const { importQuota } = context;
  importQuota.release(service);
  try {
    return await reconcile(service, context, signal);
  } finally {
    const standing = mirrorIn(context.target.records, service);
    importQuota.note(service, standing.services.length > 0 ? contributors(standing) : []);
  }
}

async function reconcile(service: string, context: Context, signal: AbortSignal): Promise<Reconciled> {
  const observed = observeImport(service, context);
  await unmarkServices([service, observed.derivedKey], context, signal);
  const { outcome, ...rest } = await carryOut(service, observed, context, signal);
  const { unknown } = observed.input;
  return { ...rest, outcome: outcome === undefined || unknown.length === 0 ? outcome : { ...outcome, unknown } };
}

async function carryOut(service: string, observed: ObservedImport, context: Context, signal: AbortSignal): Promise<Reconciled> {
  const plan = planImport(observed.input);
  const waiting = waitForSlices(service, plan, observed, context);
  if (waiting !== undefined) return waiting;
  switch (plan.kind) {
    case 'mirror': {
      const others = plan.exporters.length === 1 ? plan.exporters : plan.exporters.filter((id) => id !== context.target.id);
      return context.importQuota.admits(service, others)
        ? mirror(service, { plan, observed }, context, signal)
        : { outcome: tooMany(context.target.id, others), result: { kind: 'done' } };
    }
    case 'own':
      return importOwn(service, { plan, observed }, context, signal);
    case 'wait':
      return { outcome: pending(plan.message), result: { kind: 'after', ms: observed.freedMs } };
    case 'none':
      return withdraw(service, { observed, why: 'notExported', outcome: waitingFor(observed) }, context, signal);
    case 'pending':
      return plan.create === undefined
        ? withdraw(service, { observed, why: 'notImported', outcome: withoutNamespace(service, plan, observed) }, context, signal)
        : makeNamespace({ plan, make: plan.create, outcome: withoutNamespace(service, plan, observed) }, context, signal);
    default:
      return refuse(service, { plan, observed }, context, signal);
  }
}

/** The ServiceImport of what the target alone exports. What else stood for it goes. */
async function importOwn(
  service: string,
  { plan, observed }: { readonly plan: Extract<ImportPlan, { kind: 'own' }>; readonly observed: ObservedImport },
  context: Context,
  signal: AbortSignal,
): Promise<Reconciled> {
  const { refusals, exporters } = plan;
  const stands = { service: observed.input.name, exporters };
  const outcome: Outcome =
    refusals.length === 0 ? { state: 'done', problems: [], ...stands } : { ...refused(service, refusals), exporters };
  // No packet waits for it.
  if (observed.mirror.import === undefined && context.postpone(service)) return { outcome, result: { kind: 'done' } };
  const { failures, problems } = await writeImport(plan, observed, context, signal);
  const done = { ...outcome, problems: [...outcome.problems, ...problems] };
  const surplus = { ...observed.mirror, import: undefined };
  const removed = await removeMirror(service, { surplus, why: 'moved', outcome: done, free: observed.unwanted }, context, signal);
  return failures.length === 0 ? removed : { ...removed, ...failed(done, failures, context.target.id) };
}

/** A ServiceImport may say why it is not imported. What stood for it goes. */
async function refuse(
  service: string,
  { plan: { told, refusals }, observed }: { readonly plan: Extract<ImportPlan, { kind: 'refused' }>; readonly observed: ObservedImport },
  context: Context,
  signal: AbortSignal,
): Promise<Reconciled> {
  const outcome = refused(service, refusals);
  if (told === undefined) return withdraw(service, { observed, why: 'notImported', outcome }, context, signal);
  const { failures } = await writeImport(told, observed, context, signal);
  const surplus = { ...observed, mirror: { ...observed.mirror, import: undefined } };
  const removed = await withdraw(service, { observed: surplus, why: 'notImported', outcome }, context, signal);
  return failures.length === 0 ? removed : { ...removed, ...failed(removed.outcome ?? outcome, failures, context.target.id) };
}

/**
 * Keeps an existing mirror as it is while the slices of the exporter that gives it its shape are about to follow the ports of its Service.
 * The others are not waited for: their slices have the ports that they have.
 */
function waitForSlices(
  service: string,
  plan: ImportPlan,
  { input, mirror: { services } }: ObservedImport,
  { slicesWait }: Context,
): Reconciled | undefined {
  const first = input.exporters.filter(({ service: { cluster } }) => plan.kind === 'mirror' && cluster === plan.exporters[0]);
  const lagging = services.length > 0 ? laggingExporters(first) : [];
  if (lagging.length === 0) {
    slicesWait.end(service);
    return undefined;
  }
  const ms = slicesWait.remainingMs(service);
  const reason = `the EndpointSlices of ${lagging.join(', ')} do not have the ports of their Service yet`;
  return ms === 0 ? undefined : { outcome: pending(reason), result: { kind: 'after', ms } };
}

async function mirror(
  service: string,
  { plan: wanted, observed }: { readonly plan: MirrorPlan; readonly observed: ObservedImport },
  context: Context,
  signal: AbortSignal,
): Promise<Reconciled> {
  const { plan, doubted, kept, free } = settleDoubts(service, wanted, observed, context);
  const partial = plan.notes.map((message): Problem => ({
    cluster: context.target.id,
    subject: { kind: 'service', name: service },
    reason: 'Partial',
    message,
  }));
  const { failures, problems, complete, stays, dueMs } = await write(service, { plan, observed }, context, signal);
  const outcome: Outcome = {
    state: 'done',
    ...heldBackReason(plan),
    service: plan.service.metadata.name,
    blockers: new Map([...blockersOf(plan.refusals), ...blockedBy(failures, plan.exporters, context.target.id)]),
    exporters: plan.exporters,
    problems: [...partial, ...problems],
    awaits: awaitedBy(service, plan.refusals),
  };
  const ended = failures.length === 0 ? undefined : failed(outcome, failures, context.target.id);
  if (ended === undefined) tellNews(service, { before: observed.mirror, plan }, context);
  if (ended !== undefined && failures.some(({ failure }) => endsWrites(failure))) return ended;
  const { services, slices } = surplusOf(observed.mirror, { stays, complete });
  const surplus = { services, slices: slices.filter((each) => !kept.has(sourceOf(each))), import: undefined };
  const removed = await removeMirror(service, { surplus, why: 'moved', outcome: ended?.outcome ?? outcome, free }, context, signal);
  if (ended !== undefined) return removed.result.kind === 'done' ? ended : { ...ended, ...removed };
  if (doubted && removed.result.kind === 'done') return { outcome, result: { kind: 'after', ms: BRAKED_MS } };
  return { ...removed, ...(dueMs !== undefined && { againMs: dueMs }) };
}

/** What stood before, and what stands when all is written. */
function tellNews(
  service: string,
  { before, plan }: { readonly before: ObservedMirror; readonly plan: MirrorPlan },
  { target, serviceEvents }: Context,
): void {
  const { name } = plan.service.metadata;
  const others = plan.exporters.filter((id) => id !== target.id);
  const { reason } = heldBackReason(plan);
  const now = mirrorIn(target.records, service);
  const news = importNews(before, now, { name, exporters: others, ...(reason !== undefined && { heldBack: reason }) });
  const about = { serviceImport: now.import?.metadata, service: now.services.find(({ metadata }) => metadata.name === name)?.metadata };
  serviceEvents.tell(service, news, { source: others[0] ?? '', about });
}

interface Settled {
  readonly plan: MirrorPlan;
  readonly doubted: boolean;
  /** Members whose part stays as it is. */
  readonly kept: ReadonlySet<string>;
  /** Members whose part may go. */
  readonly free: ReadonlySet<string>;
}

/** Whoever is doubted keeps its place: what is missing in a list that may be wrong is no reason to follow another exporter. */
function settleDoubts(service: string, wanted: MirrorPlan, observed: ObservedImport, context: Context): Settled {
  const vanished = contributors(observed.mirror).filter((id) => !wanted.exporters.includes(id) && !observed.unwanted.has(id));
  const doubted = vanished.filter((id) => !mayRemovePart(service, { id, surplus: partOf(id, observed.mirror) }, context));
  const kept = new Set([...observed.input.unknown, ...doubted]);
  const plan = doubted.length === 0 ? wanted : planImport({ ...observed.input, unknown: [...kept] });
  if (plan.kind !== 'mirror') throw new Error('a mirror is no mirror when more of it stays');
  return { plan, doubted: doubted.length > 0, kept, free: new Set([...observed.unwanted, ...vanished]) };
}

interface Written extends MirrorWritten {
  /** Names of the Services and slices that stand for good or for now. */
  readonly stays: ReadonlySet<string>;
  /** When what stands for now is to be looked at again, milliseconds. */
  readonly dueMs: number | undefined;
}

async function write(
  service: string,
  { plan, observed }: { readonly plan: MirrorPlan; readonly observed: ObservedImport },
  context: Context,
  signal: AbortSignal,
): Promise<Written> {
  const strays = await removeStrays(service, { slices: strayable(plan, observed), planned: plan }, context, signal);
  const partingMs = plan.parting === undefined ? 0 : context.parting.remainingMs(service);
  const parting = partingMs === 0 ? undefined : plan.parting;
  const settlingMs = namesParting(plan, observed) ? context.settling.remainingMs(service) : 0;
  const written = await writeMirror({ plan, parting, observed, isSettling: settlingMs > 0 }, context, signal);
  if (plan.parting === undefined || !written.complete) context.parting.end(service);
  if (settlingMs === 0 || !written.complete) context.settling.end(service);
  const mirrors = parting === undefined ? [plan] : [plan, parting];
  const due = [partingMs, settlingMs, observed.freedMs, observed.lagMs ?? 0, strays.againMs ?? 0].filter((ms) => ms > 0);
  return {
    ...written,
    failures: [...strays.failures, ...written.failures],
    stays: new Set([
      ...[...mirrors.flatMap((each) => [each.service, ...each.slices]), ...(plan.beside ?? [])].map(({ metadata }) => metadata.name),
      ...strays.kept,
    ]),
    dueMs: due.length === 0 ? undefined : Math.min(...due),
  };
}

/** Whether the ServiceImport, and the DNS by it, leads to the Service of the former name, and the other Service is new. */
function namesParting({ parting }: MirrorPlan, { mirror: { import: standing }, input }: ObservedImport): boolean {
  const named = standing?.metadata.annotations?.[DERIVED_SERVICE_ANNOTATION];
  return parting !== undefined && named === parting.service.metadata.name && input.target.sameNamed !== 'offered';
}

/** Those beside the target's own Service are planned while its owner consents. */
function strayable({ beside }: MirrorPlan, { mirror: { slices }, input: { name } }: ObservedImport): readonly KubeObject[] {
  return beside === undefined ? slices : slices.filter(({ metadata }) => metadata.labels?.[MCS_LABEL.kubeServiceName] !== name);
}

/** What stands in another place goes when this one stands, with the endpoints that it has. */
function surplusOf(
  { services, slices }: ObservedMirror,
  { stays, complete }: Pick<Written, 'stays' | 'complete'>,
): Pick<ObservedMirror, 'services' | 'slices'> {
  const others = services.filter(({ metadata }) => !stays.has(metadata.name));
  const names = new Set(complete ? [] : others.map(({ metadata }) => metadata.name));
  return {
    services: complete ? others : [],
    slices: slices.filter(({ metadata }) => !stays.has(metadata.name) && !names.has(metadata.labels?.[MCS_LABEL.kubeServiceName] ?? '')),
  };
}

/** What the exporters are told where the Service could not be written. */
function heldBackReason({ cutOff, drained }: MirrorPlan): Pick<Outcome, 'reason'> {
  const reasons = [
    ...(cutOff.length > 0 ? [`endpoints of ${cutOff.join(', ')} count as not ready: no link to them works`] : []),
    ...(drained.length > 0 ? [`endpoints of ${drained.join(', ')} count as not ready: drained`] : []),
  ];
  return reasons.length === 0 ? {} : { reason: reasons.join('; ') };
}

function blockedBy(failures: readonly FailedWrite[], exporters: readonly string[], target: string): (readonly [string, string])[] {
  const reason = blockerOf(failures, target);
  return reason === undefined ? [] : exporters.filter((id) => id !== target).map((id) => [id, reason] as const);
}

/** What a mirror has of one of its contributors, for the brake: at least the place in the ServiceImport. */
function partOf(id: string, { slices, import: object }: ObservedMirror): ObservedMirror {
  return { services: [], slices: slices.filter((slice) => sourceOf(slice) === id), import: object };
}

/** Removes the mirror. While a contributor to it is not known yet, only what nobody consents to goes. */
async function withdraw(
  service: string,
  { observed, why, outcome }: { readonly observed: ObservedImport; readonly why: Deletion; readonly outcome: Outcome | undefined },
  context: Context,
  signal: AbortSignal,
): Promise<Reconciled> {
  const { mirror: all, unwanted: free, input } = observed;
  const { unknown } = input;
  if (unknown.length === 0) return removeMirror(service, { surplus: all, why, outcome, free }, context, signal);
  const surplus = { services: [], slices: all.slices.filter((slice) => free.has(sourceOf(slice))), import: undefined };
  const kept = outcome ?? pending(unknownText(unknown, context.federation));
  return removeMirror(service, { surplus, why: 'notImported', outcome: kept, free }, context, signal);
}

/** Who waits for it is told of it by the watch. */
async function makeNamespace(
  { plan: { message }, make, outcome }: { readonly plan: PendingPlan; readonly make: KubeObject; readonly outcome: Outcome },
  { target, writer, making }: Context,
  signal: AbortSignal,
): Promise<Reconciled> {
  const { name } = make.metadata;
  const underWay: Outcome = { ...pending(`${message}: it is being made`), ...(outcome.lacks !== undefined && { lacks: outcome.lacks }) };
  const created = making.begin(name, sourceOf(make)) ? await writer.create(RESOURCE.namespace, make, signal) : undefined;
  if (created?.ok !== false) return { outcome: underWay, result: { kind: 'after', ms: MAKING_MS } };
  making.failed(name);
  return failed(outcome, [{ object: make, failure: created.error }], target.id);
}

function unknownText(ids: readonly string[], { member }: Federation): string {
  return ids.map((id) => (member(id) === undefined ? `${id} is not declared to this hub` : `${id} was not read yet`)).join('; ');
}

/** Id of the member that an object of ours was made for. */
function sourceOf(slice: KubeObject): string {
  return slice.metadata.labels?.[LABEL.cluster] ?? '';
}

function waitingFor({ waiting }: ObservedImport): Outcome | undefined {
  return waiting.length === 0 ? undefined : pending(waiting.join('; '));
}

function refused(service: string, refusals: readonly Refusal[]): Outcome {
  return {
    state: refusals.every(isCordon) ? 'pending' : 'refused',
    reason: [...blockersOf(refusals)].map(([id, text]) => `${id}: ${text}`).join('; '),
    blockers: blockersOf(refusals),
    problems: [],
    awaits: awaitedBy(service, refusals),
    elsewhere: refusals.filter(({ reason: each }) => each === 'ClustersNotLinked'),
  };
}

/** Services are imported only where their namespace exists (KEP-1645), so the export is as good as any. */
function withoutNamespace(service: string, { reason, message, remedy }: PendingPlan, { input: { namespace } }: ObservedImport): Outcome {
  const subject = { kind: 'object', type: 'Namespace', key: namespace } as const;
  const problem = { subject, reason, message: `${service} is not imported: ${message}`, ...(remedy !== undefined && { remedy }) };
  return { ...pending(message), lacks: message, awaits: [{ group: `${reason} ${namespace}`, who: service, problem }] };
}

/** Its problem is that of the pair, once for all of them. */
function tooMany(target: string, exporters: readonly string[]): Outcome {
  const reason = `${target} has as many Services of others as its Service range has room for`;
  return {
    state: 'refused',
    reason,
    blockers: new Map(exporters.map((id) => [id, reason])),
    problems: [],
    elsewhere: [{ reason: 'TooManyImports', message: reason }],
  };
}

function blockersOf(refusals: readonly Refusal[]): ReadonlyMap<string, string> {
  return new Map(refusals.map((refusal) => [refusal.cluster, problemText(refusal)]));
}

/** Somebody wants it so, for a while. */
function isCordon({ reason }: Refusal): boolean {
  return reason === 'MemberCordoned';
}

/** Once for all Services of a namespace that are refused alike. That two members are not linked is the problem of their pair. */
function awaitedBy(service: string, refusals: readonly Refusal[]): Awaited[] {
  const [namespace = ''] = service.split('/');
  return refusals
    .filter(({ reason }) => reason !== 'ClustersNotLinked')
    .map(({ cluster, reason, message, remedy }) => ({
      group: `${reason} ${cluster} ${namespace}`,
      who: service,
      problem: {
        subject: { kind: 'service', name: service },
        reason,
        message: `not imported from ${cluster}: ${message}`,
        ...(remedy !== undefined && { remedy }),
      },
    }));
}

function pending(reason: string): Outcome {
  return { state: 'pending', reason, problems: [] };
}
