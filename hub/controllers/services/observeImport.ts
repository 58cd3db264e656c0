/**
 * What is known of one service, in the exporters and in the target, as the planner wants it.
 */
import { isOwn } from '../../records/held.js';
import type { MemberRecords } from '../../records/memberRecords.js';
import type { ClusterFacts } from '../../records/facts.js';
import type { Exporter } from '../../../core/services/importParts.js';
import type { Holder, ImportInput } from '../../../core/services/planImport.js';
import { derivedServiceName } from '../../../core/services/names.js';
import { familyOf } from '../../../core/net/cidr.js';
import { LABEL } from '../../../core/api/names.js';
import type { KubeObject } from '../../../core/api/resources.js';
import type { Context } from '../context.js';
import { judgePair } from '../peers/reconcilePeers.js';

/** On a ServiceImport: the members whose exports it was made of, comma-separated. */
export const EXPORTERS = 'kilofed.io/exporters';

export interface ObservedMirror {
  readonly services: readonly KubeObject[];
  readonly slices: readonly KubeObject[];
  readonly import: KubeObject | undefined;
}

export type ObservedImport =
  /** The slices of an exporter are on their way. */
  | { readonly kind: 'incomplete' }
  | {
      readonly kind: 'complete';
      readonly input: ImportInput;
      readonly mirror: ObservedMirror;
      /** Members that had a part in the mirror and of which too little is known: what is theirs stays. */
      readonly unknown: readonly string[];
      /** Why exporters cannot be judged yet. */
      readonly waiting: readonly string[];
    };

export function observeImport(service: string, context: Context): ObservedImport {
  const { target, federation, sha256 } = context;
  const [namespace = '', name = ''] = service.split('/');
  const exporters: Exporter[] = [];
  const waiting = new Map<string, string>();
  for (const id of federation.exportersOf(service)) {
    const member = federation.known(id);
    const entry = member?.records.services().get(service);
    if (member === undefined || entry?.kind !== 'exported') continue;
    const slices = member.records.slicesOf(service);
    if (slices === undefined) return { kind: 'incomplete' };
    const verdict = id === target.id ? undefined : judgePair(id, target.id, federation);
    if (verdict?.kind === 'wait') waiting.set(id, verdict.reason);
    else exporters.push({ service: entry.record, slices, networks: context.reachable(member), ...(verdict?.kind === 'refuse' && { severed: verdict.message.replaceAll('; ', ', ') }) });
  }
  const { records } = target;
  const mirror = mirrorIn(records, service);
  return {
    kind: 'complete',
    input: {
      namespace,
      name,
      target: {
        id: target.id,
        ipFamilies: familiesOf(records.facts()),
        namespace: namespaceOf(records, namespace),
        sameNamed: holderOf(records, service, service),
        derived: holderOf(records, `${namespace}/${derivedServiceName(namespace, name, sha256)}`, service),
      },
      exporters,
      deniedNamespaces: context.deniedNamespaces,
      sha256,
    },
    mirror,
    unknown: contributors(mirror).filter((id) => waiting.has(id) || (federation.known(id) === undefined && !federation.isGone(id))),
    waiting: [...waiting.values()],
  };
}

/** Members that had a part in a mirror, as it says itself. */
export function contributors(mirror: ObservedMirror): string[] {
  const named = mirror.import?.metadata.annotations?.[EXPORTERS]?.split(',') ?? [];
  const ofSlices = mirror.slices.map((slice) => slice.metadata.labels?.[LABEL.cluster]);
  return [...new Set([...named, ...ofSlices])].filter((id): id is string => id !== undefined && id !== '').toSorted();
}

function mirrorIn(records: MemberRecords, service: string): ObservedMirror {
  const held = records.imports().get(service);
  return { ...records.mirrorsOf(service), import: held?.own === true ? held.object : undefined };
}

/** Ours is only what stands for this very service. */
function holderOf(records: MemberRecords, key: string, service: string): Holder {
  const entry = records.services().get(key);
  if (entry === undefined) return 'none';
  const mine = entry.kind === 'own' && isOwn(entry.object) && records.mirrorsOf(service).services.some((each) => each.metadata.name === entry.name);
  return mine ? 'ours' : 'foreign';
}

function namespaceOf(records: MemberRecords, namespace: string): 'present' | 'absent' | 'terminating' {
  switch (records.namespace(namespace)) {
    case 'active':
      return 'present';
    case 'terminating':
      return 'terminating';
    default:
      return 'absent';
  }
}

/** A cluster's families are those of its Service ranges; where they are unknown, IPv4 is assumed. */
function familiesOf(facts: ClusterFacts | undefined): ('IPv4' | 'IPv6')[] {
  const families = new Set((facts?.serviceCIDRs ?? []).map((cidr) => (familyOf(cidr) === 4 ? 'IPv4' : 'IPv6')));
  if (families.size === 0) return ['IPv4'];
  return (['IPv4', 'IPv6'] as const).filter((family) => families.has(family));
}
