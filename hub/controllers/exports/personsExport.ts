/**
 * Reports in a ServiceExport that a person made, which is theirs: the hub writes its conditions, and nothing else.
 */
import type { Complaint } from '../../../core/api/problem.js';
import { type KubeObject, RESOURCE } from '../../../core/api/resources.js';
import type { ExportRequest } from '../../../core/services/annotations.js';
import type { ExportCondition } from '../../../core/services/planExport.js';
import type { ServiceEntry } from '../../records/projectService.js';
import type { ExistingExport } from '../../records/projectExport.js';
import type { Context, Reconciled } from '../context.js';
import { failed } from '../failedWrites.js';
import { formatKey } from '../keys.js';
import type { Awaited, Outcome } from '../outcomes.js';
import { asBefore, conditionOf, reportConditions } from './exportStatus.js';
import type { ServiceExport } from '../ownConditions.js';

type PersonsExport = Extract<ExistingExport, { own: false }>;

const DONE = { kind: 'done' } as const;

/** The Service is exported. */
export async function reportToPerson(
  service: string,
  { existing, conditions, outcome, request }: PersonsReport,
  context: Context,
  signal: AbortSignal,
): Promise<Reconciled> {
  const current: ServiceExport | undefined = existing.object;
  if (current === undefined) return { outcome, result: DONE };
  return write(current, { conditions: settled(service, conditions, { current, request }, context), outcome }, context, signal);
}

interface PersonsReport {
  readonly existing: PersonsExport;
  readonly conditions: readonly ExportCondition[];
  readonly outcome: Outcome;
  readonly request: ExportRequest;
}

/** It asks for an export that cannot be. */
export async function reportUnexported(
  service: string,
  { existing, entry }: { readonly existing: PersonsExport; readonly entry: ServiceEntry | undefined },
  context: Context,
  signal: AbortSignal,
): Promise<Reconciled> {
  const current: ServiceExport | undefined = existing.object;
  if (existing.asked === undefined || current === undefined) return { outcome: undefined, result: DONE };
  const complaint = whyNot(service, entry);
  const { reason, message } = complaint;
  // What is wrong with a Service is told as its own problem.
  const outcome: Outcome = { state: 'done', problems: [], awaits: entry?.kind === 'foreign' ? [] : [awaited(service, complaint)] };
  const [namespace = ''] = service.split('/');
  // The system's namespaces and the hub's take nothing of the hub's, not even a report.
  if (context.federation.exportRefusal(context.target.id, namespace)?.reason === 'NamespaceDenied') return { outcome, result: DONE };
  return write(current, { conditions: [{ type: 'Valid', status: 'False', reason, message }], outcome }, context, signal);
}

/** It would be exported if fewer were. What it says of a time when it was stays. */
export async function reportWaiting(
  service: string,
  existing: ExistingExport | undefined,
  context: Context,
  signal: AbortSignal,
): Promise<Reconciled> {
  const { target, federation, waitingExports } = context;
  const current: ServiceExport | undefined = existing?.own === false && existing.asked !== undefined ? existing.object : undefined;
  const [namespace = ''] = service.split('/');
  const isSaid = current === undefined || conditionOf(current, 'Ready') !== undefined;
  if (isSaid || federation.exportRefusal(target.id, namespace)?.reason === 'NamespaceDenied') return { outcome: undefined, result: DONE };
  if (!waitingExports.mayTell(service)) return { outcome: undefined, result: DONE };
  return write(current, { conditions: [WAITING], outcome: undefined }, context, signal);
}

const WAITING: ExportCondition = {
  type: 'Ready',
  status: 'False',
  reason: 'TooManyServices',
  message: 'the member exports as many Services as the hub takes, so this one waits until others leave',
};

function awaited(service: string, { reason, message, remedy }: Complaint): Awaited {
  const subject = { kind: 'object', type: RESOURCE.serviceExport.kind, key: service } as const;
  const problem = { subject, reason, message: `it exports nothing: ${message}`, ...(remedy !== undefined && { remedy }) };
  return { group: `export ${reason}`, who: service, problem };
}

function whyNot(service: string, entry: ServiceEntry | undefined): Complaint {
  if (entry === undefined) return { reason: 'NoService', message: `there is no Service ${service}` };
  if (entry.kind === 'own') {
    return {
      reason: 'IsMirror',
      message: `Service ${service} is a mirror of what another member exports, which is not exported again`,
      remedy: 'delete the ServiceExport, or create the Service that it should export',
    };
  }
  const unexportable = entry.kind === 'foreign' ? entry.unexportable : undefined;
  return unexportable ?? { reason: 'BadService', message: `Service ${service} is malformed` };
}

async function write(
  current: KubeObject,
  { conditions, outcome }: { readonly conditions: readonly ExportCondition[]; readonly outcome: Outcome | undefined },
  context: Context,
  signal: AbortSignal,
): Promise<Reconciled> {
  const { target } = context;
  const reported = await reportConditions(current, conditions, context, signal);
  if (reported.kind === 'written') target.records.reported(`${current.metadata.namespace}/${current.metadata.name}`, reported.object);
  // Whoever made it has just deleted it.
  if (reported.kind !== 'failed' || reported.failure.kind === 'notFound') return { outcome, result: DONE };
  return failed(outcome ?? { state: 'pending', problems: [] }, [{ object: current, failure: reported.failure }], target.id);
}

/**
 * What stays as it was said, since this process does not know better yet. What members say for the hub's own ServiceExports stands in
 * annotations; here only the message tells whether one that was not asked yet has said something.
 */
function settled(
  service: string,
  planned: readonly ExportCondition[],
  { current, request }: { readonly current: ServiceExport; readonly request: ExportRequest },
  { target, federation, outcomes }: Context,
): readonly ExportCondition[] {
  const before = conditionOf(current, 'Ready');
  if (before === undefined) return planned;
  const said = new Set(before.message.split('; ').map((part) => part.slice(0, Math.max(0, part.indexOf(': ')))));
  const key = formatKey({ kind: 'service', service });
  const isAwaited = (id: string): boolean =>
    id !== target.id && said.has(id) && request.targets?.includes(id) !== false && outcomes.get(id, key) === undefined;
  if (!federation.ids().some(isAwaited)) return planned;
  return planned.map((condition) => (condition.type === 'Ready' ? asBefore(condition, before) : condition));
}
