/**
 * Brings what stands for one exported service in one member to what it should be.
 *
 * A new mirror is written Service first; a new port reaches the slices before the Service, and leaves them after it, so that
 * no port of the Service ever lacks its endpoints. What is to go, goes last: slices, then Services.
 */
import { LABEL } from '../../../core/api/names.js';
import { type KubeObject, type Resource, RESOURCE } from '../../../core/api/resources.js';
import type { ServiceObject } from '../../../core/services/importParts.js';
import { type ImportPlan, planImport } from '../../../core/services/planImport.js';
import { withOwnHash } from '../../../core/services/ownHash.js';
import type { KubeFailure } from '../../../kube/wire/client.js';
import type { Held } from '../../records/held.js';
import type { WatchedKind } from '../../records/memberRecords.js';
import type { Outcome, OutcomeProblem } from '../../records/outcomes.js';
import { BRAKED_MS, type Context, failed, type Reconciled } from '../context.js';
import { contributors, EXPORTERS, observeImport, type ObservedImport, type ObservedMirror } from './observeImport.js';

type Complete = Extract<ObservedImport, { kind: 'complete' }>;
type Mirror = Extract<ImportPlan, { kind: 'mirror' }>;

const DONE = { kind: 'done' } as const;

export async function reconcileService(service: string, context: Context, signal: AbortSignal): Promise<Reconciled> {
  const observed = observeImport(service, context);
  if (observed.kind === 'incomplete') {
    return { outcome: { state: 'pending', reason: 'its endpoints are being read', problems: [] }, result: DONE };
  }
  const plan = planImport(observed.input);
  switch (plan.kind) {
    case 'mirror':
      return writeMirror(service, { plan, observed }, context, signal);
    case 'none':
      return withdraw(service, { observed, outcome: observed.waiting.length === 0 ? undefined : { state: 'pending', reason: observed.waiting.join('; '), problems: [] } }, context, signal);
    default:
      return withdraw(service, { observed, outcome: hindered(service, context.target.id, plan) }, context, signal);
  }
}

/** A member without the namespace does not import, and that is no fault: services are mirrored where their namespace is (KEP-1645). */
function hindered(service: string, cluster: string, plan: { readonly kind: 'refused' | 'pending'; readonly reason: string; readonly message: string }): Outcome {
  if (plan.kind === 'pending') return { state: 'pending', reason: plan.message, problems: [] };
  return {
    state: plan.kind,
    reason: plan.message,
    hindrance: plan.message,
    problems: [{ cluster, subject: `service ${service}`, reason: plan.reason, message: plan.message }],
  };
}

async function writeMirror(
  service: string,
  { plan, observed }: { readonly plan: Mirror; readonly observed: Complete },
  context: Context,
  signal: AbortSignal,
): Promise<Reconciled> {
  const problems: OutcomeProblem[] = plan.notes.map((message) => ({ cluster: context.target.id, subject: `service ${service}`, reason: 'Partial', message }));
  const outcome: Outcome = { state: 'done', service: plan.service.metadata.name, problems };
  const put = writing(context, problems, signal);
  const standing = observed.mirror.services.find((each) => each.metadata.name === plan.service.metadata.name);
  // While a member that had a part in it is unknown, the shape stays as it was agreed with that member.
  const shaped = standing !== undefined && observed.unknown.length > 0 ? standing : plan.service;
  const slices = async (): Promise<KubeFailure | undefined> => {
    for (const slice of plan.slices) {
      const failure = await put.ensure('endpointSlice', slice, heldIn(observed.mirror.slices, slice.metadata.name));
      if (failure !== undefined) return failure;
    }
    return undefined;
  };
  const shape = async (): Promise<KubeFailure | undefined> => {
    if (shaped === standing) return undefined;
    const blocked = standing !== undefined && isHeadless(standing) !== isHeadless(plan.service) ? await put.remove(RESOURCE.service, standing) : undefined;
    if (blocked !== undefined) return blocked;
    return put.ensure('service', plan.service, standing === undefined || isHeadless(standing) !== isHeadless(plan.service) ? undefined : own(standing));
  };
  const steps = standing !== undefined && addsPorts(plan.service, standing) ? [slices, shape] : [shape, slices];
  for (const step of steps) {
    const failure = await step();
    if (failure !== undefined) return failed(outcome, failure);
  }
  if (observed.unknown.length === 0) {
    const current = put.latest(plan.service.metadata.name) ?? standing;
    const failure = await put.ensure('serviceImport', importOf(plan, observed, { current, context }), heldImport(service, context));
    if (failure !== undefined) return failed(outcome, failure);
  }
  const wanted = new Set([plan.service.metadata.name, ...plan.slices.map((slice) => slice.metadata.name)]);
  const surplus: ObservedMirror = {
    services: observed.mirror.services.filter((each) => !wanted.has(each.metadata.name)),
    slices: observed.mirror.slices.filter((each) => !wanted.has(each.metadata.name) && !observed.unknown.includes(each.metadata.labels?.[LABEL.cluster] ?? '')),
    import: undefined,
  };
  return remove(service, { surplus, outcome }, context, signal);
}

/** Nothing of ours is to be there, unless it may belong to somebody of whom nothing is known yet. */
async function withdraw(
  service: string,
  { observed, outcome }: { readonly observed: Complete; readonly outcome: Outcome | undefined },
  context: Context,
  signal: AbortSignal,
): Promise<Reconciled> {
  const { mirror, unknown } = observed;
  if (unknown.length > 0) {
    return { outcome: outcome ?? { state: 'pending', reason: `${unknown.join(', ')} was not read yet`, problems: [] }, result: DONE };
  }
  return remove(service, { surplus: mirror, outcome }, context, signal);
}

async function remove(
  service: string,
  { surplus, outcome }: { readonly surplus: ObservedMirror; readonly outcome: Outcome | undefined },
  context: Context,
  signal: AbortSignal,
): Promise<Reconciled> {
  const key = `service/${service}`;
  const doomed: (readonly [WatchedKind, KubeObject])[] = [
    ...surplus.slices.map((each) => ['endpointSlice', each] as const),
    ...surplus.services.map((each) => ['service', each] as const),
    ...(surplus.import === undefined ? [] : [['serviceImport', surplus.import] as const]),
  ];
  if (doomed.length === 0) context.brake.release(key);
  else if (!mayRemove(service, surplus, context)) return { outcome, result: { kind: 'after', ms: BRAKED_MS } };
  for (const [kind, object] of doomed) {
    const removed = await context.writer.remove(RESOURCE[kind], object, signal);
    if (removed.kind === 'failed') return failed(outcome ?? { state: 'pending', problems: [] }, removed.failure);
    context.target.records.removed(kind, object);
  }
  return { outcome, result: DONE };
}

/**
 * Asked of each member in which something is missing: an export, or a slice of one. A member that still has everything
 * the mirror was made of is not the reason why it goes.
 */
function mayRemove(service: string, surplus: ObservedMirror, context: Context): boolean {
  return contributors(surplus).every((id) => {
    const member = context.federation.known(id);
    if (member === undefined) return true;
    const exported = member.records.exported().has(service);
    const deleting = surplus.slices.filter((slice) => slice.metadata.labels?.[LABEL.cluster] === id).length + (surplus.import === undefined ? 0 : 1);
    return context.brake.allows({
      key: `service/${service}/${id}`,
      source: member.brakeFor(exported ? 'endpointSlice' : 'service'),
      deleting,
      present: () => presentOf(id, context),
    });
  });
}

function presentOf(id: string, { target }: Context): number {
  let count = 0;
  for (const service of target.records.mirrored()) {
    const held = target.records.imports().get(service);
    if (held?.own === true && held.object.metadata.annotations?.[EXPORTERS]?.split(',').includes(id) === true) count += 1;
    count += target.records.mirrorsOf(service).slices.filter((slice) => slice.metadata.labels?.[LABEL.cluster] === id).length;
  }
  return count;
}

interface Writing {
  /** Undefined: it is as wanted, or somebody else's, which is a problem and not a failure. */
  ensure(kind: WatchedKind, desired: KubeObject, held: Held | undefined): Promise<KubeFailure | undefined>;
  remove(resource: Resource, object: KubeObject): Promise<KubeFailure | undefined>;
  /** What the API server made of a Service written here. */
  latest(name: string): KubeObject | undefined;
}

function writing({ writer, target }: Context, problems: OutcomeProblem[], signal: AbortSignal): Writing {
  const services = new Map<string, KubeObject>();
  return {
    async ensure(kind, desired, held) {
      const written = await writer.ensure(RESOURCE[kind], desired, held, signal);
      switch (written.kind) {
        case 'failed':
          return written.failure;
        case 'foreign':
          problems.push({ cluster: target.id, subject: `${RESOURCE[kind].kind} ${desired.metadata.namespace}/${desired.metadata.name}`, reason: 'NameTaken', message: written.message });
          return undefined;
        case 'written':
          target.records.wrote(kind, written.object);
          if (kind === 'service') services.set(desired.metadata.name, written.object);
          return undefined;
        default:
          return undefined;
      }
    },
    async remove(resource, object) {
      const removed = await writer.remove(resource, object, signal);
      if (removed.kind === 'failed') return removed.failure;
      target.records.removed('service', object);
      return undefined;
    },
    latest: (name) => services.get(name),
  };
}

/** With the virtual addresses of the Service that stands for it, which only the API server knows (KEP-1645, `spec.ips`). */
function importOf(plan: Mirror, observed: Complete, made: { readonly current: KubeObject | undefined; readonly context: Context }): KubeObject {
  const ips = (made.current as { readonly spec?: { readonly clusterIPs?: readonly string[] } } | undefined)?.spec?.clusterIPs?.filter((ip) => ip !== 'None') ?? [];
  const exporters = observed.input.exporters.map(({ service }) => service.cluster).filter((id) => id !== made.context.target.id || plan.slices.some((slice) => slice.metadata.labels?.[LABEL.cluster] === id));
  return withOwnHash({
    ...plan.import,
    metadata: { ...plan.import.metadata, annotations: { ...plan.import.metadata.annotations, [EXPORTERS]: exporters.toSorted().join(',') } },
    spec: { ...plan.import.spec, ...(ips.length > 0 && { ips }) },
  }, made.context.sha256);
}

function heldImport(service: string, { target }: Context): Held | undefined {
  return target.records.imports().get(service);
}

function heldIn(objects: readonly KubeObject[], name: string): Held | undefined {
  const found = objects.find((each) => each.metadata.name === name);
  return found === undefined ? undefined : own(found);
}

function own(object: KubeObject): Held {
  return { own: true, object };
}

/** `clusterIP` cannot be changed from or to None: such a Service is made anew. */
function isHeadless(service: KubeObject): boolean {
  return (service as { readonly spec?: { readonly clusterIP?: string } }).spec?.clusterIP === 'None';
}

function addsPorts(desired: ServiceObject, standing: KubeObject): boolean {
  const there = (standing as { readonly spec?: { readonly ports?: readonly { readonly port: number; readonly protocol?: string }[] } }).spec?.ports ?? [];
  return desired.spec.ports.some((port) => !there.some((each) => each.port === port.port && (each.protocol ?? 'TCP') === port.protocol));
}
