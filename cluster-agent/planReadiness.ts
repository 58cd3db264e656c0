/**
 * The readiness of mirrored endpoints as the hub would have it, while it is away: by the links of this cluster, by how the ServiceImport
 * says that members are chosen, and by the endpoints of this cluster's own.
 */
import { EXPORT_ANNOTATION } from '../core/api/exportNames.js';
import { LABEL, MCS_LABEL } from '../core/api/names.js';
import { type KubeObject, objectKey } from '../core/api/resources.js';
import { groupByName } from '../core/mesh/groupByName.js';
import { familyOf } from '../core/net/cidr.js';
import { readOwn } from '../core/observed/ownObjects.js';
import { isHubs } from '../core/observed/ownership.js';
import { type ChoiceSlice, heldBack } from '../core/services/heldBack.js';
import { type ChoicePolicy, readPolicy } from '../core/services/choicePolicy.js';
import { cutOff } from '../core/services/cutOff.js';
import { addressOf, effectivelyReady, type Hold, withReadiness } from '../core/services/readiness.js';
import type { Reach } from './memberReach.js';

/** Ready endpoints of a Service of this cluster, by `addressType`. */
export type LocalReady = Readonly<Record<string, number>>;

interface ReadinessInput {
  /** As they were read, of any owner. */
  readonly slices: readonly KubeObject[];
  readonly imports: readonly KubeObject[];
  readonly reach: Reach;
  /** By `namespace/name`. Undefined: not known yet. */
  readonly localReady: (service: string) => LocalReady | undefined;
}

interface Read {
  /** With its resourceVersion. */
  readonly object: KubeObject;
  readonly slice: ChoiceSlice;
}

type Held = (slice: KubeObject) => (address: string) => Hold;

/**
 * Those that are to be another way, over the version that was read, in the order to write them: of one Service those first whose endpoints
 * cannot be reached, then those that give something, as the hub does it (core/services/orderWrites.ts).
 */
export function planReadiness({ slices, imports, reach, localReady }: ReadinessInput): KubeObject[] {
  const cut = new Map([...reach].map(([member, segments]) => [member, cutOff(segments)]));
  const policies = policiesOf(imports);
  const joined = groupByName(
    slices.flatMap(readSlice),
    ({ slice }) => `${importOf(slice)} ${slice.metadata.labels?.[MCS_LABEL.kubeServiceName]}`,
  );
  // kube-proxy takes up at once what it hears first, and the rest a second later: people call a Service by its own name.
  const groups = joined.map(([, group]) => ({ group, isBeside: group.some(({ slice }) => joinsOwnName(slice)) }));
  const ordered = groups.toSorted((one, other) => Number(other.isBeside) - Number(one.isBeside));
  return ordered.flatMap(({ group }) => {
    const key = importOf(group[0]?.slice);
    const held = heldIn(
      group.map(({ slice }) => slice),
      { policy: policies.get(key), cut, local: localReady(key) },
    );
    return group
      .flatMap((read) => changed(read, held))
      .map((slice) => ({ slice, rank: rankOf(slice, cut) }))
      .toSorted((a, b) => a.rank - b.rank)
      .map(({ slice }) => slice);
  });
}

function rankOf(slice: ChoiceSlice, cut: ReadonlyMap<string, (address: string) => boolean>): number {
  if (effectivelyReady(slice).length > 0) return 1;
  const isCut = cut.get(memberOf(slice));
  return slice.endpoints?.some((endpoint) => isCut?.(addressOf(endpoint)) === true) === true ? 0 : 2;
}

/** Services, `namespace/name`, whose endpoints of this cluster's own count among others. */
export function choosingByOwn(imports: readonly KubeObject[]): string[] {
  return [...policiesOf(imports)].flatMap(([service, { affinity }]) => (affinity === undefined ? [] : [service]));
}

interface HeldContext {
  readonly policy: ChoicePolicy | undefined;
  readonly cut: ReadonlyMap<string, (address: string) => boolean>;
  readonly local: LocalReady | undefined;
}

/** Undefined: it is left as it is. */
function heldIn(slices: readonly ChoiceSlice[], { policy, cut, local }: HeldContext): (slice: KubeObject) => ReturnType<Held> | undefined {
  const isJudged = (member: string): boolean => cut.has(member) || (member === policy?.self && local !== undefined);
  if (policy === undefined) return (slice) => cut.get(memberOf(slice));
  const isBeside = policy.affinity !== undefined && slices.some(joinsOwnName);
  if (isBeside && local === undefined) return () => undefined;
  const ready = new Set(slices.flatMap((slice) => effectivelyReady(slice).map((address) => `${memberOf(slice)} ${address}`)));
  const held = heldBack({
    policy,
    slices,
    isCut(member, address) {
      // What is mirrored of this cluster itself is as old as the hub's last word.
      if (member === policy.self && local !== undefined) return (local[familyOf(address) === 4 ? 'IPv4' : 'IPv6'] ?? 0) === 0;
      return cut.get(member)?.(address) ?? !ready.has(`${member} ${address}`);
    },
    ...(isBeside && local !== undefined && { beside: { member: policy.self, ready: local } }),
  });
  return (slice) => (isJudged(memberOf(slice)) ? held(slice) : undefined);
}

function changed({ object, slice }: Read, held: ReturnType<typeof heldIn>): KubeObject[] {
  const isHeld = held(slice);
  const after = isHeld === undefined ? slice : withReadiness(slice, isHeld);
  if (after === slice) return [];
  const { name, namespace, labels, annotations } = after.metadata;
  const { resourceVersion } = object.metadata;
  return [
    {
      ...after,
      metadata: {
        name,
        ...(namespace === undefined ? {} : { namespace }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
        ...(labels === undefined ? {} : { labels }),
        ...(annotations === undefined ? {} : { annotations }),
      },
    },
  ];
}

/** None, if it is none of the hub's. */
function readSlice(object: KubeObject): Read[] {
  if (!isHubs('endpointSlice', object) || object.metadata.deletionTimestamp !== undefined) return [];
  const own = readOwn('endpointSlice', object);
  return own.ok && own.value.malformed === undefined ? [{ object, slice: own.value.object }] : [];
}

function policiesOf(imports: readonly KubeObject[]): ReadonlyMap<string, ChoicePolicy> {
  return new Map(
    imports.flatMap((object) => {
      const text = isHubs('serviceImport', object) ? object.metadata.annotations?.[EXPORT_ANNOTATION.choice] : undefined;
      const policy = text === undefined ? undefined : readPolicy(text);
      return policy === undefined ? [] : [[objectKey(object.metadata), policy] as const];
    }),
  );
}

function joinsOwnName({ metadata: { labels } }: KubeObject): boolean {
  return labels?.[MCS_LABEL.kubeServiceName] === labels?.[MCS_LABEL.serviceName];
}

function importOf(slice: KubeObject | undefined): string {
  return `${slice?.metadata.namespace}/${slice?.metadata.labels?.[MCS_LABEL.serviceName]}`;
}

function memberOf({ metadata }: KubeObject): string {
  return metadata.labels?.[LABEL.cluster] ?? '';
}
