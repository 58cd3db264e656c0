/**
 * Writes the mirror of one service: Service and slices in the order that core/services/orderWrites.ts gives, or at once where nothing of
 * it is there yet, then the ServiceImport, and its status last.
 */
import { ANNOTATION, LABEL } from '../../../core/api/names.js';
import type { Problem } from '../../../core/api/problem.js';
import { type KubeObject, objectKey, RESOURCE } from '../../../core/api/resources.js';
import { type MirrorWrite, orderBeside, orderWrites } from '../../../core/services/orderWrites.js';
import type { ImportReady, PlannedImport } from '../../../core/services/importParts.js';
import type { ImportPlan, NamedMirror } from '../../../core/services/planImport.js';
import { takenOver } from '../../../core/services/handOver.js';
import { withOwnHash } from '../../../core/services/withOwnHash.js';
import type { KubeFailure } from '../../../kube/wire/client.js';
import { type ExistingObject, ownObject } from '../../records/existingObject.js';
import type { WatchedKind } from '../../records/feed.js';
import type { Context } from '../context.js';
import { endsWrites, type FailedWrite } from '../failedWrites.js';
import { formatKey } from '../keys.js';
import { removeObjects } from '../removeObjects.js';
import { writeImportStatus } from './importStatus.js';
import type { ObservedImport } from './observeImport.js';
import type { ObservedMirror } from './standingMirror.js';

export type MirrorPlan = Extract<ImportPlan, { kind: 'mirror' }>;

export interface MirrorWritten {
  readonly failures: readonly FailedWrite[];
  /** Whether the Service is as planned, or is to stay as it is. */
  readonly complete: boolean;
  /** Names that objects of others have taken, and slices that the API server refuses. */
  readonly problems: readonly Problem[];
}

interface Wanted {
  readonly plan: MirrorPlan;
  readonly parting: NamedMirror | undefined;
  readonly observed: ObservedImport;
  /** The ServiceImport leads to the Service that parts for a moment more. */
  readonly isSettling: boolean;
}

/** While nobody knows what gave the Service its shape, Service and ServiceImport stay as they are. */
export async function writeMirror(
  { plan, parting, observed, isSettling }: Wanted,
  context: Context,
  signal: AbortSignal,
): Promise<MirrorWritten> {
  const { mirror } = observed;
  const { keepService } = plan;
  const { put, latest, sent, ...told } = createMirrorWriter(observed, context, signal);
  /** Whether the Service is as planned, or is to stay as it is. */
  const writeNamed = async (made: NamedMirror): Promise<boolean> => {
    const writes = orderWrites({ plan: made, existing: mirror, cutOff: plan.cutOff, keepService, sha256: context.sha256 });
    if (isUntried(made, observed, context)) {
      const results = await Promise.all(writes.map(async (write) => ({ of: write.kind, result: await put(write) })));
      if (results.every(({ of, result }) => (of === 'service' ? result === 'written' : result !== 'ended'))) return true;
      // Whatever has its name is not to have its endpoints.
      const orphans = latest(made.service) === undefined ? made.slices.flatMap((slice) => latest(slice) ?? []) : [];
      const doomed = orphans.map((slice) => ['endpointSlice', slice, 'withoutService'] as const);
      told.failures.push(...(await removeObjects(doomed, context, signal)));
      return false;
    }
    for (const write of writes) {
      const result = await put(write);
      if (result === 'ended' || (result === 'failed' && write.kind === 'service')) return false;
    }
    return true;
  };
  for (const write of orderBeside(plan.beside ?? [], mirror.slices, plan.cutOff))
    if ((await put(write)) === 'ended') return { ...told, complete: false };
  const complete = await writeNamed(plan);
  const before = importIn(plan, context);
  const isImportDue =
    complete && !keepService && !isSettling && !(sent() && isPostponable(plan, mirror) && context.postpone(objectKey(observed.input)));
  if (isImportDue) await put({ kind: 'import', object: serviceImport(plan, latest(plan.service), context) });
  if (parting !== undefined) await writeNamed(parting);
  if (keepService) return { ...told, complete };
  const object = importIn(plan, context);
  if (object !== undefined && object !== before && plan.ready.message !== '') warn(object, plan.ready.message, context);
  const failures = await reported({ ...plan, ready: readiness(plan, latest(plan.service)) }, told.failures, context, signal);
  return { ...told, failures, complete };
}

/** A ServiceImport for which no Service of the hub's stands. */
export async function writeImport(
  plan: PlannedImport,
  observed: ObservedImport,
  context: Context,
  signal: AbortSignal,
): Promise<Pick<MirrorWritten, 'failures' | 'problems'>> {
  const { put, failures, problems } = createMirrorWriter(observed, context, signal);
  await put({ kind: 'import', object: serviceImport(plan, undefined, context) });
  return { problems, failures: await reported(plan, failures, context, signal) };
}

/** Writes the status, if the ServiceImport is there. `failures`: of what was written before; the result has its own, too. */
async function reported(
  plan: PlannedImport,
  failures: readonly FailedWrite[],
  context: Context,
  signal: AbortSignal,
): Promise<readonly FailedWrite[]> {
  const object = importIn(plan, context);
  if (object === undefined || failures.some(({ failure }) => endsWrites(failure))) return failures;
  const failure = await writeImportStatus({ ...plan, object }, context, signal);
  return failure === undefined ? failures : [...failures, failure];
}

/** As it stands in the target, if it is ours. */
function importIn({ import: { metadata } }: PlannedImport, { target }: Context): KubeObject | undefined {
  return ownObject(target.records.imports().get(objectKey(metadata)));
}

/** Without a ServiceImport its slices have to say what a mirror is made of, in case that the hub is not there to write it. */
function isPostponable({ exporters, slices }: MirrorPlan, mirror: ObservedMirror): boolean {
  return mirror.import === undefined && exporters.length === 1 && slices.length > 0;
}

/**
 * Whether nothing has this name, as far as one that is read now says, nothing of it is there, and nothing of it was tried: then its Service
 * does not have to be there before its slices.
 */
function isUntried(
  { service, slices }: NamedMirror,
  { mirror, input, derivedKey }: ObservedImport,
  { target, outcomes }: Context,
): boolean {
  const { sameNamed, derived } = input.target;
  const key = objectKey(service.metadata);
  const before = outcomes.get(target.id, formatKey({ kind: 'service', service: objectKey(input) }));
  const names = new Set(slices.map(({ metadata }) => metadata.name));
  return (
    (key === derivedKey ? derived : sameNamed) === 'none' &&
    target.current() &&
    before?.exporters === undefined &&
    !mirror.slices.some(({ metadata }) => names.has(metadata.name))
  );
}

type Write = MirrorWrite | { readonly kind: 'import'; readonly object: KubeObject; readonly anew?: undefined };

const KIND: Readonly<Record<Write['kind'], WatchedKind>> = {
  service: 'service',
  slice: 'endpointSlice',
  import: 'serviceImport',
};

interface MirrorWriter {
  /** `failed`: it is not written, and others may be. `ended`: nothing can be written now. Why is among the failures and the problems. */
  put(write: Write): Promise<'written' | 'failed' | 'ended'>;
  readonly failures: FailedWrite[];
  readonly problems: readonly Problem[];
  /** Whether anything had to be written. */
  sent(): boolean;
  /** Our object of that kind and name, as the API server returned it last. */
  latest(object: KubeObject): KubeObject | undefined;
}

function createMirrorWriter(
  { input: { namespace, name, target: standing }, mirror }: ObservedImport,
  { writer, target }: Context,
  signal: AbortSignal,
): MirrorWriter {
  const service = `${namespace}/${name}`;
  const problems: Problem[] = [];
  const failures: FailedWrite[] = [];
  let sent = false;
  const own = new Map([...mirror.services, ...mirror.slices].map((object) => [placeOf(object), object]));

  function existing(kind: WatchedKind, object: KubeObject): ExistingObject | undefined {
    if (kind === 'serviceImport') return target.records.imports().get(objectKey(object.metadata));
    const found = own.get(placeOf(object));
    return found === undefined ? undefined : { own: true, object: found };
  }

  /** Makes room for an object that cannot become what is wanted, if what is wanted will be taken. */
  async function makeRoom(kind: WatchedKind, old: KubeObject, object: KubeObject): Promise<KubeFailure | undefined> {
    const refusal = await writer.refusal(RESOURCE[kind], object, signal);
    if (refusal !== undefined) return refusal;
    const removed = await writer.remove(RESOURCE[kind], old, 'anew', signal);
    if (removed.kind === 'failed') return removed.failure;
    // Made anew already, or somebody's by now: the write tells.
    if (removed.kind === 'foreign') return undefined;
    own.delete(placeOf(old));
    target.records.removed(kind, old);
    return undefined;
  }

  function failedWith(kind: Write['kind'], object: KubeObject, failure: KubeFailure): 'failed' | 'ended' {
    const told = kind === 'slice' && failure.kind === 'invalid';
    failures.push({ object, failure, told });
    if (told) problems.push(refusedSlice(target.id, object, failure));
    return endsWrites(failure) ? 'ended' : 'failed';
  }

  return {
    problems,
    failures,
    sent: () => sent,
    latest: (object) => own.get(placeOf(object)),
    async put(write) {
      const { kind, object, anew } = write;
      const watched = KIND[kind];
      const resource = RESOURCE[watched];
      const blocked = anew === undefined ? undefined : await makeRoom(watched, anew, object);
      if (blocked !== undefined) return failedWith(kind, object, blocked);
      const written =
        write.kind === 'service' && write.object.metadata.name === name && standing.sameNamed === 'offered'
          ? await writer.takeOver(resource, takenOver(write.object), signal)
          : await writer.ensure(resource, object, existing(watched, object), signal);
      if (written.kind === 'failed') return failedWith(kind, object, written.failure);
      if (written.kind === 'foreign') {
        const subject = { kind: 'object', type: resource.kind, key: objectKey(object.metadata) } as const;
        problems.push({ cluster: target.id, subject, reason: 'NameTaken', message: written.message });
        if (kind === 'slice') target.records.sliceTaken(objectKey(object.metadata), service);
        return 'failed';
      }
      if (written.kind === 'written') {
        sent = true;
        target.records.wrote(watched, written.object);
        own.set(placeOf(object), written.object);
      }
      return 'written';
    },
  };
}

/** A mirror that has an address can be reached, whatever comes of its ports and endpoints. */
function readiness({ import: { spec }, ready }: MirrorPlan, service: KubeObject | undefined): ImportReady {
  const missing =
    service === undefined
      ? 'there is no Service for it yet'
      : spec['type'] === 'ClusterSetIP' && addressesOf(service).length === 0
        ? 'its Service has no address yet'
        : undefined;
  return missing === undefined ? ready : { type: 'Ready', status: 'False', reason: 'Pending', message: missing };
}

/** The importer's people do not see what the exporter's wrote. */
function warn({ metadata: { name, namespace, uid } }: KubeObject, note: string, { events }: Context): void {
  events.record({
    regarding: {
      resource: RESOURCE.serviceImport,
      name,
      ...(namespace !== undefined && { namespace }),
      ...(uid !== undefined && { uid }),
    },
    type: 'Warning',
    reason: 'LocalTrafficOnly',
    action: 'Import',
    note,
  });
}

/** What one exporter has in its slice must not keep those of the others from being written. */
function refusedSlice(cluster: string, { metadata }: KubeObject, { message }: KubeFailure): Problem {
  return {
    cluster,
    subject: { kind: 'object', type: RESOURCE.endpointSlice.kind, key: objectKey(metadata) },
    reason: 'Partial',
    message: `endpoints of ${metadata.labels?.[LABEL.cluster]} are left out, since the API server refuses them: ${message}`,
  };
}

function placeOf({ kind, metadata }: KubeObject): string {
  return `${kind}/${metadata.name}`;
}

/** Virtual addresses, in the order of its IP families. */
function addressesOf(service: KubeObject | undefined): string[] {
  const { spec } = (service ?? {}) as { readonly spec?: { readonly clusterIPs?: readonly string[] | null } };
  return (spec?.clusterIPs ?? []).filter((ip) => ip !== 'None');
}

/** Adds the virtual addresses of the mirror's Service, which the API server allocates (KEP-1645, `spec.ips`). */
function serviceImport(plan: PlannedImport, service: KubeObject | undefined, { sha256 }: Context): KubeObject {
  const ips = addressesOf(service);
  return withOwnHash(
    {
      ...plan.import,
      metadata: {
        ...plan.import.metadata,
        annotations: { ...plan.import.metadata.annotations, [ANNOTATION.exporters]: plan.exporters.join(',') },
      },
      spec: { ...plan.import.spec, ...(ips.length > 0 && { ips }) },
    },
    sha256,
  );
}
