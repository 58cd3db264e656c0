import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { clusterFacts } from '../../test/fakes/facts.js';
import { contains, overlaps, parseCidr } from '../../core/net/cidr.js';
import { findClaims } from '../federation/claims.js';
import type { Federation } from '../federation/federation.js';
import type { Member } from '../members/member.js';
import type { ClusterFacts } from '../records/admit/clusterFacts.js';
import { holdingsOf } from '../records/peerClaims.js';
import type { Overlaps } from './overlaps.js';
import { type Ownership, ownership } from './ownership.js';

/** What a member claims, and what stands for it in the target. */
interface Side {
  readonly pods: readonly string[];
  readonly key: string;
  readonly endpoint: string;
  readonly declared: readonly string[] | undefined;
  readonly holds: { readonly prefixes: readonly string[]; readonly key: string | undefined; readonly endpoint: string | undefined };
}

const prefix = fc.tuple(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 28, max: 32 })).map(([at, length]) => {
  const cidr = parseCidr(`10.50.0.${at}/${length}`);
  return `10.50.0.${Number(cidr?.first ?? 0n) & 255}/${length}`;
});
const address = fc.integer({ min: 0, max: 15 }).map((at) => `10.50.0.${at}`);
const key = fc.constantFrom('k1', 'k2');
const side: fc.Arbitrary<Side> = fc.record({
  pods: fc.uniqueArray(prefix, { maxLength: 3 }),
  key,
  endpoint: address,
  declared: fc.option(fc.uniqueArray(prefix, { maxLength: 2 }), { nil: undefined }),
  holds: fc.record({
    prefixes: fc.uniqueArray(prefix, { maxLength: 3 }),
    key: fc.option(key, { nil: undefined }),
    endpoint: fc.option(address, { nil: undefined }),
  }),
});

/** What each of the members `a` and `b` may have in the target `t`. */
function owners(sides: Readonly<Record<'a' | 'b', Side>>): Readonly<Record<'a' | 'b', Ownership>> {
  const facts = (id: 'a' | 'b'): ClusterFacts => {
    const { pods, endpoint } = sides[id];
    const found = clusterFacts([{ name: 'n', pods, endpoint, internal: ['192.168.0.1/24'], slot: 0 }], {
      mesh: [`10.4.${id === 'a' ? 1 : 2}.0/24`],
    });
    const { declared } = sides[id];
    return { ...found, declared, nodes: found.nodes.map((node) => ({ ...node, spec: { ...node.spec, publicKey: sides[id].key } })) };
  };
  const known = { a: facts('a'), b: facts('b') };
  const target = {
    id: 't',
    records: {
      peerSources: () => ['a', 'b'],
      heldBy: (id: 'a' | 'b') => {
        const { prefixes, key: held, endpoint } = sides[id].holds;
        return holdingsOf([{ name: `${id}-0`, key: held, prefixes, endpoint: endpoint === undefined ? undefined : `${endpoint}/32` }]);
      },
    },
  } as unknown as Member;
  const member = (id: 'a' | 'b'): Member => ({ id, records: { facts: () => known[id] } }) as unknown as Member;
  const federation = { member, isGone: () => false, claimsOf: (of: ClusterFacts) => findClaims(of) } as unknown as Federation;
  const overlapsOfAll = { between: () => undefined } as unknown as Overlaps;
  const of = (id: 'a' | 'b', rival: string): Ownership =>
    ownership(member(id), target, { federation, overlaps: overlapsOfAll, rivals: [rival] });
  return { a: of('a', 'b'), b: of('b', 'a') };
}

const cidrOf = (text: string): NonNullable<ReturnType<typeof parseCidr>> => {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw new Error(text);
  return cidr;
};

test('nothing is given to two, whatever they claim and whatever stands', () => {
  fc.assert(
    fc.property(side, side, (a, b) => {
      const { a: ofA, b: ofB } = owners({ a, b });
      const [podsA, podsB] = [
        a.pods.map(cidrOf).filter((each) => ofA.prefix(each) === undefined),
        b.pods.map(cidrOf).filter((each) => ofB.prefix(each) === undefined),
      ];
      expect(podsA.some((each) => podsB.some((other) => overlaps(each, other)))).toBe(false);
      if (a.key === b.key) expect([ofA.key(a.key), ofB.key(b.key)].filter((holder) => holder === undefined)).toHaveLength(1);
      const dialled = (owner: Ownership, endpoint: string): boolean => owner.endpoint(cidrOf(endpoint)) === undefined;
      if (dialled(ofA, a.endpoint)) expect(podsB.some((each) => contains(each, cidrOf(a.endpoint)))).toBe(false);
      if (dialled(ofB, b.endpoint)) expect(podsA.some((each) => contains(each, cidrOf(b.endpoint)))).toBe(false);
    }),
    { numRuns: 1_000 },
  );
});

test('who stands there keeps all of it, against a newcomer of any name for which nothing is declared', () => {
  fc.assert(
    fc.property(side, side, fc.boolean(), (stands, newcomer, isFirst) => {
      const settled: Side = { ...stands, holds: { prefixes: stands.pods, key: stands.key, endpoint: stands.endpoint } };
      const fresh: Side = { ...newcomer, holds: { prefixes: [], key: undefined, endpoint: undefined }, declared: undefined };
      const { a, b } = owners(isFirst ? { a: settled, b: fresh } : { a: fresh, b: settled });
      const owner = isFirst ? a : b;
      expect(settled.pods.map(cidrOf).filter((each) => owner.prefix(each) !== undefined)).toEqual([]);
      expect([owner.key(settled.key), owner.endpoint(cidrOf(settled.endpoint))]).toEqual([undefined, undefined]);
    }),
    { numRuns: 1_000 },
  );
});
