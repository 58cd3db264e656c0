/**
 * Deletes what is surplus of a mirror: slices and Services at once, the ServiceImport last.
 */
import { LABEL } from '../../../core/api/names.js';
import type { KubeObject } from '../../../core/api/resources.js';
import { importEnded } from '../../../core/services/news.js';
import type { WatchedKind } from '../../records/feed.js';
import type { MemberRecords } from '../../records/memberRecords.js';
import type { Deletion } from '../deletion.js';
import { BRAKED_MS, type Context, type Reconciled } from '../context.js';
import { endsWrites, failed } from '../failedWrites.js';
import type { Outcome } from '../outcomes.js';
import { type Doomed, removeObjects, removeTogether } from '../removeObjects.js';
import { contributors, exportersIn, mirrorIn, type ObservedMirror } from './standingMirror.js';

interface Removal {
  readonly surplus: ObservedMirror;
  readonly why: Deletion;
  /** The outcome once all is deleted. */
  readonly outcome: Outcome | undefined;
  /** Members whose part may go without a look at what they export. */
  readonly free: ReadonlySet<string>;
}

export async function removeMirror(
  service: string,
  { surplus, why, outcome, free }: Removal,
  context: Context,
  signal: AbortSignal,
): Promise<Reconciled> {
  const { isGone } = context.federation;
  const whyOf = (id: string): Deletion => (isGone(id) ? 'memberLeft' : why);
  const sources = contributors(surplus);
  const whole = sources.length > 0 && sources.every(isGone) ? 'memberLeft' : why;
  const served: Doomed[] = [
    ...surplus.slices.map((each) => ['endpointSlice', each, whyOf(each.metadata.labels?.[LABEL.cluster] ?? '')] as const),
    ...surplus.services.map((each) => ['service', each, whole === 'moved' ? 'otherName' : whole] as const),
  ];
  const told: Doomed[] = surplus.import === undefined ? [] : [['serviceImport', surplus.import, whole]];
  if (served.length + told.length === 0) context.brake.release(brakeKey(service));
  else if (!contributors(surplus).every((id) => free.has(id) || mayRemovePart(service, { id, surplus }, context)))
    return { outcome, result: { kind: 'after', ms: BRAKED_MS } };
  const before = mirrorIn(context.target.records, service);
  const failures = await removeTogether(served, context, signal);
  if (!failures.some(({ failure }) => endsWrites(failure))) failures.push(...(await removeObjects(told, context, signal)));
  if (failures.length > 0) return failed(outcome ?? { state: 'pending', problems: [] }, failures, context.target.id);
  tellEnded(service, { before, why: outcome?.reason ?? WHY_ENDED[whole] ?? 'nothing of it is left' }, context);
  return { outcome, result: { kind: 'done' } };
}

/** On the ServiceImport, whether that stands on or has gone: an Event is found in its namespace, too. */
function tellEnded(
  service: string,
  { before, why }: { readonly before: ObservedMirror; readonly why: string },
  { target, serviceEvents }: Context,
): void {
  const now = mirrorIn(target.records, service);
  const [first] = contributors(before).filter((id) => id !== target.id);
  const about = (now.import ?? before.import)?.metadata;
  if (first === undefined || about === undefined || isServed(now) || !(isServed(before) || now.import === undefined)) return;
  // A namespace that ends takes no Event.
  if (target.records.namespace(service.split('/')[0] ?? '')?.phase !== 'active') return;
  serviceEvents.tell(service, [importEnded(why)], { source: first, about: { serviceImport: about } });
}

function isServed({ services, slices }: ObservedMirror): boolean {
  return services.length + slices.length > 0;
}

const WHY_ENDED: Partial<Readonly<Record<Deletion, string>>> = {
  notExported: 'no other member exports it to this one',
  moved: 'no other member exports it to this one',
  memberLeft: 'the members that exported it have left',
};

function brakeKey(service: string): string {
  return `service/${service}`;
}

/** Asks the brake whether a member's part of the surplus may go. */
export function mayRemovePart(
  service: string,
  { id, surplus }: { readonly id: string; readonly surplus: ObservedMirror },
  context: Context,
): boolean {
  const member = context.federation.known(id);
  if (member === undefined) return true;
  const deleting = surplus.slices.filter((slice) => isFrom(id, slice)).length + (surplus.import === undefined ? 0 : 1);
  return context.brake.allows({
    key: brakeKey(service),
    source: member.listing(inDoubt(service, member.records)),
    deleting,
    present: () => mirroredFrom(id, context),
  });
}

/**
 * What may be missing in a list that is wrong: slices of what is exported, else what asked for its export, such as its namespace, else the
 * Service itself.
 */
function inDoubt(service: string, records: MemberRecords): WatchedKind {
  if (records.exported().has(service)) return 'endpointSlice';
  if (records.namespace(service.split('/')[0] ?? '') === undefined) return 'namespace';
  return records.services().has(service) ? 'serviceExport' : 'service';
}

/** How many of our objects in the target mirror exports of the member. */
function mirroredFrom(id: string, { target: { records } }: Context): number {
  let count = 0;
  for (const service of records.mirrored()) {
    const existing = records.imports().get(service);
    if (existing?.own === true && exportersIn(existing.object).includes(id)) count += 1;
    count += records.mirrorsOf(service).slices.filter((slice) => isFrom(id, slice)).length;
  }
  return count;
}

function isFrom(id: string, slice: KubeObject): boolean {
  return slice.metadata.labels?.[LABEL.cluster] === id;
}
