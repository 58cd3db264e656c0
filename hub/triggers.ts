/**
 * Turns what happens to members into keys in the queues of those that it concerns.
 */
import type { Clock } from '../core/runtime/clock.js';
import {
  keysOfApiServers,
  keysOfChange,
  keysOfExporter,
  keysOfExports,
  keysOfMembership,
  keysOfOverlap,
  keysOfSource,
  keysOfTarget,
  type TargetedKey,
} from './controllers/keysOfChange.js';
import type { Origin } from './controllers/latencies.js';
import type { Federation } from './federation/federation.js';
import type { StartupGate } from './federation/startupGate.js';
import type { Reachability } from './health/reachability.js';
import type { Member } from './members/member.js';
import { type MemberTerms, sameBounds } from './members/terms.js';
import type { Pairs } from './pairs/pairs.js';
import type { Change } from './records/change.js';
import { createCoalesced } from './records/coalesced.js';
import type { Target } from './target.js';

interface Triggers {
  /** The records of a member changed. */
  changed(member: Member, change: Change): void;
  /** Its state changed. */
  stateChanged(member: Member): void;
  added(member: Member): void;
  /** What is declared for it beside its kubeconfig changed. */
  termsChanged(member: Member, before: MemberTerms): void;
  removed(member: Member): void;
  /** The sources of kubeconfigs were read. */
  declared(): void;
  /** They were withdrawn, or are back. */
  withdrawalChanged(ids: readonly string[]): void;
  /** What some member imports of the service, and from whom, has changed. */
  importChanged(service: string): void;
  /** Reconciles everything in one member. */
  resync(id: string): void;
  /** Reconciles everything in all members. */
  resyncAll(): void;
}

interface TriggersDeps {
  readonly clock: Pick<Clock, 'after'>;
  readonly federation: Federation;
  readonly pairs: Pairs;
  readonly reachability: Pick<Reachability, 'check'>;
  readonly targets: ReadonlyMap<string, Target>;
  /** Nothing is enqueued before it opens. */
  readonly gate: Pick<StartupGate, 'isOpen' | 'check'>;
}

export function createTriggers({ clock, federation, pairs, reachability, targets, gate }: TriggersDeps): Triggers {
  /** Members that have been synced. */
  const known = new Set<string>();
  /** Those of them that another cluster answers for. */
  const strangers = new Set<string>();
  /** By member: whom it overlaps or no longer does, until the others are told. It may change its mind as often as it likes. */
  const overlapping = new Map<string, Set<string>>();
  const tellOverlaps = createCoalesced<string>({
    clock,
    tell(id) {
      const others = overlapping.get(id) ?? [];
      overlapping.delete(id);
      for (const other of others) enqueue(keysOfOverlap(id, other, federation));
    },
  });
  /** Addresses of the members' API servers, by what tells two apart. */
  let apiServers: ReadonlyMap<string, string> = new Map();

  function enqueue(keys: Iterable<TargetedKey>, origin?: Origin): void {
    if (!gate.isOpen()) return;
    for (const [target, key] of keys) targets.get(target)?.enqueue(key, origin);
  }

  function resync(id: string): void {
    const records = federation.known(id)?.records;
    if (records !== undefined) enqueue(keysOfTarget(id, records, federation).map((key) => [id, key]));
  }

  function resyncAll(): void {
    for (const id of targets.keys()) resync(id);
  }

  function factsChanged(id: string): void {
    federation.factsChanged();
    const others = pairs.overlaps.changed(id);
    if (others.length === 0) return;
    overlapping.set(id, new Set([...(overlapping.get(id) ?? []), ...others]));
    tellOverlaps(id, id);
  }

  return {
    resync,
    resyncAll,
    changed(member, change) {
      if (targets.get(member.id)?.member !== member) return;
      if (change.kind === 'facts') factsChanged(member.id);
      if (change.kind === 'foreignPeer') federation.factsChanged();
      if (change.kind === 'service') targets.get(member.id)?.nameChanged(change.service);
      if (change.kind === 'links') reachability.check(member.id, change.to);
      if (change.kind === 'ownPeer') reachability.check(member.id, change.source);
      if (change.kind === 'service' && change.exported) {
        federation.exportChanged(change.service);
        federation.arrivals.changed(member.id, change.service, member.records);
      }
      enqueue(keysOfChange(member.id, change, { federation, pairs }), originOf(change));
    },
    stateChanged(member) {
      const { id, records } = member;
      if (member.synced() && !known.has(id) && targets.get(id)?.member === member) {
        known.add(id);
        federation.arrivals.read(id, records);
        federation.exportsChanged();
        factsChanged(id);
        enqueue(keysOfSource(id, records.exported(), federation));
        if (federation.ids().every((each) => federation.known(each) !== undefined)) enqueue(keysOfExports(federation));
      }
      if (known.has(id) && strangers.has(id) === member.recognised()) {
        if (member.recognised()) strangers.delete(id);
        else strangers.add(id);
        enqueue(keysOfSource(id, records.exported(), federation));
      }
      // Only now, since what is enqueued when it opens must see this member's facts.
      gate.check();
      if (member.state().kind === 'ready') resync(id);
    },
    added({ id }) {
      federation.arrivals.declared(id, !gate.isOpen());
      enqueue(keysOfMembership(federation));
    },
    removed({ id }) {
      known.delete(id);
      strangers.delete(id);
      federation.arrivals.left(id);
      federation.exportsChanged();
      factsChanged(id);
    },
    declared() {
      federation.factsChanged();
      const before = apiServers;
      apiServers = new Map(federation.apiServers().map((server) => [`${server.id} ${server.address}`, server.address]));
      const moved = [...apiServers, ...before].flatMap(([key, address]) => (apiServers.has(key) && before.has(key) ? [] : [address]));
      if (moved.length > 0) enqueue(keysOfApiServers(moved, federation));
    },
    withdrawalChanged(ids) {
      federation.exportsChanged();
      for (const id of ids) factsChanged(id);
      resyncAll();
    },
    termsChanged(member, before) {
      if (sameBounds(before, member.terms())) {
        enqueue(keysOfExporter(member.records.exported(), federation));
        return;
      }
      federation.exportsChanged();
      resyncAll();
    },
    importChanged: (service) => enqueue(federation.exportersOf(service).map((exporter) => [exporter, { kind: 'export', service }])),
  };
}

function originOf(change: Change): Origin | undefined {
  if ((change.kind !== 'service' && change.kind !== 'slices') || change.at === undefined) return undefined;
  return { kind: change.kind === 'service' ? 'Service' : 'EndpointSlice', at: change.at };
}
