/**
 * A change in one member's records to the keys that have to be looked at, and in which members.
 */
import { LABEL } from '../../core/api/names.js';
import { internalAddresses } from '../../core/mesh/segments.js';
import { isWithin } from '../../core/net/sets.js';
import type { Change } from './change.js';
import type { ClusterFacts } from './facts.js';
import type { Federation } from './federation.js';
import type { Key } from './keys.js';
import type { MemberRecords } from './memberRecords.js';

export type Wake = readonly [target: string, key: Key];

/** `id` is the member whose records changed. */
export function keysOfChange(id: string, change: Change, federation: Federation): Wake[] {
  const ids = federation.ids();
  const service = (target: string, name: string): Wake => [target, { kind: 'service', service: name }];
  const telling = (name: string): Wake[] => federation.exportersOf(name).map((exporter) => [exporter, { kind: 'export', service: name }]);
  switch (change.kind) {
    case 'facts':
      return keysOfFacts(id, change, federation);
    case 'service': {
      if (change.exported) {
        return [...ids.map((target) => service(target, change.service)), ...telling(change.service), [id, { kind: 'export', service: change.service }]];
      }
      return federation.exportersOf(change.service).length > 0 ? [service(id, change.service)] : [];
    }
    case 'slices':
      return targetsOf(id, change.service, federation).map((target) => service(target, change.service));
    case 'namespace':
      return [...federation.exported().keys()].filter((name) => name.startsWith(`${change.namespace}/`)).map((name) => service(id, name));
    case 'ownPeer':
      return [change.source, ...federation.overlaps.of(change.source).keys()].map((source) => [id, { kind: 'peers', source }]);
    case 'foreignPeer':
      return ids.filter((source) => source !== id).map((source) => [id, { kind: 'peers', source }]);
    case 'mirror':
      return [service(id, change.service)];
    default:
      return [[id, { kind: 'export', service: change.service }]];
  }
}

/** Everything that concerns a member as a target: at its first complete read, when it is back, and every now and then. */
export function keysOfTarget(id: string, records: MemberRecords, federation: Federation): Key[] {
  const sources = new Set(federation.ids().filter((source) => source !== id));
  for (const held of records.peers().values()) {
    const source = held.own ? held.object.metadata.labels?.[LABEL.cluster] : undefined;
    if (source !== undefined) sources.add(source);
  }
  const exports = new Set(records.exported());
  for (const [name, held] of records.exports()) if (held.own) exports.add(name);
  return [
    ...[...sources].map((source): Key => ({ kind: 'peers', source })),
    ...[...new Set([...federation.exported().keys(), ...records.mirrored()])].map((service): Key => ({ kind: 'service', service })),
    ...[...exports].map((service): Key => ({ kind: 'export', service })),
  ];
}

/** Everything that concerns a member as a source: when it is known, and when it is gone. */
export function keysOfSource(id: string, exported: Iterable<string>, federation: Federation): Wake[] {
  const targets = federation.ids().filter((target) => target !== id);
  return [
    ...targets.map((target): Wake => [target, { kind: 'peers', source: id }]),
    ...[...exported].flatMap((service): Wake[] => [
      ...targets.map((target): Wake => [target, { kind: 'service', service }]),
      ...federation.exportersOf(service).map((exporter): Wake => [exporter, { kind: 'export', service }]),
    ]),
  ];
}

/** An exporter has its own endpoints already, unless it mirrors others of that name under another. */
function targetsOf(exporter: string, service: string, federation: Federation): readonly string[] {
  const alone = federation.exportersOf(service).every((id) => id === exporter);
  return alone ? federation.ids().filter((id) => id !== exporter) : federation.ids();
}

function keysOfFacts(id: string, change: Extract<Change, { kind: 'facts' }>, federation: Federation): Wake[] {
  const others = federation.ids().filter((other) => other !== id);
  const wakes: Wake[] = others.flatMap((other): Wake[] => [[other, { kind: 'peers', source: id }], [id, { kind: 'peers', source: other }]]);
  const before = nodeAddresses(change.before);
  const after = nodeAddresses(change.after);
  const moved = [...before, ...after].filter((address) => before.includes(address) !== after.includes(address));
  for (const source of federation.sharing(moved, id)) {
    for (const target of others) if (target !== source) wakes.push([target, { kind: 'peers', source }]);
  }
  const records = federation.known(id)?.records;
  for (const service of records?.exported() ?? []) {
    if (!concerns(change, records?.slicesOf(service)?.flatMap((slice) => slice.endpoints.flatMap((endpoint) => endpoint.addresses)) ?? [])) continue;
    wakes.push(...others.map((target): Wake => [target, { kind: 'service', service }]), [id, { kind: 'export', service }]);
  }
  return wakes;
}

/** Whether the change decides about any of these addresses: a member may export only what lies in its own ranges. */
function concerns(change: Extract<Change, { kind: 'facts' }>, addresses: readonly string[]): boolean {
  const before = rangesOf(change.before);
  const after = rangesOf(change.after);
  if (before.join() === after.join()) return false;
  return addresses.some((address) => isWithin(address, before) !== isWithin(address, after));
}

function rangesOf(facts: ClusterFacts | undefined): readonly string[] {
  return facts === undefined ? [] : [...facts.podCIDRs, ...facts.serviceCIDRs, ...facts.meshCIDRs, ...nodeAddresses(facts)];
}

function nodeAddresses(facts: ClusterFacts | undefined): string[] {
  return (facts?.nodes ?? []).flatMap(internalAddresses);
}
