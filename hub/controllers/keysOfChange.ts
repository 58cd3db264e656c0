/**
 * Maps changes to the keys that have to be reconciled, and in which members. What a change of a pair means for imports is found when the
 * pair is reconciled (services/outdatedImports.ts).
 */
import { DEFAULT_NAMESPACE, LABEL } from '../../core/api/names.js';
import { findClaims, rangesOf } from '../federation/claims.js';
import type { Contested } from '../federation/contests.js';
import type { Federation } from '../federation/federation.js';
import type { Pairs } from '../pairs/pairs.js';
import { askedByClusterIp } from '../records/byClusterIp.js';
import type { Change } from '../records/change.js';
import type { MemberRecords } from '../records/memberRecords.js';
import type { Key } from './keys.js';

export type TargetedKey = readonly [target: string, key: Key];

/** `id` is the member whose records changed. */
export function keysOfChange(
  id: string,
  change: Change,
  { federation, pairs }: { readonly federation: Federation; readonly pairs: Pick<Pairs, 'rivals'> },
): TargetedKey[] {
  const ids = federation.ids();
  const service = (target: string, name: string): TargetedKey => [target, { kind: 'service', service: name }];
  const exportKey = (name: string): TargetedKey => [id, { kind: 'export', service: name }];
  const exportKeys = (name: string): TargetedKey[] =>
    federation.exportersOf(name).map((exporter) => [exporter, { kind: 'export', service: name }]);
  switch (change.kind) {
    case 'facts':
      return keysOfFacts(id, change, federation);
    case 'service': {
      if (change.exported) {
        return [...ids.map((target) => service(target, change.service)), ...exportKeys(change.service), exportKey(change.service)];
      }
      return [
        ...(federation.exportersOf(change.service).length > 0 ? [service(id, change.service)] : []),
        // Somebody's ServiceExport says what it lacks.
        ...(federation.known(id)?.records.exports().has(change.service) === true ? [exportKey(change.service)] : []),
      ];
    }
    case 'slices':
      return targetsOf(id, change.service, federation).map((target) => service(target, change.service));
    case 'namespace':
      return [...servicesIn(change.namespace, id, federation), ...withoutNamespace(change.namespace, id, federation)].map((name) =>
        service(id, name),
      );
    case 'ownPeer':
      return keysOfOwnPeer(id, change.source, { federation, pairs });
    case 'foreignPeer': {
      // Its name may be one that we need, and what it holds is not reached in other members.
      const records = federation.known(id)?.records;
      return records === undefined ? [] : sourcesIn(id, records, federation).map((source) => [id, { kind: 'peers', source }]);
    }
    case 'mirror':
      return [service(id, change.service)];
    case 'links':
      // What follows for endpoints is damped (hub/health/reachability.ts).
      return [];
    default:
      return [exportKey(change.service)];
  }
}

/** All keys of a member as a target: for its first complete read, for its return, and for the periodic resync. */
export function keysOfTarget(id: string, records: MemberRecords, federation: Federation): Key[] {
  const exports = new Set([...records.exported(), ...records.exports().keys()]);
  return [
    ...sourcesIn(id, records, federation).map((source): Key => ({ kind: 'peers', source })),
    ...[...new Set([...federation.exported().keys(), ...records.mirrored()])].map((service): Key => ({ kind: 'service', service })),
    ...[...exports].map((service): Key => ({ kind: 'export', service })),
  ];
}

/** Everybody who has or may have Peers in the member. */
function sourcesIn(id: string, records: MemberRecords, federation: Federation): readonly string[] {
  const sources = new Set(federation.ids().filter((source) => source !== id));
  for (const existing of records.peers().values()) {
    const source = existing.own ? existing.object.metadata.labels?.[LABEL.cluster] : undefined;
    if (source !== undefined) sources.add(source);
  }
  return [...sources];
}

/** All keys in other members that depend on a member as a source. */
export function keysOfSource(id: string, exported: Iterable<string>, federation: Federation): TargetedKey[] {
  const targets = federation.ids().filter((target) => target !== id);
  return [
    ...targets.map((target): TargetedKey => [target, { kind: 'peers', source: id }]),
    ...[...exported].flatMap((service): TargetedKey[] => [
      ...targets.map((target): TargetedKey => [target, { kind: 'service', service }]),
      ...federation.exportersOf(service).map((exporter): TargetedKey => [exporter, { kind: 'export', service }]),
    ]),
  ];
}

/** All keys that depend on what is declared for an exporter as a whole, also in itself: its labels choose among all exporters. */
export function keysOfExporter(exported: Iterable<string>, federation: Federation): TargetedKey[] {
  return [...exported].flatMap((service): TargetedKey[] => [
    ...federation.ids().map((target): TargetedKey => [target, { kind: 'service', service }]),
    ...federation.exportersOf(service).map((exporter): TargetedKey => [exporter, { kind: 'export', service }]),
  ]);
}

/** Keys that depend on which members there are: exports that name some. */
export function keysOfMembership(federation: Federation): TargetedKey[] {
  return [...federation.exported()].flatMap(([service, exporters]) =>
    exporters.flatMap((id): TargetedKey[] => {
      const entry = federation.known(id)?.records.services().get(service);
      const { targets, prefer, weights } = entry?.kind === 'exported' ? entry.record.export : {};
      return targets !== undefined || prefer !== undefined || weights !== undefined ? [[id, { kind: 'export', service }]] : [];
    }),
  );
}

/** What a member imports or could import into a namespace. While an exporter was not read yet, only its mirrors tell of it. */
function servicesIn(namespace: string, id: string, federation: Federation): string[] {
  const mirrored = [...(federation.known(id)?.records.mirrored() ?? [])].filter((name) => name.startsWith(`${namespace}/`));
  return [...new Set([...federation.exportedIn(namespace), ...mirrored])];
}

/** The namespace of the hub's account says whether namespaces that lack are made: it concerns all that waits for one. */
function withoutNamespace(namespace: string, id: string, federation: Federation): string[] {
  const records = namespace === DEFAULT_NAMESPACE ? federation.known(id)?.records : undefined;
  if (records === undefined) return [];
  return [...federation.exported().keys()].filter((service) => records.namespace(service.split('/')[0] ?? '') === undefined);
}

/** The only exporter of a Service may have no mirror of it. */
function targetsOf(exporter: string, service: string, federation: Federation): readonly string[] {
  const mirrors = federation.known(exporter)?.records.mirrorsOf(service).services ?? [];
  const alone = mirrors.length === 0 && federation.exportersOf(service).every((id) => id === exporter);
  return alone ? federation.ids().filter((id) => id !== exporter) : federation.ids();
}

/** Keys that depend on whether every member was read: what exporters are told of conflicts. */
export function keysOfExports(federation: Federation): TargetedKey[] {
  return [...federation.exported()].flatMap(([service, exporters]) =>
    exporters.map((id): TargetedKey => [id, { kind: 'export', service }]),
  );
}

/**
 * Keys that depend on whether a member overlaps `other`, beside those of its own pairs. A member that cannot be linked with a target
 * takes nothing from others there.
 */
export function keysOfOverlap(id: string, other: string, federation: Federation): TargetedKey[] {
  const facts = federation.known(id)?.records.facts();
  const rivals = facts === undefined ? [] : federation.contenders(federation.claimsOf(facts), id);
  return [
    ...federation.ids().flatMap((target): TargetedKey[] => (target === other ? [] : [[target, { kind: 'peers', source: other }]])),
    ...rivals.flatMap((source): TargetedKey[] => (source === other ? [] : [[other, { kind: 'peers', source }]])),
  ];
}

/** Keys of the members that claim one of these addresses, which are those of the API servers of others now, or were before. */
export function keysOfApiServers(addresses: readonly string[], federation: Federation): TargetedKey[] {
  const claimants = federation.ids().filter((id) => {
    const facts = federation.known(id)?.records.facts();
    const claimed = facts === undefined ? undefined : federation.claimsOf(facts).prefixIndex();
    return addresses.some((address) => (claimed?.touching(address).length ?? 0) > 0);
  });
  return claimants.flatMap((source) =>
    federation.ids().flatMap((target): TargetedKey[] => (target === source ? [] : [[target, { kind: 'peers', source }]])),
  );
}

type FactsChange = Extract<Change, { kind: 'facts' }>;

function keysOfFacts(id: string, change: FactsChange, federation: Federation): TargetedKey[] {
  const others = federation.ids().filter((other) => other !== id);
  const contenders = federation.contenders(movedClaims(change), id);
  return [
    ...keysOfClusterIPs(id, change, federation),
    [id, { kind: 'peers', source: id }],
    ...others.flatMap((other): TargetedKey[] => [
      [other, { kind: 'peers', source: id }],
      [id, { kind: 'peers', source: other }],
    ]),
    ...contenders.flatMap((source) =>
      others.flatMap((target): TargetedKey[] => (target === source ? [] : [[target, { kind: 'peers', source }]])),
    ),
  ];
}

/** What asks to be reached by a ClusterIP, when whether that can be may have changed. */
function keysOfClusterIPs(id: string, { before, after }: FactsChange, federation: Federation): TargetedKey[] {
  const records = servicesMoved(before, after) ? federation.known(id)?.records : undefined;
  if (records === undefined) return [];
  const asking = [...records.exported()].filter((service) => askedByClusterIp(records, service) !== undefined);
  return keysOfExporter(asking, federation);
}

function servicesMoved(before: FactsChange['before'], after: FactsChange['after']): boolean {
  return before?.routedServiceCIDRs.join() !== after?.routedServiceCIDRs.join();
}

/** Who lost or gained what a Peer of ours holds: its member, and all that claim the same. */
function keysOfOwnPeer(
  target: string,
  source: string,
  { federation, pairs }: { readonly federation: Federation; readonly pairs: Pick<Pairs, 'rivals'> },
): TargetedKey[] {
  const member = federation.member(source);
  const rivals = member === undefined ? [] : pairs.rivals(member).filter((id) => id !== target);
  return [source, ...rivals].map((each) => [target, { kind: 'peers', source: each }]);
}

/** What a member claims or claimed by nodes that changed, and by its ranges if those changed. */
function movedClaims({ before, after }: FactsChange): Contested {
  const [was, is] = [before, after].map((facts) => new Set(facts?.nodes));
  const moved = [
    ...(before === undefined
      ? []
      : [
          findClaims(
            before,
            before.nodes.filter((node) => is?.has(node) !== true),
          ),
        ]),
    ...(after === undefined
      ? []
      : [
          findClaims(
            after,
            after.nodes.filter((node) => was?.has(node) !== true),
          ),
        ]),
  ];
  const [first, second] = [before, after].map((facts) => (facts === undefined ? [] : rangesOf(facts)));
  return {
    keys: new Set(moved.flatMap(({ keys }) => [...keys])),
    addresses: new Set(moved.flatMap(({ addresses }) => [...addresses])),
    endpoints: new Set(moved.flatMap(({ endpoints }) => [...endpoints])),
    ranges: first?.join() === second?.join() ? [] : [...(first ?? []), ...(second ?? [])],
    services: servicesMoved(before, after) ? [before, after].flatMap((facts) => facts?.routedServiceCIDRs ?? []) : [],
  };
}
