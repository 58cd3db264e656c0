/**
 * Gives a name up to a person who has put a Service in the place of a mirror (`kubectl apply` over it, say).
 *
 * The Service is theirs as it stands: the hub takes its own marks off, and nothing else. Our EndpointSlices still join it, since
 * kube-proxy goes by the name of the Service. They go as soon as the Service has a ready endpoint of its own, so that no request is lost
 * in between, and after a bounded time in any case.
 */
import { MCS_LABEL } from '../../../core/api/names.js';
import { type KubeObject, RESOURCE } from '../../../core/api/resources.js';
import type { NamedMirror } from '../../../core/services/planImport.js';
import type { MemberRecords } from '../../records/memberRecords.js';
import type { Context } from '../context.js';
import type { FailedWrite } from '../failedWrites.js';
import { removeObjects } from '../removeObjects.js';

/** Takes the hub's marks off the Services of these names that are not the hub's. If the member refuses, they stay, and mean nothing. */
export async function unmarkServices(
  names: readonly string[],
  { target, writer, events, log }: Context,
  signal: AbortSignal,
): Promise<void> {
  for (const service of names) {
    const entry = target.records.services().get(service);
    if (entry === undefined || entry.kind === 'own' || entry.leftover === undefined) continue;
    const { namespace, name, uid } = entry;
    const unmarked = await writer.unmark(RESOURCE.service, { namespace, name, ...entry.leftover }, signal);
    if (unmarked.ok) {
      log.info('A Service stands in the place of a mirror, which gives way', { service });
      target.records.wrote('service', unmarked.value);
      events.record({
        regarding: { resource: RESOURCE.service, namespace, name, uid },
        type: 'Normal',
        reason: 'MirrorYielded',
        action: 'Yield',
        note:
          "This Service stands in the place of a mirror. It is its owner's, and the hub does not touch it any more: what other clusters " +
          `export under its name is reached by the Service that ServiceImport ${name} names.`,
      });
    } else
      log.warn('A Service stands in the place of a mirror, and keeps the marks of the hub', { service, reason: unmarked.error.message });
  }
}

interface Strays {
  /** Slices that join somebody's Service for now, by name. */
  readonly kept: ReadonlySet<string>;
  /** When to look again, milliseconds. */
  readonly againMs?: number;
  readonly failures: readonly FailedWrite[];
}

/** Removes our slices from Services that are not ours, if it is time. `planned`: where the same endpoints stand now. */
export async function removeStrays(
  service: string,
  { slices, planned }: { readonly slices: readonly KubeObject[]; readonly planned: NamedMirror },
  context: Context,
  signal: AbortSignal,
): Promise<Strays> {
  const { target, yielding } = context;
  const strays = slices.filter((slice) => isStray(slice, target.records));
  if (strays.length === 0) {
    yielding.end(service);
    return { kept: new Set(), failures: [] };
  }
  const againMs = yielding.remainingMs(service);
  const ready = readyAddresses(planned.slices);
  const due = strays.filter((slice) => againMs === 0 || isServed(slice, target.records) || !isSubset(readyAddresses([slice]), ready));
  const doomed = due.map((slice) => ['endpointSlice', slice, 'yielded'] as const);
  const failures = await removeObjects(doomed, context, signal);
  const kept = new Set(strays.filter((slice) => !due.includes(slice)).map(({ metadata }) => metadata.name));
  return { kept, failures, ...(kept.size > 0 && { againMs }) };
}

function isStray(slice: KubeObject, records: MemberRecords): boolean {
  const entry = records.services().get(serviceOf(slice));
  return entry !== undefined && entry.kind !== 'own';
}

function isServed(slice: KubeObject, records: MemberRecords): boolean {
  return (records.readyBeside(serviceOf(slice)) ?? 0) > 0;
}

function serviceOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.labels?.[MCS_LABEL.kubeServiceName]}`;
}

interface WithEndpoints extends KubeObject {
  readonly endpoints?:
    | readonly { readonly addresses?: readonly string[]; readonly conditions?: { readonly ready?: boolean | null } | null }[]
    | null;
}

function readyAddresses(slices: readonly WithEndpoints[]): Set<string> {
  const ready = slices.flatMap(({ endpoints }) => endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
  return new Set(ready.flatMap(({ addresses }) => addresses ?? []));
}

function isSubset(some: ReadonlySet<string>, all: ReadonlySet<string>): boolean {
  return [...some].every((each) => all.has(each));
}
