import { describe, expect, test } from '@jest/globals';
import type { PathState } from '../../core/failover/probedPath.js';
import type { FailureFacts } from '../../core/reports/linkReason.js';
import { createInterruptiblePause } from '../../core/runtime/pause.js';
import { type FakeReportStore, fakeReportStore } from '../../test/fakes/reports.js';
import { peerOf, planWith, statusOf } from '../../test/fakes/tunnels.js';
import { createHandClock, type HandClock, SILENT } from '../../test/host/handClock.js';
import { type ReportFacts, runReporter } from './reporter.js';
import type { StoredReport } from './reportStore.js';

const OWNER = { name: 'a', uid: 'uid-a' };

interface Gateway {
  readonly clock: HandClock;
  readonly store: FakeReportStore;
  state: PathState;
  rttMs: number;
  evidence: FailureFacts;
  facts: Partial<ReportFacts>;
  /** Undefined facts: nothing is planned yet. */
  planned: boolean;
  changed(): void;
  end(): Promise<void>;
}

/** One with a tunnel to the gateway `far`. */
function gateway(report?: StoredReport): Gateway {
  const clock = createHandClock();
  const store = fakeReportStore(() => clock.now(), report);
  const stop = new AbortController();
  const changes = createInterruptiblePause(clock);
  let since = 0;
  let state: PathState = 'new';
  const plan = { ...planWith(peerOf('gateway', 'far')), role: { kind: 'gateway', slot: 0 } } as const;
  const result: Gateway = {
    clock,
    store,
    get state() {
      return state;
    },
    set state(next) {
      state = next;
      since = clock.now();
      changes.interrupt();
    },
    rttMs: 4,
    evidence: { hasEndpoint: true, hostAnswered: false },
    facts: {},
    planned: true,
    changed: () => changes.interrupt(),
    async end() {
      stop.abort();
      await running;
    },
  };
  const running = Promise.resolve().then(() =>
    runReporter(
      {
        clock,
        log: SILENT,
        store,
        evidence: { gather: () => Promise.resolve(), factsOf: () => result.evidence },
        facts: () =>
          result.planned
            ? {
                plan,
                paths: [{ ...statusOf('tunnel', 'far', state, clock.now() - since), leastRttMs: result.rttMs }],
                choices: new Map([['far', ['plane/0']]]),
                draining: false,
                owner: OWNER,
                ...result.facts,
              }
            : undefined,
        changes,
      },
      stop.signal,
    ),
  );
  return result;
}

/** What was written: when, and the state and reason of the only tunnel. */
function written({ store }: Gateway): unknown[] {
  return store.writes.map(({ at, spec }) => {
    const link = spec === 'deleted' ? undefined : spec.links[0];
    return [at, spec === 'deleted' ? spec : [link?.state, link?.reason].filter((each) => each !== undefined).join(' ')];
  });
}

const at = (wall: number): string => new Date(1_700_000_000_000 + wall).toISOString().replace(/[.]\d+/, '');

test('a tunnel that comes up, fails, and works again: at once each time', async () => {
  const node = gateway();
  await node.clock.advance(300);
  node.state = 'up';
  await node.clock.advance(9_700);
  node.state = 'down';
  await node.clock.advance(500);
  node.evidence = { ...node.evidence, hostAnswered: true };
  await node.clock.advance(9_500);
  node.state = 'up';
  await node.clock.advance(2_000);
  await node.end();
  expect(written(node)).toEqual([
    [0, 'unknown'],
    [1000, 'up'],
    // Its figures.
    [4060, 'up'],
    [10_020, 'down NoAnswer'],
    [11_040, 'down AgentGone'],
    [20_020, 'up'],
  ]);
  expect(node.store.report).toMatchObject({
    owners: ['uid-a'],
    spec: { links: [{ segment: 'far', slot: 0, peer: 'far', state: 'up', inUse: true, since: at(20_000) }] },
  });
});

test('a tunnel that comes and goes all the time costs one write a second', async () => {
  const node = gateway();
  for (let change = 0; change < 200; change += 1) {
    node.state = change % 2 === 0 ? 'down' : 'up';
    await node.clock.advance(130);
  }
  await node.end();
  const times = node.store.writes.map(({ at: time }) => time);
  expect(times.length).toBeGreaterThan(5);
  expect(times.slice(1).every((time, index) => time - (times[index] ?? 0) >= 1000)).toBe(true);
});

test('tunnels that fail one after the other are told soon, each at most once a second', async () => {
  const node = gateway();
  const plan = { ...planWith(peerOf('gateway', 'far'), peerOf('gateway', 'near')), role: { kind: 'gateway', slot: 0 } } as const;
  const see = (far: PathState, near: PathState): void => {
    const paths = [statusOf('tunnel', 'far', far, 10_000), statusOf('tunnel', 'near', near, 10_000)];
    node.facts = { plan, paths };
    node.changed();
  };
  const told = (): unknown[] =>
    node.store.writes.map(({ at: time, spec }) => [time, spec === 'deleted' ? spec : spec.links.map(({ state }) => state).join()]);
  see('up', 'up');
  await node.clock.advance(10_000);
  const before = node.store.writes.length;
  see('down', 'up');
  await node.clock.advance(400);
  see('down', 'down');
  await node.clock.advance(100);
  see('up', 'down');
  await node.clock.advance(100);
  see('down', 'down');
  await node.clock.advance(100);
  see('up', 'up');
  await node.clock.advance(5_000);
  await node.end();
  expect(told().slice(before)).toEqual([
    [10_020, 'down,up'],
    [10_420, 'down,down'],
    [11_420, 'up,up'],
  ]);
});

test('of a hundred tunnels that fail at a hundred moments, no more is written than five times a second', async () => {
  const node = gateway();
  const names = Array.from({ length: 100 }, (_, index) => `far${String(index).padStart(2, '0')}`);
  const plan = { ...planWith(...names.map((name) => peerOf('gateway', name))), role: { kind: 'gateway', slot: 0 } } as const;
  const see = (failed: number): void => {
    const paths = names.map((name, index) => statusOf('tunnel', name, index < failed ? 'down' : 'up', 10_000));
    node.facts = { plan, paths };
    node.changed();
  };
  see(0);
  await node.clock.advance(10_000);
  const before = node.store.writes.length;
  for (let failed = 1; failed <= 100; failed += 1) {
    see(failed);
    await node.clock.advance(30);
  }
  await node.clock.advance(5_000);
  await node.end();
  const times = node.store.writes.slice(before).map(({ at: time }) => time);
  expect(times.length).toBeLessThanOrEqual(16);
  expect(times.slice(1).every((time, index) => time - (times[index] ?? 0) >= 200)).toBe(true);
  expect(node.store.report?.spec.links.every(({ state }) => state === 'down')).toBe(true);
});

test('ten quiet minutes cost nothing, though round trips waver', async () => {
  const node = gateway();
  node.state = 'up';
  await node.clock.advance(10_000);
  const before = node.store.writes.length;
  for (let second = 0; second < 600; second += 1) {
    node.rttMs = [4, 9, 3, 40, 5][second % 5] ?? 4;
    await node.clock.advance(1000);
  }
  await node.end();
  expect(node.store.writes.length).toBe(before);
  expect(node.store.reads).toBe(2);
});

test('a path that becomes slow for good is told once', async () => {
  const node = gateway();
  node.state = 'up';
  await node.clock.advance(90_000);
  const before = node.store.writes.length;
  node.rttMs = 80;
  await node.clock.advance(300_000);
  await node.end();
  expect(node.store.writes.slice(before).map(({ spec }) => spec !== 'deleted' && spec.links[0]?.rttMilliseconds)).toEqual([85.4]);
});

const STANDING: StoredReport = {
  owners: ['uid-a'],
  spec: {
    links: [
      {
        segment: 'far',
        slot: 0,
        peer: 'far',
        state: 'up',
        inUse: true,
        since: '2023-01-01T00:00:00Z',
        rttMilliseconds: 5,
        lossPercent: 0,
      },
    ],
  },
};

describe('an agent that starts', () => {
  test('writes nothing where all is as it was', async () => {
    const node = gateway(STANDING);
    await node.clock.advance(700);
    node.state = 'up';
    await node.clock.advance(200_000);
    await node.end();
    expect(node.store.writes).toEqual([]);
  });

  test('waits for a plan, and for an API server', async () => {
    const node = gateway();
    node.planned = false;
    node.store.away = true;
    await node.clock.advance(3000);
    expect(node.store.reads).toBe(0);
    node.planned = true;
    await node.clock.advance(20_000);
    expect(node.store.reads).toBeLessThan(6);
    node.store.away = false;
    await node.clock.advance(30_000);
    await node.end();
    expect(written(node)).toHaveLength(1);
  });

  test('takes a report over to the Node that is there now', async () => {
    const node = gateway({ ...STANDING, owners: ['uid of a Node that is gone'] });
    node.state = 'up';
    await node.clock.advance(500);
    await node.end();
    expect(node.store.report).toEqual(STANDING);
  });
});

describe('a node that ends no tunnels', () => {
  const MEMBER = { plan: { ...planWith(), role: { kind: 'member' } } } as const;

  test('has no report', async () => {
    const node = gateway(STANDING);
    node.facts = MEMBER;
    await node.clock.advance(10_000);
    await node.end();
    expect(written(node)).toEqual([[0, 'deleted']]);
  });

  test('has nothing to delete where there is none', async () => {
    const node = gateway();
    node.facts = MEMBER;
    await node.clock.advance(10_000);
    await node.end();
    expect(node.store.writes).toEqual([]);
  });

  test('has one again when it becomes a gateway', async () => {
    const node = gateway();
    node.facts = MEMBER;
    await node.clock.advance(2000);
    node.facts = {};
    node.state = 'up';
    await node.clock.advance(1000);
    await node.end();
    expect(written(node)).toHaveLength(1);
  });
});

test('I13: draining is told, and told no longer', async () => {
  const node = gateway(STANDING);
  node.state = 'up';
  node.facts = { draining: true };
  await node.clock.advance(1500);
  expect(node.store.report?.spec).toEqual({ ...STANDING.spec, draining: true });
  node.facts = {};
  await node.clock.advance(1500);
  await node.end();
  expect(node.store.report).toEqual(STANDING);
});

test('what could not be written is written later, once', async () => {
  const node = gateway(STANDING);
  node.state = 'up';
  await node.clock.advance(2000);
  node.store.away = true;
  node.state = 'down';
  await node.clock.advance(60_000);
  expect(node.store.writes).toEqual([]);
  node.store.away = false;
  await node.clock.advance(31_000);
  await node.end();
  expect(written(node)).toHaveLength(1);
  expect(node.store.report?.spec.links[0]).toMatchObject({ state: 'down', since: at(2000) });
});

test('a report that somebody deletes is written again within ten minutes', async () => {
  const node = gateway(STANDING);
  node.state = 'up';
  await node.clock.advance(2000);
  node.store.report = undefined;
  await node.clock.advance(600_000);
  await node.end();
  expect(written(node)).toHaveLength(1);
});
