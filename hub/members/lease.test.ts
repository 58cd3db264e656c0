/**
 * Hubs that want one member, whose API server is a Lease, in time that the test owns.
 */
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { KubeObject } from '../../core/api/resources.js';
import type { KubeClient, KubeRequest, KubeResult } from '../../kube/wire/client.js';
import { createHandClock, type HandClock, settle, SILENT } from '../../test/host/handClock.js';
import { createHubLease, type HubLease, type Standby } from './lease.js';

interface Stored extends KubeObject {
  readonly spec?: { readonly holderIdentity?: string };
}

interface World {
  readonly clock: HandClock;
  stored: Stored | undefined;
  /** Whether the API server answers. `lost`: it does what it is told, and nobody hears its answer. */
  answers: 'yes' | 'no' | 'lost';
  /** Whether it refuses to have it written. */
  refuses: boolean;
  readonly puts: number[];
  /** Federations that objects in the member name. */
  marks: ReadonlySet<string> | undefined;
  hub(instance: string, federation?: string, standbyOf?: () => Standby | undefined): Hub;
}

interface Hub {
  readonly lease: HubLease;
  /** As it may end: in order, or as if its machine were gone. */
  stop(): Promise<void>;
  crash(): void;
}

const UNREACHABLE = { ok: false, error: { kind: 'unreachable', message: 'connection refused' } } as const;

function createWorld(): World {
  const clock = createHandClock();
  let version = 1;
  const world: World = {
    clock,
    stored: undefined,
    answers: 'yes',
    refuses: false,
    puts: [],
    marks: new Set(),
    hub(instance, federation = 'blue', standbyOf = () => undefined) {
      let crashed = false;
      const stop = new AbortController();
      const lease = createHubLease({
        clock,
        log: SILENT,
        hub: { federation, instance },
        changed: () => undefined,
        idle: () => Promise.resolve(),
        place: { namespace: 'kilofed', name: 'kilofed-hub' },
        marks: () => world.marks,
        standby: () => standbyOf(),
      });
      const running = lease.run(
        clientOf(world, serve, () => crashed),
        stop.signal,
      );
      return {
        lease,
        async stop() {
          stop.abort();
          await clock.advance(10);
          await running;
        },
        crash() {
          crashed = true;
          stop.abort();
        },
      };
    },
  };
  function serve(request: KubeRequest): KubeResult<unknown> {
    if (request.method === 'GET')
      return world.stored === undefined
        ? { ok: false, error: { kind: 'notFound', code: 404, message: 'not found' } }
        : { ok: true, value: world.stored };
    if (world.refuses) return { ok: false, error: { kind: 'forbidden', code: 403, message: 'may not' } };
    const object = request.body as Stored;
    world.puts.push(clock.now());
    if (object.metadata.resourceVersion !== world.stored?.metadata.resourceVersion)
      return { ok: false, error: { kind: 'conflict', code: 409, message: 'modified' } };
    version += 1;
    world.stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    return { ok: true, value: world.stored };
  }
  return world;
}

function clientOf(world: World, serve: (request: KubeRequest) => KubeResult<unknown>, gone: () => boolean): KubeClient {
  return {
    server: 'https://fake',
    async call<T>(request: KubeRequest): Promise<KubeResult<T>> {
      await Promise.resolve();
      if (gone() || world.answers === 'no') return UNREACHABLE;
      const answer = serve(request) as KubeResult<T>;
      return world.answers === 'lost' ? UNREACHABLE : answer;
    },
    stream: () => Promise.resolve(UNREACHABLE),
    close: () => undefined,
  };
}

const holds = ({ lease }: Hub): boolean => lease.tenure() !== undefined;

test('a free Lease is taken at once, renewed about every two seconds, and let go of', async () => {
  const world = createWorld();
  const hub = world.hub('a');
  await settle();
  expect(holds(hub)).toBe(true);
  expect(world.stored).toMatchObject({
    metadata: { name: 'kilofed-hub', namespace: 'kilofed', annotations: { 'kilofed.io/federation': 'blue' } },
    spec: { holderIdentity: 'blue/a', leaseDurationSeconds: 8, leaseTransitions: 1 },
  });
  await world.clock.advance(60_000);
  expect(world.puts.length).toBe(31);
  await hub.stop();
  expect([holds(hub), world.stored?.spec?.holderIdentity, world.stored?.metadata.annotations]).toEqual([
    false,
    '',
    { 'kilofed.io/federation': 'blue' },
  ]);
});

test('S47: a hub that ends in order is followed at once; one whose machine is gone, when its Lease has expired', async () => {
  const world = createWorld();
  const first = world.hub('a');
  await settle();
  const second = world.hub('b');
  await world.clock.advance(60_000);
  expect([holds(first), holds(second), second.lease.state()]).toEqual([true, false, { kind: 'waiting', holder: 'blue/a', twin: false }]);
  await first.stop();
  await world.clock.advance(1_000);
  expect(holds(second)).toBe(true);
  const third = world.hub('c');
  await world.clock.advance(10_000);
  second.crash();
  await world.clock.advance(5_500);
  expect(holds(third)).toBe(false);
  await world.clock.advance(4_000);
  expect(holds(third)).toBe(true);
});

test('I2: a container that is started again in its pod goes on at once', async () => {
  const world = createWorld();
  const before = world.hub('pod-1');
  await settle();
  before.crash();
  const after = world.hub('pod-1');
  await settle();
  expect(holds(after)).toBe(true);
});

test('two hubs of one name: the later one holds it, the earlier one waits and says so', async () => {
  const world = createWorld();
  const first = world.hub('twin');
  await world.clock.advance(1_000);
  const second = world.hub('twin');
  await world.clock.advance(30_000);
  expect([holds(first), first.lease.state(), holds(second)]).toEqual([false, { kind: 'waiting', holder: 'blue/twin', twin: true }, true]);
});

test('S47: a hold ends before the Lease can expire, and comes back with the API server', async () => {
  const world = createWorld();
  const hub = world.hub('a');
  await world.clock.advance(3_000);
  const tenure = hub.lease.tenure();
  world.answers = 'no';
  await world.clock.advance(4_900);
  expect(holds(hub)).toBe(true);
  await world.clock.advance(200);
  expect([holds(hub), tenure?.aborted]).toEqual([false, true]);
  world.answers = 'yes';
  await world.clock.advance(1_000);
  expect(holds(hub)).toBe(true);
});

test('a renewal whose answer was lost is known for its own', async () => {
  const world = createWorld();
  const hub = world.hub('a');
  await world.clock.advance(1_500);
  const tenure = hub.lease.tenure();
  world.answers = 'lost';
  await world.clock.advance(1_000);
  world.answers = 'yes';
  await world.clock.advance(20_000);
  expect([holds(hub), tenure?.aborted]).toEqual([true, false]);
});

test('one that could not write it for a while is no twin of itself', async () => {
  const world = createWorld();
  const hub = world.hub('a');
  await world.clock.advance(1_000);
  world.refuses = true;
  await world.clock.advance(30_000);
  expect([holds(hub), hub.lease.state().kind]).toEqual([false, 'wanted']);
  world.refuses = false;
  await world.clock.advance(1_500);
  expect(holds(hub)).toBe(true);
});

test('a Lease that somebody deletes is written again without a pause', async () => {
  const world = createWorld();
  const hub = world.hub('a');
  await world.clock.advance(1_000);
  const tenure = hub.lease.tenure();
  world.stored = undefined;
  await world.clock.advance(5_000);
  expect([world.stored === undefined, tenure?.aborted]).toEqual([false, false]);
});

test('I2: a member of another federation is never taken, also when its hub is gone; one that was forsaken is', async () => {
  const world = createWorld();
  const red = world.hub('a', 'red');
  await settle();
  const blue = world.hub('a', 'blue');
  await world.clock.advance(1_000);
  expect(blue.lease.state()).toEqual({ kind: 'foreign', federation: 'red' });
  await red.stop();
  await world.clock.advance(120_000);
  expect([holds(blue), world.stored?.metadata.annotations]).toEqual([false, { 'kilofed.io/federation': 'red' }]);
  const again = world.hub('b', 'red');
  await settle();
  again.lease.forsake();
  await again.stop();
  await world.clock.advance(6_000);
  expect([holds(blue), world.stored?.metadata.annotations]).toEqual([true, { 'kilofed.io/federation': 'blue' }]);
});

test('I2: a Lease that names no federation is not taken before all is read, nor beside objects of another one', async () => {
  const world = createWorld();
  world.marks = undefined;
  const hub = world.hub('a');
  await world.clock.advance(10_000);
  expect(holds(hub)).toBe(false);
  world.marks = new Set(['red']);
  hub.lease.reconsider();
  await settle();
  expect([holds(hub), hub.lease.state()]).toEqual([false, { kind: 'foreign', federation: 'red' }]);
  world.marks = new Set(['blue']);
  await world.clock.advance(5_000);
  expect(holds(hub)).toBe(true);
});

type Step = { readonly hub: 'a' | 'b' | 'c'; readonly does: 'start' | 'stop' | 'crash' } | { readonly answers: World['answers'] };

test('S47: never do two hubs hold one Lease, whatever they and the API server do', async () => {
  const step = fc.oneof(
    fc.record({ hub: fc.constantFrom('a', 'b', 'c'), does: fc.constantFrom('start', 'stop', 'crash') }),
    fc.record({ answers: fc.constantFrom('yes', 'yes', 'no', 'lost') }),
  ) as fc.Arbitrary<Step>;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(step, fc.integer({ min: 0, max: 15_000 })), { maxLength: 20 }), async (story) => {
      const world = createWorld();
      const running = new Map<string, Hub>();
      for (const [each, ms] of story) {
        if ('answers' in each) world.answers = each.answers;
        else if (each.does === 'start') running.set(each.hub, running.get(each.hub) ?? world.hub(each.hub));
        else {
          const hub = running.get(each.hub);
          running.delete(each.hub);
          if (each.does === 'stop') await hub?.stop();
          else hub?.crash();
        }
        for (let passed = 0; passed < ms; passed += 250) {
          await world.clock.advance(250);
          expect([...running.values()].filter(holds).length).toBeLessThanOrEqual(1);
        }
      }
    }),
    { numRuns: 30 },
  );
}, 60_000);

test('one that stands by takes no free Lease, and lets go of the one that it holds', async () => {
  const world = createWorld();
  let standby: Standby | undefined = { active: undefined };
  const hub = world.hub('a', 'blue', () => standby);
  await world.clock.advance(30_000);
  expect([holds(hub), hub.lease.state(), world.puts]).toEqual([false, { kind: 'wanted' }, []]);
  standby = undefined;
  hub.lease.reconsider();
  await settle();
  const tenure = hub.lease.tenure();
  expect(holds(hub)).toBe(true);
  standby = { active: 'blue/b' };
  hub.lease.reconsider();
  await world.clock.advance(10);
  expect([holds(hub), tenure?.aborted, hub.lease.state(), world.stored?.spec?.holderIdentity]).toEqual([
    false,
    true,
    { kind: 'waiting', holder: 'blue/b', twin: false },
    '',
  ]);
  await hub.stop();
});
