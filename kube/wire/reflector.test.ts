import { afterEach, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import type { Log } from '../../core/runtime/log.js';
import { eventually, quickClock, recordingClock } from '../../test/contract/kube/faultyServer.js';
import { createMemoryServer, type MemoryServer } from '../../test/contract/kube/memoryClient.js';
import type { KubeFailure } from './client.js';
import { createReflector, type Reflector, type ReflectorOptions } from './reflector.js';

const QUIET: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, with: () => QUIET };
const UNREACHABLE: KubeFailure = { kind: 'unreachable', message: 'no route' };
const WATCHING = 'a watch';

interface Followed {
  readonly reflector: Reflector<string>;
  /** `+a=1`, `~a=2`, `-a`. */
  readonly changes: string[];
  readonly states: string[];
  /** How long it paused, each time, in milliseconds. */
  readonly pauses: readonly number[];
  readonly stop: () => Promise<void>;
}

const running: Followed[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.stop()));
});

/** Follows nodes; keeps the label `v` of those that have it. */
function follow(server: MemoryServer, options: Partial<ReflectorOptions<string>> & { readonly speed?: number } = {}): Followed {
  const changes: string[] = [];
  const states: string[] = [];
  const clock = recordingClock(quickClock(options.speed ?? 100));
  const reflector = createReflector<string>(
    {
      client: server.client,
      resource: RESOURCE.node,
      project: (object: KubeObject) => object.metadata.labels?.['v'],
      onChange: (key, current, previous) =>
        changes.push(current === undefined ? `-${key}` : `${previous === undefined ? '+' : '~'}${key}=${current}`),
      onState: (state) => states.push(state.failure === undefined ? state.kind : `${state.kind}: ${state.failure.kind}`),
      ...options,
    },
    { clock, random: () => 0.5, log: QUIET },
  );
  const controller = new AbortController();
  const done = reflector.run(controller.signal);
  const followed: Followed = {
    reflector,
    changes,
    states,
    pauses: clock.waits,
    stop: async () => {
      controller.abort();
      await done;
    },
  };
  running.push(followed);
  return followed;
}

/** Starts, and waits until the first watch is open. */
async function watching(
  server: MemoryServer,
  options: Partial<ReflectorOptions<string>> & { readonly speed?: number } = {},
): Promise<Followed> {
  const before = server.counts.watches;
  const followed = follow(server, options);
  await eventually(WATCHING, () => server.counts.watches > before);
  return followed;
}

describe('following a resource', () => {
  test('lists page by page, then watches from there with bookmarks', async () => {
    const server = createMemoryServer(2);
    for (const name of ['a', 'b', 'c', 'd', 'e']) server.put(name, { v: name });
    const { reflector, changes } = await watching(server, { labelSelector: 'x=y' });
    expect(server.counts).toEqual({ lists: 1, pages: 3, watches: 1 });
    expect(changes).toEqual(['+a=a', '+b=b', '+c=c', '+d=d', '+e=e']);
    expect(reflector.synced()).toBe(true);
    expect(reflector.lists()).toBe(1);
    expect(server.lastWatch()).toMatchObject({
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: '6',
      labelSelector: 'x=y',
      timeoutSeconds: 450,
    });
    expect(reflector.state().kind).toBe('live');
  });

  test('delivers what is added, changed and removed, projected', async () => {
    const server = createMemoryServer();
    const { reflector, changes } = await watching(server);
    server.put('a', { v: '1' });
    server.put('a', { v: '2' });
    server.put('hidden');
    server.put('a');
    server.put('a', { v: '3' });
    server.remove('hidden');
    server.remove('a');
    expect(changes).toEqual(['+a=1', '~a=2', '-a', '+a=3', '-a']);
    expect(reflector.store.size).toBe(0);
  });

  test('goes on after the clean end of a watch, without a list and without a pause', async () => {
    const server = createMemoryServer();
    const { changes, states, pauses } = await watching(server);
    server.put('a', { v: '1' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    server.endWatches();
    server.put('a', { v: '2' });
    await eventually(WATCHING, () => changes.length === 2);
    expect(changes).toEqual(['+a=1', '~a=2']);
    expect(server.counts.lists).toBe(1);
    expect(states).toEqual(['live']);
    expect(pauses).toEqual([]);
  });

  test('a bookmark moves the version', async () => {
    const server = createMemoryServer();
    await watching(server);
    server.bookmark();
    server.put('other', {});
    server.bookmark();
    server.compact('status');
    server.bookmark();
    server.endWatches();
    await eventually(WATCHING, () => server.counts.watches === 2);
    expect(server.lastWatch()['resourceVersion']).toBe('6');
    expect(server.counts.lists).toBe(1);
  });
});

describe('a version that is too old', () => {
  test.each(['status', 'event'] as const)(
    '(410 as %s) takes a new list; what vanished meanwhile is delivered as gone, what did not change is not delivered',
    async (as) => {
      const server = createMemoryServer();
      server.put('a', { v: '1' });
      server.put('b', { v: '1' });
      server.put('c', { v: '1' });
      const { reflector, changes } = await watching(server);
      server.endWatches(UNREACHABLE);
      server.remove('a');
      server.put('b', { v: '2' });
      server.put('d', { v: '1' });
      server.compact(as);
      await eventually('a second list', () => reflector.lists() === 2);
      expect(changes.slice(3)).toEqual(['~b=2', '+d=1', '-a']);
      expect([...reflector.store]).toEqual([
        ['b', '2'],
        ['c', '1'],
        ['d', '1'],
      ]);
    },
  );
});

describe('what goes wrong', () => {
  test('a list that fails is tried again, later and later, for ever; the state says why', async () => {
    const server = createMemoryServer();
    server.put('a', { v: '1' });
    server.failures.push(...Array.from({ length: 12 }, () => UNREACHABLE));
    const { reflector, states } = await watching(server, { speed: 10_000 });
    expect(states).toEqual(['failing: unreachable', 'live']);
    expect(reflector.state().failure).toBeUndefined();
    expect(reflector.store.get('a')).toBe('1');
  });

  test('a watch that breaks is taken up where it was, and nothing is lost', async () => {
    const server = createMemoryServer();
    const { changes, states } = await watching(server);
    server.endWatches(UNREACHABLE);
    server.put('a', { v: '1' });
    await eventually('the change', () => changes.length === 1);
    expect(server.counts.lists).toBe(1);
    expect(states).toEqual(['live', 'failing: unreachable', 'live']);
  });

  test('a broken page is not a complete list: nothing is removed by it', async () => {
    const server = createMemoryServer(1);
    server.put('a', { v: '1' });
    server.put('b', { v: '1' });
    const { reflector, changes } = await watching(server);
    let pages = 0;
    const original = server.client.call.bind(server.client);
    Object.assign(server.client, {
      call: (request: Parameters<typeof original>[0]) => {
        pages += 1;
        return pages === 2
          ? Promise.resolve({ ok: false, error: { kind: 'gone', code: 410, message: 'the continue parameter is too old' } })
          : original(request);
      },
    });
    reflector.relist();
    await eventually('the list after', () => reflector.lists() === 2);
    expect(pages).toBeGreaterThan(3);
    expect(changes).toEqual(['+a=1', '+b=1']);
  });

  test.each([
    'no json',
    '{"type":"ADDED"}',
    '{"type":"MODIFIED","object":{"metadata":{}}}',
    'null',
    '{"type":"WHAT","object":{"metadata":{"name":"x"}}}',
  ])('a line that is no event (%s) takes a new list, since an event may be missing', async (line) => {
    const server = createMemoryServer();
    server.put('a', { v: '1' });
    const { reflector, changes } = await watching(server);
    server.say(line);
    await eventually('a second list', () => reflector.lists() === 2);
    expect(changes).toEqual(['+a=1']);
  });

  test('an answer that is no list is a failure, not a crash', async () => {
    const server = createMemoryServer();
    const answers: unknown[] = [undefined, null, 3, {}, { metadata: {} }, { metadata: { resourceVersion: '1' }, items: 3 }];
    const original = server.client.call.bind(server.client);
    Object.assign(server.client, {
      call: (request: Parameters<typeof original>[0]) =>
        answers.length > 0 ? Promise.resolve({ ok: true, value: answers.shift() }) : original(request),
    });
    const { states } = await watching(server, { speed: 1_000 });
    expect(states).toEqual(['failing: server', 'live']);
  });

  test('items without a name are passed over', async () => {
    const server = createMemoryServer();
    Object.assign(server.client, {
      call: () =>
        Promise.resolve({
          ok: true,
          value: {
            apiVersion: 'v1',
            kind: 'NodeList',
            metadata: { resourceVersion: '1' },
            items: [null, {}, { metadata: { name: 3 } }, { metadata: { name: 'a', labels: { v: '1' } } }],
          },
        }),
    });
    const { changes } = await watching(server);
    expect(changes).toEqual(['+a=1']);
  });

  test('a projection that throws keeps what was known of the object', async () => {
    const server = createMemoryServer();
    const { reflector, changes } = await watching(server, {
      project: (object) => {
        if (object.metadata.labels?.['v'] === 'bad') throw new Error('cannot');
        return object.metadata.labels?.['v'];
      },
    });
    server.put('a', { v: '1' });
    server.put('a', { v: 'bad' });
    server.put('b', { v: 'bad' });
    server.put('c', { v: '1' });
    expect(changes).toEqual(['+a=1', '+c=1']);
    reflector.relist();
    await eventually('a second list', () => reflector.lists() === 2);
    expect([...reflector.store]).toEqual([
      ['a', '1'],
      ['c', '1'],
    ]);
  });

  test('a list that was asked for comes, also after one that failed', async () => {
    const server = createMemoryServer();
    const { reflector } = await watching(server);
    server.failures.push(UNREACHABLE, UNREACHABLE);
    reflector.relist();
    await eventually('a second list', () => reflector.lists() === 2);
    expect(server.failures).toEqual([]);
  });

  test('a resource that is not there is asked for at least every five seconds, until it is', async () => {
    const server = createMemoryServer();
    server.failures.push(...Array.from({ length: 20 }, (): KubeFailure => ({ kind: 'notFound', code: 404, message: 'no such resource' })));
    const { states, pauses } = await watching(server);
    expect(states).toEqual(['failing: notFound', 'live']);
    expect(pauses).toHaveLength(20);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(5_000);
  });

  test('a watch that ends at once is not asked for in a storm', async () => {
    const server = createMemoryServer();
    const { states } = await watching(server, { speed: 1 });
    const timer = setInterval(() => server.endWatches(), 1);
    await new Promise((resolve) => setTimeout(resolve, 600));
    clearInterval(timer);
    expect(server.counts.watches).toBeLessThan(6);
    expect(states).toContain('failing: server');
  });

  test('M11: nor is one that ends after an event each time, and the state says so until one lasts', async () => {
    const server = createMemoryServer();
    const { states } = await watching(server, { speed: 1 });
    const timer = setInterval(() => {
      server.put('a', { v: String(server.counts.watches) });
      server.endWatches();
    }, 1);
    await new Promise((resolve) => setTimeout(resolve, 600));
    clearInterval(timer);
    expect(server.counts.watches).toBeLessThan(6);
    expect(states).toEqual(['live', 'failing: server']);
    await eventually('the state', () => states.length === 3);
    expect(states[2]).toBe('live');
  });

  test.each([
    ['is long', 'x'.repeat(1 << 20), `${'x'.repeat(999)}…`],
    ['commands a terminal', 'no\u001b[2K\u0007', 'no\\u001b[2K\\u0007'],
    ['is no text', 5, 'the API server ended the watch'],
  ])('M11: what an ERROR event says that %s is bounded and printable', async (_title, message, shown) => {
    const server = createMemoryServer();
    const { reflector } = await watching(server);
    server.say(JSON.stringify({ type: 'ERROR', object: { code: 500, message } }));
    await eventually('the failure', () => reflector.state().kind === 'failing');
    expect(reflector.state().failure).toEqual({ kind: 'server', code: 500, message: shown });
  });

  test.each<[string, (pages: number) => object]>([
    ['gives the same token for ever', () => ({ continue: 'again' })],
    ['gives another token for ever', (pages) => ({ continue: `page-${pages}` })],
  ])('H8: a list that %s is a failure, with back-off', async (_title, more) => {
    const server = createMemoryServer();
    let pages = 0;
    Object.assign(server.client, {
      call: () => {
        pages += 1;
        const metadata = { resourceVersion: '1', ...more(pages) };
        return Promise.resolve({ ok: true, value: { apiVersion: 'v1', kind: 'NodeList', metadata, items: [] } });
      },
    });
    const { reflector, states } = follow(server, { speed: 1 });
    await eventually('the failure', () => states.length > 0);
    expect(states).toEqual(['failing: server']);
    expect(reflector.state().failure?.message).toBe('the list of nodes does not end');
    expect(reflector.synced()).toBe(false);
    expect(pages).toBeLessThanOrEqual(2_000);
  });

  test('H8: a page of 200 000 items is taken in, as far as there is room, and what has none is left out by name', async () => {
    const server = createMemoryServer(200_000);
    for (let index = 0; index < 200_000; index += 1) server.put(`n${String(index).padStart(6, '0')}`, { v: '1' });
    const { reflector } = await watching(server);
    expect([...reflector.store.keys()].at(-1)).toBe('n019999');
    expect([reflector.store.size, reflector.leftOut()]).toEqual([20_000, { unread: [], nameless: 0, full: true }]);
  });

  test('H8: what is left out is let in when there is room, and nothing else is taken for deleted', async () => {
    const server = createMemoryServer();
    for (const name of ['b', 'c', 'd']) server.put(name, { v: '1' });
    const { reflector, changes } = await watching(server, { bounds: { objects: 3 } });
    server.put('a', { v: '1' });
    server.put('e', { v: '1' });
    expect([[...reflector.store.keys()], reflector.leftOut().full]).toEqual([['b', 'c', 'd'], true]);
    reflector.relist();
    await eventually('the second list', () => reflector.lists() === 2);
    expect(changes).toEqual(['+b=1', '+c=1', '+d=1']);
    server.remove('b');
    server.remove('c');
    reflector.relist();
    await eventually('the third list', () => reflector.lists() === 3);
    expect([...reflector.store.keys()].toSorted()).toEqual(['a', 'd', 'e']);
    expect(reflector.leftOut().full).toBe(false);
  });

  test('H8: what is kept whole has a bound of bytes', async () => {
    const server = createMemoryServer();
    const whole = { bytes: 1_000, is: (kept: string) => kept === 'own' };
    const { reflector } = await watching(server, { bounds: { objects: 100, whole } });
    for (let index = 10; index < 30; index += 1) server.put(`n${index}`, { v: 'own', more: 'x'.repeat(100) });
    for (let index = 10; index < 30; index += 1) server.put(`m${index}`, { v: 'other', more: 'x'.repeat(100) });
    const kept = [...reflector.store.values()];
    expect(kept.filter((each) => each === 'own').length).toBeLessThan(10);
    expect(kept.filter((each) => each === 'other')).toHaveLength(20);
    expect(reflector.leftOut().full).toBe(true);
  });

  const LABELS = { v: '2' };
  test.each<[string, object, string[]]>([
    ['another kind', { kind: 'Pod', metadata: { name: 'a', labels: LABELS } }, ['a']],
    ['another version', { apiVersion: 'v2', metadata: { name: 'a', labels: LABELS } }, ['a']],
    ['a version that is a number', { metadata: { name: 'a', labels: LABELS, resourceVersion: 7 } }, ['a']],
    ['a name that is a path', { metadata: { name: '../secrets', labels: LABELS } }, []],
    ['a name that hides a namespace', { metadata: { name: 'demo/a', labels: LABELS } }, []],
    ['a name of two dots', { metadata: { name: '..', labels: LABELS } }, []],
    ['a name that is endless', { metadata: { name: 'a'.repeat(254), labels: LABELS } }, []],
    ['a name with an escape sequence', { metadata: { name: 'a\u001b[2K', labels: LABELS } }, []],
    ['a namespace where there is none', { metadata: { name: 'a', namespace: 'demo', labels: LABELS } }, []],
  ])(
    'M11: an item of a list with %s does not reach the projection, is told of, and nothing is gone by it',
    async (_title, item, unread) => {
      const server = createMemoryServer();
      server.put('a', { v: '1' });
      const { reflector, changes } = await watching(server);
      Object.assign(server.client, {
        call: () =>
          Promise.resolve({
            ok: true,
            value: {
              apiVersion: 'v1',
              kind: 'NodeList',
              metadata: { resourceVersion: '9' },
              items: [item, { metadata: { name: 'b', labels: LABELS } }],
            },
          }),
      });
      reflector.relist();
      await eventually('the second list', () => reflector.lists() === 2);
      expect(changes).toEqual(['+a=1', '+b=2']);
      expect(reflector.leftOut()).toEqual({ unread, nameless: 1 - unread.length, full: false });
    },
  );

  test('M1: what one object makes somebody throw is for that object, and the next list brings it again', async () => {
    const server = createMemoryServer();
    let broken = true;
    const seen: string[] = [];
    const { reflector } = await watching(server, {
      onChange(key, current) {
        if (key === 'a' && broken) throw new Error('mine');
        seen.push(`${key}=${current}`);
      },
    });
    server.put('a', { v: '1' });
    server.put('b', { v: '1' });
    expect([seen, reflector.leftOut().unread]).toEqual([['b=1'], ['a']]);
    broken = false;
    reflector.relist();
    await eventually('the second list', () => reflector.lists() === 2);
    expect([seen, reflector.leftOut().unread]).toEqual([['b=1', 'a=1'], []]);
    broken = true;
    server.remove('a');
    broken = false;
    reflector.relist();
    await eventually('the third list', () => reflector.lists() === 3);
    expect([seen.at(-1), [...reflector.store.keys()]]).toEqual(['a=undefined', ['b']]);
  });

  test('M1: what is thrown by who hears of a list or a state ends nothing', async () => {
    const server = createMemoryServer();
    server.put('a', { v: '1' });
    let throws = 2;
    const { reflector } = await watching(server, {
      onSynced() {
        throws -= 1;
        if (throws >= 0) throw new Error('mine');
      },
    });
    expect([reflector.lists(), reflector.state().kind]).toEqual([3, 'live']);
  });

  test('a closed client does not make it spin', async () => {
    const server = createMemoryServer();
    const { states } = await watching(server, { speed: 1 });
    server.client.close();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(states).toEqual(['live', 'failing: aborted']);
  });

  test('what the server asks for in Retry-After is kept', async () => {
    const server = createMemoryServer();
    server.failures.push({ kind: 'tooMany', code: 429, message: 'slow', retryAfterMs: 20_000 });
    const { pauses } = await watching(server);
    expect(pauses).toHaveLength(1);
    expect(pauses[0]).toBeGreaterThanOrEqual(20_000);
  });
});

describe('asked to list again', () => {
  test('it does, though the watch was well, and no late event spoils it', async () => {
    const server = createMemoryServer();
    server.put('a', { v: '1' });
    const { reflector, states } = await watching(server);
    reflector.relist();
    server.put('a', { v: '2' });
    await eventually('a second list', () => reflector.lists() === 2);
    expect(reflector.store.get('a')).toBe('2');
    expect(states).toEqual(['live']);
  });

  test('while a list is under way, another one follows', async () => {
    const server = createMemoryServer();
    const release = server.holdPages();
    const { reflector } = follow(server);
    await new Promise((resolve) => setTimeout(resolve, 20));
    reflector.relist();
    release();
    await eventually('two lists', () => reflector.lists() === 2);
  });
});

test('stops at once, whatever it is doing', async () => {
  const server = createMemoryServer();
  server.failures.push(UNREACHABLE);
  const pausing = follow(server, { speed: 0.01 });
  await eventually('the pause', () => pausing.states.length === 1);
  await pausing.stop();
  const listing = createMemoryServer();
  const release = listing.holdPages();
  const held = follow(listing);
  release();
  await held.stop();
  const followed = await watching(createMemoryServer());
  await followed.stop();
  expect(followed.reflector.synced()).toBe(true);
});

test('whatever happens in whatever order, the store becomes what the server has, and the changes tell the same story', async () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('put' as const), name, v: fc.constantFrom('1', '2', undefined) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('remove' as const), name }) },
    fc.record({
      kind: fc.constantFrom(
        'clean' as const,
        'break' as const,
        'compactStatus' as const,
        'compactEvent' as const,
        'garbage' as const,
        'relist' as const,
        'fail' as const,
        'bookmark' as const,
        'wait' as const,
      ),
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.integer({ min: 1, max: 3 }), async (steps, pageSize) => {
      const server = createMemoryServer(pageSize);
      const followed = follow(server, { speed: 10_000 });
      for (const each of steps) {
        if (each.kind === 'put') server.put(each.name, each.v === undefined ? {} : { v: each.v });
        else if (each.kind === 'remove') server.remove(each.name);
        else await upset(server, followed.reflector, each.kind);
      }
      const expected = [...server.objects]
        .flatMap(([key, object]) => (object.metadata.labels?.['v'] === undefined ? [] : [`${key}=${object.metadata.labels['v']}`]))
        .toSorted();
      const stored = (): string[] => [...followed.reflector.store].map(([key, value]) => `${key}=${value}`).toSorted();
      await eventually(
        `the store to become ${expected.join(' ')}`,
        () => followed.reflector.synced() && JSON.stringify(stored()) === JSON.stringify(expected),
      );
      await followed.stop();
      expect(replay(followed.changes)).toEqual(expected);
    }),
    { numRuns: 200 },
  );
});

async function upset(server: MemoryServer, reflector: Reflector<string>, how: string): Promise<void> {
  if (how === 'clean') server.endWatches();
  if (how === 'break') server.endWatches(UNREACHABLE);
  if (how === 'compactStatus') server.compact('status');
  if (how === 'compactEvent') server.compact('event');
  if (how === 'garbage') server.say('{');
  if (how === 'relist') reflector.relist();
  if (how === 'fail') server.failures.push(UNREACHABLE);
  if (how === 'bookmark') server.bookmark();
  if (how === 'wait') await new Promise((resolve) => setTimeout(resolve, 1));
}

/** The store that the changes alone would make; a change that does not fit the one before is a story that cannot be. */
function replay(changes: readonly string[]): string[] {
  const known = new Map<string, string>();
  for (const change of changes) {
    const [key = '', value] = change.slice(1).split('=');
    if ((change.startsWith('+') && known.has(key)) || (!change.startsWith('+') && !known.has(key)))
      throw new Error(`${change} after ${changes.join(' ')}`);
    if (value === undefined) known.delete(key);
    else known.set(key, value);
  }
  return [...known].map(([key, value]) => `${key}=${value}`).toSorted();
}
