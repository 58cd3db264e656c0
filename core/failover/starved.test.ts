/**
 * Agents on a machine that has more to do than it can get their turn late, and so do those that they ask. A late answer is no death; and
 * a death is found all the same.
 */
import { describe, expect, test } from '@jest/globals';
import { simulate } from '../../test/fakes/failover/federation.js';
import type { Layout } from '../../test/fakes/failover/layout.js';

/** Marsaglia's xorshift: the same in every run. Uniform in [0, 1). */
function generator(seed: number): () => number {
  let state = Math.imul(seed, 0x9e37_79b1);
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** As measured with four busy processes a core: half of all turns come within 4 ms, one in ten after 22, one in a hundred after 120. */
function lateness(random: () => number): () => number {
  return () => {
    const share = random();
    if (share < 0.5) return random() * 4;
    if (share < 0.9) return 4 + random() * 18;
    if (share < 0.99) return 22 + random() * 100;
    return 120 + random() * 180;
  };
}

const LAYOUTS: readonly Layout[] = [
  { nodes: 3, gateways: 2, planes: 2, remote: 'several' },
  { nodes: 2, gateways: 2, planes: 2, remote: 'one' },
];

describe.each(LAYOUTS)('$nodes nodes, remote $remote', (layout) => {
  test.each([1, 2, 3, 4, 5])('on a busy machine nothing happens for a minute, and nobody switches (%d)', (seed) => {
    const federation = simulate(layout);
    federation.run(3000);
    federation.delayTurns(lateness(generator(seed)));
    federation.run(60_000);
    federation.stop();
    expect(federation.switches).toEqual([]);
  });

  test.each([1, 2, 3, 4, 5].flatMap((seed) => ['a1', 'a2'].map((victim) => ({ seed, victim }))))(
    'gateway $victim dies beside it: it is left within 1.5 s, and nobody else loses anything ($seed)',
    ({ seed, victim }) => {
      const federation = simulate(layout);
      const { nodes, packets } = federation;
      federation.run(3000);
      federation.delayTurns(lateness(generator(seed)));
      federation.run(5000);
      const touches = (from: string, to: string): boolean => from === victim || to === victim;
      const pairs = nodes.flatMap(({ name: from, site }) =>
        nodes.filter((to) => to.site !== site && !touches(from, to.name)).map(({ name: to }) => ({ from, to })),
      );
      const spared = pairs.filter(({ from, to }) => !packets.passes(from, to).includes(victim));
      federation.break({ lan: touches, wan: touches, agent: (at) => at === victim });
      const began = federation.now();
      let lostAt = 0;
      const lost = new Set<string>();
      federation.run(4000, () => {
        for (const { from, to } of pairs.filter((pair) => packets.travel(pair.from, pair.to) === undefined)) {
          lostAt = federation.now() - began;
          lost.add(`${from} > ${to}`);
        }
      });
      federation.stop();
      expect(spared.filter(({ from, to }) => lost.has(`${from} > ${to}`))).toEqual([]);
      expect(lostAt).toBeLessThan(1500);
    },
  );
});
