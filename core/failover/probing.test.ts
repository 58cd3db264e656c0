/**
 * How often paths are probed, and how soon a failure is found.
 */
import { describe, expect, test } from '@jest/globals';
import type { ProbePath } from '../mesh/probing.js';
import type { FailoverConfig } from './config.js';
import { createFailover, type Failover } from './failover.js';
import { HEALTHY, type Report } from './report.js';
import { type FailoverSettings, DEFAULT_SETTINGS } from './settings.js';
import { GATEWAY, good, MEMBER, type Network, without, type World, world, ALONE } from '../../test/fakes/failoverWorld.js';
import { target } from '../../test/fakes/probedPaths.js';

describe('whenever it dies between two probes', () => {
  const phases = Array.from({ length: 40 }, (_, index) => index * 25);
  interface Row {
    readonly config: FailoverConfig;
    readonly isTransit: boolean;
    readonly silent: readonly string[];
    readonly least: number;
    readonly most: number;
  }
  test.each<[string, Row]>([
    [
      'a gateway of our location is left after 150 to 370 ms',
      { config: MEMBER, isTransit: false, silent: ['lan/g0', 'relay/g0'], least: 150, most: 370 },
    ],
    ['a tunnel is left after 400 to 870 ms', { config: GATEWAY, isTransit: true, silent: ['tunnel/0/far'], least: 400, most: 870 }],
    [
      'one with traffic of the gateway itself only after at most 1.5 s, if nobody suspects it',
      { config: GATEWAY, isTransit: false, silent: ['tunnel/0/far'], least: 400, most: 1500 },
    ],
  ])('%s', (_what, { config, isTransit, silent, least, most }) => {
    const times = phases.map((phase) => {
      const { run, switches, now } = world(config, isTransit);
      run(5 + phase / 1000, good);
      const from = now();
      run(2, without(...silent));
      return (switches[0]?.at ?? 0) - from;
    });
    expect(Math.min(...times)).toBeGreaterThanOrEqual(least);
    expect(Math.max(...times)).toBeLessThanOrEqual(most);
  });

  test('one missing answer costs a probe or two, a late one no more', () => {
    const asked = (missing: Network): number => {
      const { run, sent, switches } = world(GATEWAY);
      run(5.1, good);
      sent.clear();
      run(0.4, missing);
      run(3.6, good);
      expect(switches).toEqual([]);
      return sent.get('tunnel/0/far') ?? 0;
    };
    expect(asked(good)).toBe(10);
    expect(asked(({ nonce, path }) => (path.name === 'tunnel/0/far' && nonce % 2 === 0 ? undefined : { afterMs: 10 }))).toBeLessThanOrEqual(
      12,
    );
    expect(asked(({ path }) => ({ afterMs: path.name === 'tunnel/0/far' ? 80 : 10 }))).toBeLessThanOrEqual(11);
  });
});

describe('a tunnel whose far end vouches for it', () => {
  interface Vouch {
    readonly vouches: Report | undefined;
    readonly relies?: boolean;
  }
  /** `seconds` in which the far end sends `vouch` every 200 ms, if anything. */
  function receive({ run, failover, now }: World, seconds: number, network: Network, vouch: Vouch | undefined): void {
    for (let round = 0; round < seconds * 5; round += 1) {
      if (vouch !== undefined)
        failover.onProbe({ key: 'key-f0', inUse: true, forwards: 'unknown', plane: 0, relies: true, ...vouch }, now());
      run(0.2, network);
    }
  }
  const vouchedFor = (): World => {
    const one = world(GATEWAY);
    one.run(5, good);
    receive(one, 5, good, { vouches: HEALTHY });
    one.sent.clear();
    return one;
  };

  test.each<[string, number, Vouch | undefined]>([
    ['every two seconds while it does', 5, { vouches: HEALTHY }],
    ['at its period where the far end relies on us', 25, { vouches: HEALTHY, relies: false }],
    ['at its period, and four times as often at first, when it no longer does', 28, { vouches: undefined }],
    ['at its period where it says nothing', 25, undefined],
  ])('is probed %s', (_when, times, vouch) => {
    const one = vouchedFor();
    receive(one, 10, good, vouch);
    expect(one.sent.get('tunnel/0/far')).toBeGreaterThanOrEqual(times - 1);
    expect(one.sent.get('tunnel/0/far')).toBeLessThanOrEqual(times + 1);
    expect(one.switches).toEqual([]);
  });

  test.each<[string, Vouch | undefined, number, number]>([
    ['after the last vouch, where it falls silent', undefined, 600, 900],
    ['after the first probe that does not vouch', { vouches: undefined }, 250, 600],
    ['and after our own next probe, whatever the far end says', { vouches: HEALTHY }, 600, 2000],
  ])('is left soon: %s', (_when, vouch, least, most) => {
    const one = vouchedFor();
    const from = one.now();
    receive(one, 3, without('tunnel/0/far'), vouch);
    expect(one.switches.map(({ to }) => to)).toEqual([['plane/1']]);
    expect((one.switches[0]?.at ?? 0) - from).toBeGreaterThan(least);
    expect((one.switches[0]?.at ?? 0) - from).toBeLessThan(most);
  });

  test('is left at once when its far end drains', () => {
    const one = vouchedFor();
    const from = one.now();
    receive(one, 0.2, good, { vouches: { ...HEALTHY, draining: true } });
    expect(one.switches.map(({ at, to }) => [at - from, to])).toEqual([[0, ['plane/1']]]);
  });

  test('answers that its traffic goes there', () => {
    const { failover } = vouchedFor();
    expect([failover.uses('key-f0', 0), failover.uses('key-f1', 1), failover.uses('key-f0', 1)]).toEqual([true, false, false]);
  });
});

describe('how often paths are probed', () => {
  test('gives paths that stay the periods that are configured now', () => {
    const { run, failover, sent, now } = world(GATEWAY);
    const probesIn10s = (settings: Partial<FailoverSettings>): number[] => {
      failover.configure({ ...GATEWAY, settings: { ...DEFAULT_SETTINGS, idleMs: 1000, ...settings } }, now());
      sent.clear();
      run(10, good);
      return ['lan/sib', 'tunnel/0/far', 'tunnel/1/far'].map((path) => sent.get(path) ?? 0);
    };
    probesIn10s({});
    expect(probesIn10s({ lan: { periodMs: 50, failureThreshold: 3 }, tunnel: { periodMs: 500, failureThreshold: 4 } })).toEqual([
      expect.closeTo(200, -0.5),
      expect.closeTo(20, -0.5),
      expect.closeTo(10, -0.5),
    ]);
    // A path on standby is not probed more often than one in use.
    expect(probesIn10s({ tunnel: { periodMs: 2500, failureThreshold: 4 } }).slice(1)).toEqual([4, 4]);
    expect(failover.status(now()).map(({ state }) => state)).toEqual(['up', 'up', 'up', 'up']);
    failover.configure({ ...GATEWAY, settings: { ...DEFAULT_SETTINGS, tunnel: { periodMs: 100, failureThreshold: 2 } } }, now());
    run(0.4, without('tunnel/0/far'));
    expect(failover.choices().get('far')).toEqual(['plane/1']);
  });

  test('of a new tunnel one end probes first, and the other half a second later, unless it was probed', () => {
    const asked = (failover: Failover, until: number): number | undefined => {
      for (let now = 0; now <= until; now += 5)
        if (failover.next() <= now && failover.tick(now).probes.some(({ path }) => path.name === 'tunnel/0/far')) return now;
      return undefined;
    };
    const from = (change: Pick<ProbePath, 'yields'>): Failover => {
      const failover = createFailover();
      failover.configure({ ...GATEWAY, paths: GATEWAY.paths.map((path) => (path.kind === 'tunnel' ? { ...path, ...change } : path)) }, 0);
      return failover;
    };
    const first = asked(from({}), 1000) ?? Number.NaN;
    const second = asked(from({ yields: true }), 1000) ?? Number.NaN;
    expect([first <= 200, second >= 500, second <= 700]).toEqual([true, true, true]);
    const waiting = from({ yields: true });
    expect(asked(waiting, first)).toBeUndefined();
    waiting.onProbe({ key: 'key-f0', inUse: false, forwards: 'unknown', plane: 0, vouches: undefined, relies: true }, first + 20);
    expect(waiting.tick(first + 20).probes.map(({ path }) => path.name)).toContain('tunnel/0/far');
  });

  test('paths on standby are probed rarely', () => {
    const { run, sent } = world(GATEWAY);
    run(10, good);
    sent.clear();
    run(10, good);
    expect(Object.fromEntries(sent)).toEqual({
      'lan/sib': expect.closeTo(67, -0.5),
      'relay/sib': expect.closeTo(25, -0.5),
      'tunnel/0/far': expect.closeTo(25, -0.5),
      'tunnel/1/far': expect.closeTo(5, -0.5),
    });
  });

  test('a tunnel with traffic of the gateway itself only is probed once a second, and more often soon after others use it', () => {
    const { run, sent, failover, now } = world(GATEWAY, false);
    run(10, good);
    sent.clear();
    run(10, good);
    expect(sent.get('tunnel/0/far')).toBe(10);
    sent.clear();
    failover.onProbe({ key: 'key-user', inUse: true, forwards: 'unknown', ...ALONE }, now());
    run(2, good);
    expect(sent.get('tunnel/0/far')).toBe(5);
  });

  test('the alternate path is probed at once and often while its tunnel fails, and hardly ever while it works', () => {
    const alternate: ProbePath = {
      name: 'alternate/0/far',
      kind: 'alternate',
      slot: 0,
      segment: 'far',
      from: 1,
      targets: [target('f0', 'far')],
    };
    const { run, sent, failover } = world({ ...GATEWAY, paths: [...GATEWAY.paths, alternate] });
    const asked = (seconds: number, network: Network): number => {
      sent.clear();
      run(seconds, network);
      return sent.get('alternate/0/far') ?? 0;
    };
    expect(asked(5, good)).toBeGreaterThan(0);
    expect(asked(20, good)).toBe(2);
    // It is found dead before a receive stall of its tunnel is assumed, three seconds after it failed.
    expect(asked(4, without('tunnel/0/far', 'alternate/0/far'))).toBeGreaterThanOrEqual(3);
    expect(
      failover
        .status(29_000)
        .filter(({ state }) => state === 'down')
        .map(({ path, forMs }) => [path.name, forMs >= 3000]),
    ).toEqual([
      ['tunnel/0/far', true],
      ['alternate/0/far', false],
    ]);
    expect(asked(10, without('tunnel/0/far'))).toBeGreaterThanOrEqual(10);
  });
});
