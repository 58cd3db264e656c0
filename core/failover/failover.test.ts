import { describe, expect, test } from '@jest/globals';
import { hash32 } from '../net/hash.js';
import type { FailoverConfig } from './config.js';
import { createFailover } from './failover.js';
import { DEFAULT_SETTINGS } from './settings.js';
import { GATEWAY, good, MEMBER, type Network, without, world, ALONE } from '../../test/fakes/failoverWorld.js';

describe('a gateway', () => {
  test('leaves a plane whose far gateway is silent within 0.9 s, and comes back after ten', () => {
    const { run, switches, used } = world(GATEWAY);
    run(5, good);
    expect(switches).toEqual([]);
    run(20, without('tunnel/0/far'));
    expect(switches.map(({ from, to }) => [from, to])).toEqual([[['plane/0'], ['plane/1']]]);
    expect(switches[0]?.at).toBeGreaterThan(5450);
    expect(switches[0]?.at).toBeLessThan(5900);
    run(8, good);
    expect(used()).toBe('plane/1');
    run(7, good);
    expect(used()).toBe('plane/0');
    expect(switches).toHaveLength(2);
  });

  test('does not come back to a plane that has died since it was last asked', () => {
    const { run, switches, used } = world(GATEWAY);
    run(5, good);
    run(2, without('tunnel/0/far'));
    run(9.9, good);
    expect(used()).toBe('plane/1');
    run(10, without('tunnel/0/far'));
    expect(switches).toHaveLength(1);
  });

  test.each([1, 2, 3])(
    'leaves a plane whose far gateway drains within half a second, though the other has failed %d times of late',
    (times) => {
      const { run, switches, used } = world(GATEWAY);
      run(5, good);
      for (let time = 0; time < times; time += 1) {
        run(4, without('tunnel/1/far'));
        run(3, good);
      }
      run(5, good);
      expect(switches).toEqual([]);
      run(0.5, ({ path }) => ({ afterMs: 10, report: { draining: path.name === 'tunnel/0/far' } }));
      expect(used()).toBe('plane/1');
    },
  );

  test('probes a suspected gateway at once', () => {
    const { run, switches, failover } = world(GATEWAY);
    run(5, good);
    run(0.3, without('tunnel/0/far'));
    expect(switches).toEqual([]);
    failover.onSuspect('key-f0', 5300);
    run(0.2, without('tunnel/0/far'));
    expect(switches[0]?.at).toBeLessThan(5450);
  });

  test('does not leave a gateway that is only suspected', () => {
    const { run, switches, failover } = world(GATEWAY);
    run(5, good);
    for (let time = 5; time < 10; time += 0.1) {
      failover.onSuspect('key-f0', time * 1000);
      run(0.1, good);
    }
    expect(switches).toEqual([]);
  });

  test('uses its sibling when all its own tunnels are down, and reports the segment as unreachable', () => {
    const { run, used, failover } = world(GATEWAY);
    run(5, good);
    run(3, without('tunnel/0/far', 'tunnel/1/far'));
    expect(used()).toBe('node/sib');
    expect(failover.report(8000).unreachable).toEqual([hash32('far')]);
  });

  test('does not use a sibling that does not reach them either', () => {
    const { run, used } = world(GATEWAY);
    run(5, good);
    run(3, ({ path }) => (path.kind === 'tunnel' ? undefined : { afterMs: 10, report: { unreachable: [hash32('far')] } }));
    expect(used()).toMatch(/^plane/);
  });

  test('does not use a sibling that finds the same a moment later: each would send to the other', () => {
    const { run, switches, used } = world(GATEWAY);
    run(5, good);
    // Our own last tunnel is given up some 700 ms after it fell silent, the one of the sibling 200 ms later.
    run(5, ({ path }, at) =>
      path.kind === 'tunnel' ? undefined : { afterMs: 10, report: { unreachable: at < 5900 ? [] : [hash32('far')] } },
    );
    expect(switches.flatMap(({ to }) => to)).not.toContain('node/sib');
    expect(used()).toMatch(/^plane/);
  });

  test('changes nothing when everything fails at once', () => {
    const { run, switches } = world(GATEWAY);
    run(5, good);
    run(90, () => undefined);
    expect(switches).toEqual([]);
  });

  test.each(['draining', 'lanLost', 'notForwarding'] as const)('leaves a far gateway that reports %s, at its next answer', (flag) => {
    const { run, switches } = world(GATEWAY);
    run(5, good);
    run(0.45, ({ path }) => ({ afterMs: 10, report: path.name === 'tunnel/0/far' ? { [flag]: true } : {} }));
    expect(switches.map(({ to }) => to.join())).toEqual(['plane/1']);
  });

  test('probes a far gateway once, and at once, when its report has changed', () => {
    const { run, switches, failover, sent, now } = world(GATEWAY);
    run(5, good);
    sent.clear();
    failover.onSelfUpdate('key-f0', now());
    run(0.05, ({ path }) => ({ afterMs: 10, report: path.name === 'tunnel/0/far' ? { draining: true } : {} }));
    expect([switches.map(({ to }) => to.join()), sent.get('tunnel/0/far')]).toEqual([['plane/1'], 1]);
  });

  test('announces that it drains and that it no longer does, and nothing else', () => {
    const failover = createFailover();
    failover.configure(GATEWAY, 0);
    const announced = [undefined, true, true, undefined, false, undefined].map((draining, index) => {
      if (draining !== undefined) failover.setDraining(draining, index * 10);
      return failover.tick(index * 10).selfUpdate;
    });
    expect(announced).toEqual([false, true, false, false, true, false]);
  });

  test('prefers a far gateway that drains to one that is gone', () => {
    const { run, used } = world(GATEWAY);
    run(5, without('tunnel/1/far'));
    run(5, ({ path }) =>
      path.name === 'tunnel/1/far' ? undefined : { afterMs: 10, report: path.name === 'tunnel/0/far' ? { draining: true } : {} },
    );
    expect(used()).toBe('plane/0');
  });

  test('reports that it lost its LAN when its sibling and all other nodes fall silent, unless it is alone', () => {
    const { run, failover } = world(GATEWAY);
    run(5, good);
    expect(failover.report(5000).lanLost).toBe(false);
    run(1, without('lan/sib', 'relay/sib'));
    expect(failover.report(6000).lanLost).toBe(true);
    const alone = world({ ...GATEWAY, segmentPeers: [], paths: GATEWAY.paths.filter(({ kind }) => kind === 'tunnel') });
    alone.run(5, good);
    expect(alone.failover.report(5000).lanLost).toBe(false);
  });

  test.each([
    [100, 3],
    [1000, 3],
    [5000, 2],
    [10_000, 20],
  ])(
    'that its sibling probes every %d ms receives from its LAN, and reports its loss after %d misses and one more',
    (periodMs, failureThreshold) => {
      const { run, failover, now } = world({ ...GATEWAY, settings: { ...DEFAULT_SETTINGS, lan: { periodMs, failureThreshold } } });
      const lost = new Set<boolean>();
      run((5 * periodMs) / 1000, (probe) => {
        lost.add(failover.report(now()).lanLost);
        return good(probe, now());
      });
      expect([...lost]).toEqual([false]);
      run((periodMs * (failureThreshold + 1) + 600) / 1000, without('lan/sib', 'relay/sib'));
      expect(failover.report(now()).lanLost).toBe(true);
    },
  );

  test('reports that it forwards nothing when all who tried find so', () => {
    const { run, failover } = world(GATEWAY);
    run(1, good);
    failover.onProbe({ key: 'key-sib', inUse: true, forwards: 'no', ...ALONE }, 1000);
    expect(failover.report(1000).notForwarding).toBe(true);
    failover.onProbe({ key: 'key-stranger', inUse: true, forwards: 'yes', ...ALONE }, 1000);
    expect(failover.report(1000).notForwarding).toBe(true);
    failover.onProbe({ key: 'key-sib', inUse: true, forwards: 'yes', ...ALONE }, 1100);
    expect(failover.report(1100).notForwarding).toBe(false);
  });
});

describe('a node that is no gateway', () => {
  test('leaves a silent gateway within 0.4 s', () => {
    const { run, switches } = world(MEMBER);
    run(5, good);
    run(1, without('lan/g0', 'relay/g0'));
    expect(switches.map(({ to }) => to.join())).toEqual(['node/g1']);
    expect(switches[0]?.at).toBeLessThan(5400);
  });

  test('leaves one that answers but forwards nothing within 1.2 s, and reports that to it', () => {
    const { run, switches } = world(MEMBER);
    run(5, good);
    const verdicts: string[] = [];
    run(3, (probe) => {
      if (probe.path.name === 'lan/g0') verdicts.push(probe.forwards);
      return probe.path.name === 'relay/g0' ? undefined : { afterMs: 10 };
    });
    expect(switches.map(({ to }) => to.join())).toEqual(['node/g1']);
    expect(switches[0]?.at).toBeLessThan(6200);
    expect([verdicts[0], verdicts.at(-1)]).toEqual(['yes', 'no']);
  });

  test('blames no gateway when none of them gets through', () => {
    const { run, switches } = world(MEMBER);
    run(5, good);
    run(20, ({ path }) => (path.kind === 'relay' ? undefined : { afterMs: 10 }));
    expect(switches).toEqual([]);
  });

  test('leaves one that reports the segment as unreachable', () => {
    const { run, used } = world(MEMBER);
    run(5, good);
    run(0.15, ({ path }) => ({ afterMs: 10, report: path.name === 'lan/g0' ? { unreachable: [hash32('far')] } : {} }));
    expect(used()).toBe('node/g1');
  });
});

describe('external peers', () => {
  const laptop = {
    paths: [
      { name: 'plane/0', kind: 'plane', slot: 0, probe: 'tunnel/0/peer:laptop' },
      { name: 'node/sib', kind: 'node', node: 'sib', probe: 'lan/sib' },
    ],
    spread: false,
  } as const;
  const config: FailoverConfig = { ...GATEWAY, segments: new Map([...GATEWAY.segments, ['peer:laptop', laptop]]) };

  test('are reached by the gateway that they have a tunnel with', () => {
    const { failover, run } = world(config);
    run(2, good);
    expect(failover.choices().get('peer:laptop')).toEqual(['plane/0']);
    failover.setUnreachable(['peer:laptop']);
    run(1, good);
    expect(failover.choices().get('peer:laptop')).toEqual(['node/sib']);
    expect(failover.report(3000).unreachable).toEqual([hash32('peer:laptop')]);
  });

  test('stay where they were when they have a tunnel with nobody', () => {
    const { failover, run } = world(config);
    const nobody: Network = ({ path }) => ({
      afterMs: 10,
      report: path.name === 'lan/sib' ? { unreachable: [hash32('peer:laptop')] } : {},
    });
    run(2, nobody);
    failover.setUnreachable(['peer:laptop']);
    run(5, nobody);
    expect(failover.choices().get('peer:laptop')).toEqual(['plane/0']);
  });
});
