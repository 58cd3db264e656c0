/**
 * Orders the writes of a mirror so that kube-proxy never sees a port of the Service without the endpoints that it has before
 * or after.
 *
 * kube-proxy joins Service and slices by port name. So a new port is added to the slices first, and a removed port leaves the
 * Service first. A rename is both: the slices carry the old and the new name while the Service changes. A new Service comes
 * before its slices, since other controllers expect the Service that a slice names. Slices that gain endpoints come before
 * those that lose some, since the source moves endpoints between slices. Only what cannot be reached goes before anything comes:
 * kube-proxy applies what it learns first at once, and what follows a second later, and what stands by serves meanwhile (readiness.ts). A
 * Service that has to be made anew is deleted when its slices are ready for the next one, so that it is away for two writes and no longer.
 */
import { LABEL } from '../api/names.js';
import type { KubeObject } from '../api/resources.js';
import { BOUND } from './bounds.js';
import type { EndpointSliceObject, ServiceObject } from './importParts.js';
import type { Sha256 } from './names.js';
import type { ImportPlan } from './planImport.js';
import { withOwnHash } from './withOwnHash.js';

export type MirrorWrite =
  /** `anew`: what stands there, whose immutable fields differ. It is deleted first, and the Service gets another virtual address. */
  | { readonly kind: 'service'; readonly object: ServiceObject; readonly anew?: KubeObject }
  /** `anew`: what stands there, of another address type. */
  | { readonly kind: 'slice'; readonly object: EndpointSliceObject; readonly anew?: KubeObject };

/** Our objects for this service in the importing member. */
export interface ExistingMirror {
  readonly services: readonly KubeObject[];
  readonly slices: readonly KubeObject[];
}

interface OrderInput {
  readonly plan: Pick<Extract<ImportPlan, { kind: 'mirror' }>, 'service' | 'slices'>;
  readonly existing: ExistingMirror;
  /** Ids of members that cannot be reached, or not all of them. */
  readonly cutOff?: readonly string[];
  /** Leaves the existing Service as it is. Its slices then keep every port that it names. */
  readonly keepService?: boolean;
  readonly sha256: Sha256;
}

interface ExistingService extends KubeObject {
  readonly spec?: { readonly clusterIP?: string; readonly ipFamilies?: readonly string[]; readonly ports?: readonly PortKey[] };
}

interface ExistingSlice extends KubeObject {
  readonly addressType?: string;
  readonly ports?: readonly Readonly<Record<string, unknown>>[] | null;
  readonly endpoints?:
    | readonly { readonly addresses?: readonly string[]; readonly conditions?: { readonly ready?: boolean | null } | null }[]
    | null;
}

interface PortKey {
  readonly name?: string;
  readonly protocol?: string;
}

/**
 * Some writes may change nothing, and a slice may come twice. If the Service cannot be written, what comes after it must not be either:
 * its slices have what it is, and what it was to be. Surplus objects are not included: they are deleted last, slices before Services.
 */
export function orderWrites({ plan, existing, cutOff, keepService = false, sha256 }: OrderInput): MirrorWrite[] {
  const before = new Map<string, ExistingSlice>(existing.slices.map((slice) => [slice.metadata.name, slice]));
  const final = byGain(plan.slices, before, cutOff);
  const sliceWrites = (slices: readonly EndpointSliceObject[]): MirrorWrite[] => slices.map((object) => sliceWrite(object, before));
  const old: ExistingService | undefined = existing.services.find((each) => each.metadata.name === plan.service.metadata.name);
  if (old === undefined) return [{ kind: 'service', object: plan.service }, ...sliceWrites(final)];
  const wide = final.map((slice) => widened(slice, { before: before.get(slice.metadata.name), service: old, sha256 }));
  if (keepService) return sliceWrites(wide);
  const service: MirrorWrite = { kind: 'service', object: plan.service, ...anewIf(old, (each) => isMutable(each, plan.service)) };
  return [...sliceWrites(wide), service, ...sliceWrites(final.filter((slice) => !wide.includes(slice)))];
}

function anewIf<T extends KubeObject>(old: T | undefined, isEnough: (old: T) => boolean): { readonly anew?: T } {
  return old === undefined || isEnough(old) ? {} : { anew: old };
}

/** The address type of a slice cannot be changed (Kubernetes pkg/apis/discovery/validation). */
function isOfType({ addressType }: ExistingSlice, desired: EndpointSliceObject): boolean {
  return addressType === undefined || addressType === desired.addressType;
}

/**
 * Whether an update can turn `old` into `desired`. `clusterIP` can neither become None nor stop being None. A Service with a
 * virtual address keeps its first IP family, while a second one may be added and removed. A headless Service may change all
 * of them (Kubernetes pkg/apis/core/validation, validateUpgradeDowngradeClusterIPs and validateUpgradeDowngradeIPFamilies).
 */
function isMutable(old: ExistingService, desired: ServiceObject): boolean {
  const wanted = (desired as ExistingService).spec;
  const headless = wanted?.clusterIP === 'None';
  if ((old.spec?.clusterIP === 'None') !== headless) return false;
  const [family] = old.spec?.ipFamilies ?? [];
  return headless || family === undefined || family === wanted?.ipFamilies?.[0];
}

/** The slice with the ports added that it is about to lose while the Service still names them. The slice itself if there are none. */
function widened(
  slice: EndpointSliceObject,
  { before, service, sha256 }: { readonly before: ExistingSlice | undefined; readonly service: ExistingService; readonly sha256: Sha256 },
): EndpointSliceObject {
  const named = new Set((service.spec?.ports ?? []).map(keyOf));
  const there = new Set(slice.ports.map(keyOf));
  const kept = (before?.ports ?? [])
    .filter((port) => named.has(keyOf(port)) && !there.has(keyOf(port)))
    .slice(0, BOUND.ports - slice.ports.length);
  return kept.length === 0 ? slice : withOwnHash({ ...slice, ports: [...slice.ports, ...kept] }, sha256);
}

/** kube-proxy joins by it. */
function keyOf({ name, protocol }: PortKey): string {
  return `${protocol ?? 'TCP'}/${name ?? ''}`;
}

/** Slices beside a Service that is not the hub's, in the same order. */
export function orderBeside(
  planned: readonly EndpointSliceObject[],
  existing: readonly KubeObject[],
  cutOff: readonly string[],
): MirrorWrite[] {
  const before = new Map<string, ExistingSlice>(existing.map((slice) => [slice.metadata.name, slice]));
  return byGain(planned, before, cutOff).map((object) => sliceWrite(object, before));
}

function byGain(
  planned: readonly EndpointSliceObject[],
  before: ReadonlyMap<string, ExistingSlice>,
  cutOff: readonly string[] = [],
): EndpointSliceObject[] {
  const rankOf = (slice: EndpointSliceObject): number => {
    const gain = gainRank(slice, before.get(slice.metadata.name));
    return gain === 2 && cutOff.includes(slice.metadata.labels?.[LABEL.cluster] ?? '') ? -1 : gain;
  };
  const ranks = new Map(planned.map((slice) => [slice, rankOf(slice)]));
  return planned.toSorted((a, b) => (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0));
}

function sliceWrite(object: EndpointSliceObject, before: ReadonlyMap<string, ExistingSlice>): MirrorWrite {
  return { kind: 'slice', object, ...anewIf(before.get(object.metadata.name), (old) => isOfType(old, object)) };
}

/** 0: only gains endpoints, or is new; 1: gains and loses; 2: only loses, or stays the same. One that becomes ready is gained. */
function gainRank(slice: EndpointSliceObject, before: ExistingSlice | undefined): number {
  const wanted = servingIn(slice);
  const there = servingIn(before);
  const gains = before === undefined || [...wanted].some((each) => !there.has(each));
  if (!gains) return 2;
  return [...there].some((each) => !wanted.has(each)) ? 1 : 0;
}

/** Addresses, and those that are ready once more. */
function servingIn(slice: { readonly endpoints?: ExistingSlice['endpoints'] } | undefined): Set<string> {
  return new Set(
    (slice?.endpoints ?? []).flatMap(({ addresses = [], conditions }) =>
      conditions?.ready === false ? addresses : [...addresses, ...addresses.map((address) => `ready ${address}`)],
    ),
  );
}
