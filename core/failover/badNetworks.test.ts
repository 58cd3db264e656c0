/**
 * Networks that lose packets, and links that come and go.
 */
import { describe, expect, test } from '@jest/globals';
import { GATEWAY, good, MEMBER, without, world } from '../../test/fakes/failoverWorld.js';

describe('networks that are bad', () => {
  /** Marsaglia's xorshift: the same losses in every run. */
  function losses(share: number): () => boolean {
    let state = 2_463_534_242;
    return () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) / 2 ** 32 < share;
    };
  }

  test('2 % loss each way for ten minutes: never without a working path, and at most one switch', () => {
    const { run, switches, failover, now } = world(GATEWAY);
    const lost = losses(0.0396);
    const inUse = new Set<string>();
    run(1, good);
    run(600, ({ path }) => {
      inUse.add(
        failover
          .status(now())
          .filter((one) => one.inUse)
          .map(({ state }) => state)
          .join(),
      );
      return path.kind === 'lan' || !lost() ? { afterMs: 30 } : undefined;
    });
    expect(switches.length).toBeLessThanOrEqual(1);
    expect([...inUse]).toEqual(['up']);
  });

  test('a link that fails every 3 s is left once and not trusted again', () => {
    const { run, switches } = world(GATEWAY);
    run(5, good);
    run(60, ({ path }, at) => (path.name === 'tunnel/0/far' && at % 3000 < 1500 ? undefined : { afterMs: 10 }));
    expect(switches.map(({ to }) => to.join())).toEqual(['plane/1']);
  });

  test('a dead path is left for one that has been back for two seconds, if it does not come back itself', () => {
    const { run, switches } = world(MEMBER);
    run(5, good);
    run(3, () => undefined);
    run(1.5, without('lan/g0', 'relay/g0'));
    expect(switches).toEqual([]);
    run(2, without('lan/g0', 'relay/g0'));
    expect(switches.map(({ to }) => to.join())).toEqual(['node/g1']);
  });

  test.each([
    ['a gateway', GATEWAY],
    ['a node that is no gateway', MEMBER],
  ])('%s behind a link that fails every 3 s stays where it is: no other is better', (_name, config) => {
    const { run, switches } = world(config);
    run(5, good);
    run(60, (_probe, at) => (at % 3000 < 1500 ? undefined : { afterMs: 10 }));
    expect(switches).toEqual([]);
  });

  test('a pause of our own is not taken for the silence of all others', () => {
    const { run, switches, failover } = world(GATEWAY);
    run(5, good);
    // Nobody called us for two seconds, and answers are still unread.
    for (let at = 7000; at < 7040; at += 5) expect(failover.tick(at).changes).toEqual([]);
    expect(switches).toEqual([]);
  });

  test('a slow path is not a dead one: 250 ms round trip', () => {
    const { run, switches, failover } = world(GATEWAY);
    run(60, ({ path }) => ({ afterMs: path.kind === 'tunnel' ? 250 : 5 }));
    expect(switches).toEqual([]);
    expect(failover.status(60_000).map(({ state }) => state)).toEqual(['up', 'up', 'up', 'up']);
  });
});
