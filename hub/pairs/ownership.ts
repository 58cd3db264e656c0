/**
 * Which member owns what in a target: a key, a prefix, the address where a tunnel ends.
 *
 * Two members may claim the same. Whoever has it in the target already keeps it: its Peers there say so, and no other member can write
 * them. If neither or both have it, the lower id gets it: no member chooses its own id. The rule is asked from both sides, and never gives
 * one thing to two.
 *
 * A tunnel may end anywhere, so an endpoint inside what is declared for another member, and not for its own, gives nothing there.
 */
import { type Cidr, contains, parseCidr } from '../../core/net/cidr.js';
import { createCidrIndex } from '../../core/net/cidrIndex.js';
import type { Federation } from '../federation/federation.js';
import type { Member } from '../members/member.js';
import type { Holdings } from '../records/peerClaims.js';
import type { Overlaps } from './overlaps.js';

/** Each returns the other member that owns it in the target. Undefined: the source may have it. */
export interface Ownership {
  prefix(prefix: Cidr): string | undefined;
  key(key: string): string | undefined;
  endpoint(address: Cidr): string | undefined;
}

interface Rival {
  readonly id: string;
  readonly claims: Claimed;
  readonly holds: Holdings;
  /** Whether an address is declared for it. */
  readonly declares: Declares;
}

type Declares = (address: Cidr) => boolean;

/** What a rival claims, or still holds if it was not read yet. */
interface Claimed {
  hasKey(key: string): boolean;
  touches(prefix: Cidr): boolean;
  /** Its endpoints in a prefix, as CIDRs. */
  endsIn(prefix: Cidr): readonly string[];
}

interface OwnershipContext {
  readonly federation: Federation;
  readonly overlaps: Overlaps;
  /** Ids of those that claim something that the source claims too. */
  readonly rivals: readonly string[];
}

export function ownership(source: Member, target: Member, context: OwnershipContext): Ownership {
  const rivals = rivalsOf(source, target, context);
  const mine = target.records.heldBy(source.id);
  const declares = declaresOf(source);
  const mayEnd = (rival: Rival, end: string): boolean => {
    const address = parseCidr(end);
    return address === undefined || rival.declares(address) || !declares(address);
  };
  const holder = (claims: (rival: Rival) => boolean, holds: (rival: Rival) => boolean, isMine: () => boolean): string | undefined =>
    rivals.find((rival) => {
      if (!claims(rival)) return false;
      const theirs = holds(rival);
      return theirs === isMine() ? rival.id < source.id : theirs;
    })?.id;
  return {
    prefix: (prefix) =>
      holder(
        (rival) => rival.claims.touches(prefix) || rival.claims.endsIn(prefix).some((end) => mayEnd(rival, end)),
        ({ holds }) => holds.prefixes.touching(prefix).length > 0 || holds.endpoints.touching(prefix).length > 0,
        // Part of it is not enough, or who has little could take all.
        () => mine.prefixes.covering(prefix).length > 0,
      ),
    key: (key) =>
      holder(
        ({ claims }) => claims.hasKey(key),
        ({ holds }) => holds.keys.has(key),
        () => mine.keys.has(key),
      ),
    endpoint: (address) =>
      rivals.find((rival) => rival.claims.touches(address) && rival.declares(address) && !declares(address))?.id ??
      holder(
        ({ claims }) => claims.touches(address),
        ({ holds }) => holds.prefixes.touching(address).length > 0,
        () => mine.endpoints.covering(address).length > 0,
      ),
  };
}

/** By what its facts were admitted by, or will be. */
function declaresOf(member: Member | undefined): Declares {
  let ranges: readonly Cidr[] | undefined;
  const find = (): readonly Cidr[] => {
    const facts = member?.records.facts();
    const declared = (facts === undefined ? member?.terms().allowedCIDRs : facts.declared) ?? [];
    return declared.map(parseCidr).filter((range) => range !== undefined);
  };
  return (address) => (ranges ??= find()).some((range) => contains(range, address));
}

function rivalsOf(source: Member, target: Member, { federation, overlaps, rivals }: OwnershipContext): Rival[] {
  const known = rivals
    .filter((id) => id !== target.id && overlaps.between(id, target.id) === undefined)
    .flatMap((id): Rival[] => {
      const theirs = federation.member(id)?.records.facts();
      if (theirs === undefined) return [];
      const claims = federation.claimsOf(theirs);
      return [
        {
          id,
          claims: {
            hasKey: (key) => claims.keys.has(key),
            touches: (prefix) => claims.prefixIndex().touching(prefix).length > 0,
            endsIn: (prefix) => claims.endpointIndex().touching(prefix),
          },
          holds: target.records.heldBy(id),
          declares: declaresOf(federation.member(id)),
        },
      ];
    });
  return [...known, ...strangersIn(source.id, target, federation)].toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** Ids of the members that claim something that the source claims too, sorted. */
export function contendersOf(
  source: Member,
  { federation, overlaps }: { readonly federation: Federation; readonly overlaps: Overlaps },
): readonly string[] {
  const facts = source.records.facts();
  const contenders = facts === undefined ? [] : federation.contenders(federation.claimsOf(facts), source.id);
  return [...new Set([...overlaps.of(source.id).keys(), ...contenders])].toSorted();
}

/** Members that stand in the target and were not read yet. What they have there waits for them. */
export function strangersIn(source: string, target: Member, federation: Federation): Rival[] {
  return target.records
    .peerSources()
    .filter((id) => id !== source && federation.member(id)?.records.facts() === undefined && !federation.isGone(id))
    .map((id) => {
      const holds = target.records.heldBy(id);
      const ends = createCidrIndex([...holds.endpoints.entries()].map(([end]): [string, string] => [end, end]));
      return {
        id,
        claims: {
          hasKey: (key) => holds.keys.has(key),
          touches: (prefix) => holds.prefixes.touching(prefix).length > 0,
          endsIn: (prefix) => ends.touching(prefix),
        },
        holds,
        declares: declaresOf(federation.member(id)),
      };
    });
}
