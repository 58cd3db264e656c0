/**
 * Who may have which prefix in a target.
 *
 * Two members that overlap cannot be linked with each other; a third can still be linked with both, but a prefix leads to
 * one place only. Who has it there keeps it; where nobody has, or both, the lower id gets it, which no member can choose for
 * itself.
 */
import { ownSegments } from '../../../core/mesh/segments.js';
import { firstOverlap } from '../../../core/net/sets.js';
import type { Member } from '../../members/member.js';
import type { Federation } from '../../records/federation.js';
import type { MemberRecords } from '../../records/memberRecords.js';
import type { Rights } from './planPeers.js';

export function rightsOf(source: Member, target: Member, federation: Federation): Rights {
  const rivals = [...federation.overlaps.of(source.id).keys()]
    .filter((rival) => rival !== target.id && federation.overlaps.between(rival, target.id) === undefined)
    .toSorted()
    .map((id) => ({ id, claimed: claimsOf(federation.known(id)), held: heldIn(target.records, id) }));
  const mine = rivals.length === 0 ? [] : heldIn(target.records, source.id);
  return {
    isNodeElsewhere: (address) => federation.isNodeElsewhere(address, source.id),
    holderOf(prefix) {
      const holder = rivals.find(({ id, claimed, held }) => {
        if (!touches(prefix, claimed)) return false;
        const hasIt = touches(prefix, held);
        return hasIt === touches(prefix, mine) ? id < source.id : hasIt;
      });
      return holder?.id;
    },
  };
}

function claimsOf(member: Member | undefined): string[] {
  const facts = member?.records.facts();
  return facts === undefined ? [] : ownSegments(facts.nodes, facts.mesh).segments.flatMap((segment) => segment.allowedIPs);
}

function heldIn(records: MemberRecords, source: string): string[] {
  return records.peersOf(source).flatMap((peer) => (peer as { readonly spec?: { readonly allowedIPs?: readonly string[] } }).spec?.allowedIPs ?? []);
}

function touches(prefix: string, others: readonly string[]): boolean {
  return others.length > 0 && firstOverlap([prefix], others) !== undefined;
}
