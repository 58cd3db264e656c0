import { describe, expect, test } from '@jest/globals';
import { hash32 } from '../net/hash.js';
import type { ProbePath } from '../mesh/plan.js';
import type { FailoverConfig } from './config.js';
import { createFailover, type Failover, type Probe, type Switch } from './failover.js';
import type { Report } from './message.js';
import { DEFAULT_SETTINGS, type FailoverSettings } from './settings.js';

const target = (name: string, segment?: string): ProbePath['targets'][number] => ({ name, publicKey: `key-${name}`, address: '10.4.0.1', ...(segment === undefined ? {} : { segment }) });

/** A gateway with two planes to `far` (gateways f0, f1), and a sibling `sib`. */
const GATEWAY: FailoverConfig = {
  settings: DEFAULT_SETTINGS,
  isGateway: true,
  kin: [target('sib')],
  paths: [
    { name: 'near/sib', kind: 'near', slot: 1, node: 'sib', from: 1, targets: [target('sib')] },
    { name: 'through/sib', kind: 'through', slot: 1, node: 'sib', from: 2, answerVia: 1, targets: [target('f0', 'far'), target('f1', 'far')] },
    { name: 'tunnel/0/far', kind: 'tunnel', slot: 0, segment: 'far', from: 3, answerVia: 0, targets: [target('f0', 'far')] },
    { name: 'tunnel/1/far', kind: 'tunnel', slot: 1, segment: 'far', from: 4, answerVia: 0, targets: [target('f1', 'far')] },
  ],
  segments: new Map([['far', { spread: false, ways: [{ name: 'plane/0', kind: 'plane', slot: 0 }, { name: 'plane/1', kind: 'plane', slot: 1 }, { name: 'node/sib', kind: 'node', slot: 1 }] }]]),
};

/** A node that goes by gateways g0 and g1. */
const MEMBER: FailoverConfig = {
  settings: DEFAULT_SETTINGS,
  isGateway: false,
  kin: [target('g0'), target('g1')],
  paths: [0, 1].flatMap((slot): ProbePath[] => [
    { name: `near/g${slot}`, kind: 'near', slot, node: `g${slot}`, from: 1, targets: [target(`g${slot}`)] },
    { name: `through/g${slot}`, kind: 'through', slot, node: `g${slot}`, from: 2 + slot, answerVia: slot, targets: [target('f0', 'far'), target('f1', 'far')] },
  ]),
  segments: new Map([['far', { spread: false, ways: [{ name: 'node/g0', kind: 'node', slot: 0 }, { name: 'node/g1', kind: 'node', slot: 1 }] }]]),
};

const FINE: Report = { draining: false, lanLost: false, notForwarding: false, unreachable: [] };

/** Of a request that came by no tunnel. */
const ALONE = { plane: undefined, assures: undefined, relies: true } as const;

/** What the network does with a probe at a time: an answer after some milliseconds, or none. */
type Network = (probe: Probe, at: number) => { readonly afterMs: number; readonly report?: Partial<Report> } | undefined;

interface World {
  readonly failover: Failover;
  readonly switches: (Switch & { readonly at: number })[];
  /** Probes sent, by path. */
  readonly sent: Map<string, number>;
  /** Runs `seconds` of simulated time. */
  run(seconds: number, network: Network): void;
  used(): string;
  now(): number;
}

/** `isTransit`: traffic of others takes the node. */
function world(config: FailoverConfig, isTransit = true): World {
  const failover = createFailover();
  const switches: (Switch & { at: number })[] = [];
  const sent = new Map<string, number>();
  let now = 0;
  failover.configure(config, now);
  return {
    failover,
    switches,
    sent,
    run(seconds, network) {
      const answers: { readonly at: number; readonly probe: Probe; readonly report: Report }[] = [];
      for (const end = now + seconds * 1000; now < end; now += 5) {
        for (const { probe, report } of answers.splice(0).filter((answer) => answer.at <= now || (answers.push(answer), false))) {
          switches.push(...failover.answered(probe.path.name, probe.nonce, { report, inUse: false }, now).switches.map((one) => ({ ...one, at: now })));
        }
        if (isTransit && now % 1000 === 0) failover.asked({ key: 'key-user', inUse: true, forwards: 'unknown', ...ALONE }, now);
        if (failover.next() > now) continue;
        const effects = failover.tick(now);
        switches.push(...effects.switches.map((one) => ({ ...one, at: now })));
        for (const probe of effects.probes) {
          sent.set(probe.path.name, (sent.get(probe.path.name) ?? 0) + 1);
          const answer = network(probe, now);
          if (answer !== undefined) answers.push({ at: now + answer.afterMs, probe, report: { ...FINE, ...answer.report } });
        }
      }
    },
    now: () => now,
    used: () => failover.choices().get('far')?.join() ?? '',
  };
}

const good: Network = () => ({ afterMs: 10 });
const without = (...silent: string[]): Network => ({ path }) => (silent.includes(path.name) ? undefined : { afterMs: 10 });

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

  test.each([1, 2, 3])('leaves a plane whose far gateway drains within half a second, though the other has failed %d times of late', (times) => {
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
  });

  test('is told by others, and looks at once', () => {
    const { run, switches, failover } = world(GATEWAY);
    run(5, good);
    run(0.3, without('tunnel/0/far'));
    expect(switches).toEqual([]);
    failover.doubted('key-f0', 5300);
    run(0.2, without('tunnel/0/far'));
    expect(switches[0]?.at).toBeLessThan(5450);
  });

  test('does not believe rumours', () => {
    const { run, switches, failover } = world(GATEWAY);
    run(5, good);
    for (let time = 5; time < 10; time += 0.1) {
      failover.doubted('key-f0', time * 1000);
      run(0.1, good);
    }
    expect(switches).toEqual([]);
  });

  test('goes by its sibling when all its own tunnels are down, and says that it reaches nobody', () => {
    const { run, used, failover } = world(GATEWAY);
    run(5, good);
    run(3, without('tunnel/0/far', 'tunnel/1/far'));
    expect(used()).toBe('node/sib');
    expect(failover.report(8000).unreachable).toEqual([hash32('far')]);
  });

  test('not by one that does not reach them either', () => {
    const { run, used } = world(GATEWAY);
    run(5, good);
    run(3, ({ path }) => (path.kind === 'tunnel' ? undefined : { afterMs: 10, report: { unreachable: [hash32('far')] } }));
    expect(used()).toMatch(/^plane/);
  });

  test('not by one that finds the same a moment later: each would send to the other', () => {
    const { run, switches, used } = world(GATEWAY);
    run(5, good);
    // Our own last tunnel is given up some 700 ms after it fell silent, the one of the sibling 200 ms later.
    run(5, ({ path }, at) => (path.kind === 'tunnel' ? undefined : { afterMs: 10, report: { unreachable: at < 5900 ? [] : [hash32('far')] } }));
    expect(switches.flatMap(({ to }) => to)).not.toContain('node/sib');
    expect(used()).toMatch(/^plane/);
  });

  test('changes nothing when everything fails at once', () => {
    const { run, switches } = world(GATEWAY);
    run(5, good);
    run(90, () => undefined);
    expect(switches).toEqual([]);
  });

  test.each(['draining', 'lanLost', 'notForwarding'] as const)('leaves a far gateway that says it is %s, at its next answer', (flag) => {
    const { run, switches } = world(GATEWAY);
    run(5, good);
    run(0.45, ({ path }) => ({ afterMs: 10, report: path.name === 'tunnel/0/far' ? { [flag]: true } : {} }));
    expect(switches.map(({ to }) => to.join())).toEqual(['plane/1']);
  });

  test('asks at once a far gateway that has something to say, and once', () => {
    const { run, switches, failover, sent, now } = world(GATEWAY);
    run(5, good);
    sent.clear();
    failover.tells('key-f0', now());
    run(0.05, ({ path }) => ({ afterMs: 10, report: path.name === 'tunnel/0/far' ? { draining: true } : {} }));
    expect([switches.map(({ to }) => to.join()), sent.get('tunnel/0/far')]).toEqual([['plane/1'], 1]);
  });

  test('has news of itself when it drains and when it does so no more, and no others', () => {
    const failover = createFailover();
    failover.configure(GATEWAY, 0);
    const news = [undefined, true, true, undefined, false, undefined].map((draining, index) => {
      if (draining !== undefined) failover.setDraining(draining, index * 10);
      return failover.tick(index * 10).isNews;
    });
    expect(news).toEqual([false, true, false, false, true, false]);
  });

  test('prefers a far gateway that leaves to one that is gone', () => {
    const { run, used } = world(GATEWAY);
    run(5, without('tunnel/1/far'));
    run(5, ({ path }) => (path.name === 'tunnel/1/far' ? undefined : { afterMs: 10, report: path.name === 'tunnel/0/far' ? { draining: true } : {} }));
    expect(used()).toBe('plane/0');
  });

  test('says that it has lost its LAN when its sibling and all other nodes fall silent, unless it is alone', () => {
    const { run, failover } = world(GATEWAY);
    run(5, good);
    expect(failover.report(5000).lanLost).toBe(false);
    run(1, without('near/sib', 'through/sib'));
    expect(failover.report(6000).lanLost).toBe(true);
    const alone = world({ ...GATEWAY, kin: [], paths: GATEWAY.paths.filter(({ kind }) => kind === 'tunnel') });
    alone.run(5, good);
    expect(alone.failover.report(5000).lanLost).toBe(false);
  });

  test.each([[100, 3], [1000, 3], [5000, 2], [10_000, 20]])('asked by its sibling every %d ms hears its LAN, and is sure of its loss after %d misses and one more', (intervalMs, misses) => {
    const { run, failover, now } = world({ ...GATEWAY, settings: { ...DEFAULT_SETTINGS, near: { intervalMs, misses } } });
    const lost = new Set<boolean>();
    run(5 * intervalMs / 1000, (probe) => {
      lost.add(failover.report(now()).lanLost);
      return good(probe, now());
    });
    expect([...lost]).toEqual([false]);
    run((intervalMs * (misses + 1) + 600) / 1000, without('near/sib', 'through/sib'));
    expect(failover.report(now()).lanLost).toBe(true);
  });

  test('says that it forwards nothing when all who tried find so', () => {
    const { run, failover } = world(GATEWAY);
    run(1, good);
    failover.asked({ key: 'key-sib', inUse: true, forwards: 'no', ...ALONE }, 1000);
    expect(failover.report(1000).notForwarding).toBe(true);
    failover.asked({ key: 'key-stranger', inUse: true, forwards: 'yes', ...ALONE }, 1000);
    expect(failover.report(1000).notForwarding).toBe(true);
    failover.asked({ key: 'key-sib', inUse: true, forwards: 'yes', ...ALONE }, 1100);
    expect(failover.report(1100).notForwarding).toBe(false);
  });
});

describe('whenever it dies between two questions', () => {
  const phases = Array.from({ length: 40 }, (_, index) => index * 25);
  interface Row { readonly config: FailoverConfig; readonly isTransit: boolean; readonly silent: readonly string[]; readonly least: number; readonly most: number }
  test.each<[string, Row]>([
    ['a gateway of our location is left after 200 to 370 ms', { config: MEMBER, isTransit: false, silent: ['near/g0', 'through/g0'], least: 200, most: 370 }],
    ['a tunnel is left after 400 to 870 ms', { config: GATEWAY, isTransit: true, silent: ['tunnel/0/far'], least: 400, most: 870 }],
    ['one with nothing but traffic of the gateway itself after at most 1.5 s, if nobody tells', { config: GATEWAY, isTransit: false, silent: ['tunnel/0/far'], least: 400, most: 1500 }],
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

  test('one missing answer costs a question or two, a late one no more', () => {
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
    expect(asked(({ nonce, path }) => (path.name === 'tunnel/0/far' && nonce % 2 === 0 ? undefined : { afterMs: 10 }))).toBeLessThanOrEqual(12);
    expect(asked(({ path }) => ({ afterMs: path.name === 'tunnel/0/far' ? 80 : 10 }))).toBeLessThanOrEqual(11);
  });
});

describe('a tunnel whose far end speaks for it', () => {
  interface Word { readonly assures: Report | undefined; readonly relies?: boolean }
  /** `seconds` in which the far end says `word` every 200 ms, if it says anything. */
  function hear({ run, failover, now }: World, seconds: number, network: Network, word: Word | undefined): void {
    for (let round = 0; round < seconds * 5; round += 1) {
      if (word !== undefined) failover.asked({ key: 'key-f0', inUse: true, forwards: 'unknown', plane: 0, relies: true, ...word }, now());
      run(0.2, network);
    }
  }
  const heard = (): World => {
    const one = world(GATEWAY);
    one.run(5, good);
    hear(one, 5, good, { assures: FINE });
    one.sent.clear();
    return one;
  };

  test.each<[string, number, Word | undefined]>([
    ['every two seconds while it is said to be good', 5, { assures: FINE }],
    ['at its pace where the far end relies on us', 25, { assures: FINE, relies: false }],
    ['at its pace, and four times as often at first, where it is no longer said to be good', 28, { assures: undefined }],
    ['at its pace where nothing is said', 25, undefined],
  ])('is asked %s', (_when, times, word) => {
    const one = heard();
    hear(one, 10, good, word);
    expect(one.sent.get('tunnel/0/far')).toBeGreaterThanOrEqual(times - 1);
    expect(one.sent.get('tunnel/0/far')).toBeLessThanOrEqual(times + 1);
    expect(one.switches).toEqual([]);
  });

  test.each<[string, Word | undefined, number, number]>([
    ['of the last word, which was good, where it falls silent', undefined, 600, 900],
    ['of the first word that it is not good', { assures: undefined }, 250, 600],
    ['and of its next question, whatever the far end says', { assures: FINE }, 600, 2000],
  ])('is left soon: %s', (_when, word, least, most) => {
    const one = heard();
    const from = one.now();
    hear(one, 3, without('tunnel/0/far'), word);
    expect(one.switches.map(({ to }) => to)).toEqual([['plane/1']]);
    expect((one.switches[0]?.at ?? 0) - from).toBeGreaterThan(least);
    expect((one.switches[0]?.at ?? 0) - from).toBeLessThan(most);
  });

  test('is left at once when its far end drains', () => {
    const one = heard();
    const from = one.now();
    hear(one, 0.2, good, { assures: { ...FINE, draining: true } });
    expect(one.switches.map(({ at, to }) => [at - from, to])).toEqual([[0, ['plane/1']]]);
  });

  test('tells the far end that its traffic goes there', () => {
    const { failover } = heard();
    expect([failover.uses('key-f0', 0), failover.uses('key-f1', 1), failover.uses('key-f0', 1)]).toEqual([true, false, false]);
  });
});

describe('a node that is no gateway', () => {
  test('leaves a silent gateway within 0.4 s', () => {
    const { run, switches } = world(MEMBER);
    run(5, good);
    run(1, without('near/g0', 'through/g0'));
    expect(switches.map(({ to }) => to.join())).toEqual(['node/g1']);
    expect(switches[0]?.at).toBeLessThan(5400);
  });

  test('leaves one that answers but forwards nothing within 1.2 s, and tells it so', () => {
    const { run, switches } = world(MEMBER);
    run(5, good);
    const verdicts: string[] = [];
    run(3, (probe) => {
      if (probe.path.name === 'near/g0') verdicts.push(probe.forwards);
      return probe.path.name === 'through/g0' ? undefined : { afterMs: 10 };
    });
    expect(switches.map(({ to }) => to.join())).toEqual(['node/g1']);
    expect(switches[0]?.at).toBeLessThan(6200);
    expect([verdicts[0], verdicts.at(-1)]).toEqual(['yes', 'no']);
  });

  test('blames no gateway when none of them gets through', () => {
    const { run, switches } = world(MEMBER);
    run(5, good);
    run(20, ({ path }) => (path.kind === 'through' ? undefined : { afterMs: 10 }));
    expect(switches).toEqual([]);
  });

  test('leaves one that says it reaches the segment no more', () => {
    const { run, used } = world(MEMBER);
    run(5, good);
    run(0.15, ({ path }) => ({ afterMs: 10, report: path.name === 'near/g0' ? { unreachable: [hash32('far')] } : {} }));
    expect(used()).toBe('node/g1');
  });
});

describe('people', () => {
  const laptop = { ways: [{ name: 'plane/0', kind: 'plane', slot: 0 }, { name: 'node/sib', kind: 'node', slot: 1 }], spread: false } as const;
  const config: FailoverConfig = { ...GATEWAY, segments: new Map([...GATEWAY.segments, ['peer:laptop', laptop]]) };

  test('go by the gateway that they have a tunnel with', () => {
    const { failover, run } = world(config);
    run(2, good);
    expect(failover.choices().get('peer:laptop')).toEqual(['plane/0']);
    failover.setSilent(['peer:laptop']);
    run(1, good);
    expect(failover.choices().get('peer:laptop')).toEqual(['node/sib']);
    expect(failover.report(3000).unreachable).toEqual([hash32('peer:laptop')]);
  });

  test('stay where they were when they have one with nobody', () => {
    const { failover, run } = world(config);
    const nobody: Network = ({ path }) => ({ afterMs: 10, report: path.name === 'near/sib' ? { unreachable: [hash32('peer:laptop')] } : {} });
    run(2, nobody);
    failover.setSilent(['peer:laptop']);
    run(5, nobody);
    expect(failover.choices().get('peer:laptop')).toEqual(['plane/0']);
  });
});

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

  test('2 % loss each way for ten minutes: never without a way, and no switch more than one a minute', () => {
    const { run, switches, failover, now } = world(GATEWAY);
    const lost = losses(0.0396);
    const inUse = new Set<string>();
    run(1, good);
    run(600, ({ path }) => {
      inUse.add(failover.status(now()).filter((one) => one.inUse).map(({ state }) => state).join());
      return path.kind === 'near' || !lost() ? { afterMs: 30 } : undefined;
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

  test('what is left dead is left for what has come back two seconds before, where it does not come back itself', () => {
    const { run, switches } = world(MEMBER);
    run(5, good);
    run(3, () => undefined);
    run(1.5, without('near/g0', 'through/g0'));
    expect(switches).toEqual([]);
    run(2, without('near/g0', 'through/g0'));
    expect(switches.map(({ to }) => to.join())).toEqual(['node/g1']);
  });

  test.each([
    ['a gateway', GATEWAY],
    ['a node that is no gateway', MEMBER],
  ])('%s behind a link that fails every 3 s stays where it is: what is tried then is no better', (_name, config) => {
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

  test('a slow path is no dead path: 250 ms there and back', () => {
    const { run, switches, failover } = world(GATEWAY);
    run(60, ({ path }) => ({ afterMs: path.kind === 'tunnel' ? 250 : 5 }));
    expect(switches).toEqual([]);
    expect(failover.status(60_000).map(({ state }) => state)).toEqual(['up', 'up', 'up', 'up']);
  });
});

describe('configuration', () => {
  test('goes on with what the host uses', () => {
    const failover = createFailover();
    failover.adopt(new Map([['far', ['plane/1']]]));
    failover.configure(GATEWAY, 0);
    expect(failover.choices().get('far')).toEqual(['plane/1']);
  });

  test.each(['no tunnel yet', 'tunnels that need two seconds'])('a member that becomes a gateway goes on by the one it used: %s', (which) => {
    const { run, switches, failover, used } = world({ ...GATEWAY, segments: new Map([['far', { spread: false, ways: [{ name: 'node/sib', kind: 'node', slot: 1 }] }]]), paths: GATEWAY.paths.slice(0, 2) });
    run(5, good);
    failover.configure(GATEWAY, 5000);
    run(2, without('tunnel/0/far', 'tunnel/1/far'));
    expect([switches, used()]).toEqual([[], 'node/sib']);
    if (which === 'no tunnel yet') return;
    run(1, good);
    expect(switches.map(({ to }) => to)).toEqual([['plane/0']]);
  });

  test('an agent that starts where its host goes by another gateway stays there until a tunnel is seen to work', () => {
    const { run, switches, failover, used } = world({ ...GATEWAY, segments: new Map() });
    failover.adopt(new Map([['far', ['node/sib']]]));
    failover.configure(GATEWAY, 0);
    run(0.5, without('tunnel/0/far', 'tunnel/1/far'));
    expect([switches, used()]).toEqual([[], 'node/sib']);
  });

  test('keeps choices and knowledge of paths that stay', () => {
    const { run, failover, used } = world(GATEWAY);
    run(5, good);
    run(2, without('tunnel/0/far'));
    failover.configure({ ...GATEWAY, paths: [...GATEWAY.paths] }, 7000);
    expect(used()).toBe('plane/1');
    expect(failover.status(7000).find(({ path }) => path.name === 'tunnel/0/far')?.state).toBe('down');
  });

  test('gives paths that stay the paces that are wanted now', () => {
    const { run, failover, sent, now } = world(GATEWAY);
    const askedIn10s = (settings: Partial<FailoverSettings>): number[] => {
      failover.configure({ ...GATEWAY, settings: { ...DEFAULT_SETTINGS, idleMs: 1000, ...settings } }, now());
      sent.clear();
      run(10, good);
      return ['near/sib', 'tunnel/0/far', 'tunnel/1/far'].map((path) => sent.get(path) ?? 0);
    };
    askedIn10s({});
    expect(askedIn10s({ near: { intervalMs: 50, misses: 3 }, tunnel: { intervalMs: 500, misses: 4 } })).toEqual([expect.closeTo(200, -0.5), expect.closeTo(20, -0.5), expect.closeTo(10, -0.5)]);
    // What waits is not asked more often than what is in use.
    expect(askedIn10s({ tunnel: { intervalMs: 2500, misses: 4 } }).slice(1)).toEqual([4, 4]);
    expect(failover.status(now()).map(({ state }) => state)).toEqual(['up', 'up', 'up', 'up']);
    failover.configure({ ...GATEWAY, settings: { ...DEFAULT_SETTINGS, tunnel: { intervalMs: 100, misses: 2 } } }, now());
    run(0.4, without('tunnel/0/far'));
    expect(failover.choices().get('far')).toEqual(['plane/1']);
  });

  test('of a new tunnel one end asks first, and the other half a second later, unless it was asked', () => {
    const asked = (failover: Failover, until: number): number | undefined => {
      for (let now = 0; now <= until; now += 5) if (failover.next() <= now && failover.tick(now).probes.some(({ path }) => path.name === 'tunnel/0/far')) return now;
      return undefined;
    };
    const from = (change: Partial<ProbePath>): Failover => {
      const failover = createFailover();
      failover.configure({ ...GATEWAY, paths: GATEWAY.paths.map((path) => (path.kind === 'tunnel' ? { ...path, ...change } : path)) }, 0);
      return failover;
    };
    const first = asked(from({}), 1000) ?? Number.NaN;
    const second = asked(from({ yields: true }), 1000) ?? Number.NaN;
    expect([first <= 200, second >= 500, second <= 700]).toEqual([true, true, true]);
    const waiting = from({ yields: true });
    expect(asked(waiting, first)).toBeUndefined();
    waiting.asked({ key: 'key-f0', inUse: false, forwards: 'unknown', plane: 0, assures: undefined, relies: true }, first + 20);
    expect(waiting.tick(first + 20).probes.map(({ path }) => path.name)).toContain('tunnel/0/far');
  });

  test('forgets a path whose far end is another now', () => {
    const { run, failover } = world(GATEWAY);
    run(5, good);
    run(2, without('tunnel/0/far'));
    failover.configure({ ...GATEWAY, paths: GATEWAY.paths.map((path) => (path.name === 'tunnel/0/far' ? { ...path, targets: [target('new', 'far')] } : path)) }, 7000);
    expect(failover.status(7000).find(({ path }) => path.name === 'tunnel/0/far')?.state).toBe('new');
  });

  test('what waits is asked seldom', () => {
    const { run, sent } = world(GATEWAY);
    run(10, good);
    sent.clear();
    run(10, good);
    expect(Object.fromEntries(sent)).toEqual({ 'near/sib': expect.closeTo(67, -0.5), 'through/sib': expect.closeTo(20, -0.5), 'tunnel/0/far': expect.closeTo(25, -0.5), 'tunnel/1/far': expect.closeTo(5, -0.5) });
  });

  test('a tunnel with nothing but traffic of the gateway itself is asked once a second, and soon more often when others come', () => {
    const { run, sent, failover, now } = world(GATEWAY, false);
    run(10, good);
    sent.clear();
    run(10, good);
    expect(sent.get('tunnel/0/far')).toBe(10);
    sent.clear();
    failover.asked({ key: 'key-user', inUse: true, forwards: 'unknown', ...ALONE }, now());
    run(2, good);
    expect(sent.get('tunnel/0/far')).toBe(5);
  });

  test('what answers around a tunnel is asked while the tunnel fails, at once, and hardly ever while it works', () => {
    const around: ProbePath = { name: 'around/0/far', kind: 'around', slot: 0, segment: 'far', from: 1, targets: [target('f0', 'far')] };
    const { run, sent, failover } = world({ ...GATEWAY, paths: [...GATEWAY.paths, around] });
    const asked = (seconds: number, network: Network): number => {
      sent.clear();
      run(seconds, network);
      return sent.get('around/0/far') ?? 0;
    };
    expect(asked(5, good)).toBeGreaterThan(0);
    expect(asked(20, good)).toBe(2);
    // It is found dead before its tunnel is taken for deaf, three seconds after it failed.
    expect(asked(4, without('tunnel/0/far', 'around/0/far'))).toBeGreaterThanOrEqual(3);
    expect(failover.status(29_000).filter(({ state }) => state === 'down').map(({ path, forMs }) => [path.name, forMs >= 3000])).toEqual([['tunnel/0/far', true], ['around/0/far', false]]);
    expect(asked(10, without('tunnel/0/far'))).toBeGreaterThanOrEqual(10);
  });
});
