/**
 * In which order a mirror is written, so that kube-proxy never sees a port of the Service without the endpoints it has
 * before or after.
 *
 * kube-proxy joins Service and slices by the port's name. So a new port comes to the slices before the Service, a port that
 * goes leaves the Service before the slices, and a rename is both: the slices carry the old and the new name while the
 * Service changes. A new Service comes before its slices, since other controllers expect the Service that a slice names.
 * Among slices, those that gain endpoints come first: the source moves endpoints from slice to slice.
 */
import type { KubeObject } from '../api/resources.js';
import type { EndpointSliceObject, ServiceObject } from './importParts.js';
import type { Sha256 } from './names.js';
import { withOwnHash } from './ownHash.js';
import type { ImportPlan } from './planImport.js';

export type MirrorWrite =
  | { readonly kind: 'service'; readonly object: ServiceObject }
  | { readonly kind: 'slice'; readonly object: EndpointSliceObject }
  /** A Service whose fixed fields differ: it is made anew after this, and its virtual address is another one. */
  | { readonly kind: 'remove'; readonly object: KubeObject };

export interface StandingMirror {
  /** What is ours of this service in the importing member. */
  readonly services: readonly KubeObject[];
  readonly slices: readonly KubeObject[];
}

type Mirror = Pick<Extract<ImportPlan, { kind: 'mirror' }>, 'service' | 'slices'>;

interface StandingService extends KubeObject {
  readonly spec?: { readonly clusterIP?: string; readonly ipFamilies?: readonly string[]; readonly ports?: readonly PortKey[] };
}

interface StandingSlice extends KubeObject {
  readonly ports?: readonly Readonly<Record<string, unknown>>[] | null;
  readonly endpoints?: readonly { readonly addresses?: readonly string[] }[] | null;
}

interface PortKey {
  readonly name?: string;
  readonly protocol?: string;
}

/**
 * Writes may be found to be none when compared with what is there; a slice may come twice. What is surplus is not here: it is
 * deleted last, slices before Services.
 */
export function orderWrites(plan: Mirror, standing: StandingMirror, sha256: Sha256): MirrorWrite[] {
  const before = new Map<string, StandingSlice>(standing.slices.map((slice) => [slice.metadata.name, slice]));
  const final = plan.slices.toSorted((a, b) => gainRank(a, before.get(a.metadata.name)) - gainRank(b, before.get(b.metadata.name)));
  const writes = (slices: readonly EndpointSliceObject[]): MirrorWrite[] => slices.map((object) => ({ kind: 'slice', object }));
  const service: MirrorWrite = { kind: 'service', object: plan.service };
  const old: StandingService | undefined = standing.services.find((each) => each.metadata.name === plan.service.metadata.name);
  if (old === undefined) return [service, ...writes(final)];
  if (!isChangeable(old, plan.service)) return [{ kind: 'remove', object: old }, service, ...writes(final)];
  const wide = final.map((slice) => widened(slice, { before: before.get(slice.metadata.name), service: old, sha256 }));
  return [...writes(wide), service, ...writes(final.filter((slice) => !wide.includes(slice)))];
}

/** `clusterIP` cannot become None or cease to be, and the first IP family stays (Kubernetes Service validation). */
function isChangeable(old: StandingService, desired: ServiceObject): boolean {
  const wanted = (desired as StandingService).spec;
  const [family] = old.spec?.ipFamilies ?? [];
  return (old.spec?.clusterIP === 'None') === (wanted?.clusterIP === 'None') && (family === undefined || family === wanted?.ipFamilies?.[0]);
}

/** The slice with the ports too that it has, that it is to lose, and that the Service still names. Itself, where there are none. */
function widened(
  slice: EndpointSliceObject,
  { before, service, sha256 }: { readonly before: StandingSlice | undefined; readonly service: StandingService; readonly sha256: Sha256 },
): EndpointSliceObject {
  const named = service.spec?.ports ?? [];
  const kept = (before?.ports ?? []).filter((port) => named.some((each) => isSame(each, port)) && !slice.ports.some((each) => isSame(each, port)));
  return kept.length === 0 ? slice : withOwnHash({ ...slice, ports: [...slice.ports, ...kept] }, sha256);
}

function isSame(a: PortKey, b: PortKey): boolean {
  return (a.name ?? '') === (b.name ?? '') && (a.protocol ?? 'TCP') === (b.protocol ?? 'TCP');
}

/** 0: only gains, or is new; 1: gains and loses; 2: only loses, or stays. */
function gainRank(slice: EndpointSliceObject, before: StandingSlice | undefined): number {
  const wanted = addressesOf(slice);
  const there = addressesOf(before);
  const gains = before === undefined || [...wanted].some((address) => !there.has(address));
  if (!gains) return 2;
  return [...there].some((address) => !wanted.has(address)) ? 1 : 0;
}

function addressesOf(slice: { readonly endpoints?: StandingSlice['endpoints'] } | undefined): Set<string> {
  return new Set((slice?.endpoints ?? []).flatMap(({ addresses }) => addresses ?? []));
}
