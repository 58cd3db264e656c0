import { expect, test } from '@jest/globals';
import { createHandClock, settle, SILENT, type HandClock } from '../../test/host/handClock.js';
import { createResolver, type Resolver } from './resolver.js';

interface Setting {
  readonly clock: HandClock;
  readonly resolver: Resolver;
  readonly names: Map<string, readonly string[]>;
  readonly changes: () => number;
  readonly asked: string[];
}

/** A name without addresses fails; `silent` never answers. */
function setting(): Setting {
  const clock = createHandClock();
  const names = new Map<string, readonly string[]>();
  const asked: string[] = [];
  let changes = 0;
  const lookup = (name: string): Promise<readonly string[]> => {
    asked.push(name);
    if (name === 'silent') return new Promise(() => undefined);
    const addresses = names.get(name);
    return addresses === undefined ? Promise.reject(new Error('ENOTFOUND')) : Promise.resolve(addresses);
  };
  const resolver = createResolver({ clock, log: SILENT, lookup, onChange: () => void (changes += 1) });
  return { clock, resolver, names, changes: () => changes, asked };
}

test('a bad name costs only itself', async () => {
  const { clock, resolver, names, changes } = setting();
  names.set('good', ['192.0.2.1']);
  resolver.want(['bad', 'good', 'silent']);
  await clock.advance(6000);
  expect(resolver.answers()).toEqual({ good: '192.0.2.1' });
  expect(['good', 'bad', 'silent', 'unwanted'].map((name) => resolver.outcome(name))).toEqual(['answered', 'failed', 'failed', 'asking']);
  // Each name's first outcome is news.
  expect(changes()).toBe(3);
});

test('a name is asking until it has an answer, or has failed', async () => {
  const { resolver, names } = setting();
  names.set('a', ['192.0.2.1']);
  resolver.want(['a', 'b']);
  expect([resolver.outcome('a'), resolver.outcome('b')]).toEqual(['asking', 'asking']);
  await settle();
  expect([resolver.outcome('a'), resolver.outcome('b')]).toEqual(['answered', 'failed']);
});

test('report 1: of several addresses one that can be used is taken, even if another one is in use', async () => {
  const clock = createHandClock();
  let usable: (addresses: readonly string[]) => readonly string[] = (addresses) => addresses;
  const resolver = createResolver({
    clock,
    log: SILENT,
    lookup: () => Promise.resolve(['2001:db8::7', '203.0.113.7']),
    usable: (addresses) => usable(addresses),
    onChange: () => undefined,
  });
  resolver.want(['vpn.example.org']);
  await settle();
  expect(resolver.answers()).toEqual({ 'vpn.example.org': '2001:db8::7' });
  usable = (addresses) => addresses.filter((address) => !address.includes(':'));
  resolver.resolveNow();
  await settle();
  expect(resolver.answers()).toEqual({ 'vpn.example.org': '203.0.113.7' });
  usable = (addresses) => addresses;
  resolver.resolveNow();
  await settle();
  expect(resolver.answers()).toEqual({ 'vpn.example.org': '203.0.113.7' });
});

test('asks again every 30 s, keeps the last answer of a name that fails, and tells of a change', async () => {
  const { clock, resolver, names, changes } = setting();
  names.set('a', ['192.0.2.1']);
  resolver.want(['a']);
  await settle();
  names.delete('a');
  await clock.advance(30_000);
  expect(resolver.answers()).toEqual({ a: '192.0.2.1' });
  expect(resolver.outcome('a')).toBe('answered');
  names.set('a', ['192.0.2.2']);
  await clock.advance(30_000);
  expect(resolver.answers()).toEqual({ a: '192.0.2.2' });
  expect(changes()).toBe(2);
});

test('a name that fails is resolved again within seconds, ever more rarely, and one that resolves is not', async () => {
  const { clock, resolver, names, asked } = setting();
  names.set('good', ['192.0.2.1']);
  resolver.want(['bad', 'good']);
  await clock.advance(29_000);
  expect(asked.filter((name) => name === 'good')).toHaveLength(1);
  // At 0, 1, 3, 7 and 15 s.
  expect(asked.filter((name) => name === 'bad')).toHaveLength(5);
  names.set('bad', ['192.0.2.2']);
  await clock.advance(3_000);
  expect(resolver.answers()).toEqual({ bad: '192.0.2.2', good: '192.0.2.1' });
});

test('of many addresses the one in use is kept while it is given', async () => {
  const { clock, resolver, names } = setting();
  names.set('a', ['192.0.2.5', '192.0.2.6']);
  resolver.want(['a']);
  await settle();
  names.set('a', ['192.0.2.1', '192.0.2.5']);
  await clock.advance(30_000);
  expect(resolver.answers()).toEqual({ a: '192.0.2.5' });
});

test('a name that nobody wants is not asked for', async () => {
  const { clock, resolver, names, asked } = setting();
  names.set('a', ['192.0.2.1']);
  resolver.want(['a']);
  await settle();
  resolver.want([]);
  await clock.advance(90_000);
  expect(asked).toEqual(['a']);
  expect(resolver.answers()).toEqual({});
});

test('asks at once when told that something does not answer', async () => {
  const { resolver, names } = setting();
  names.set('a', ['192.0.2.1']);
  resolver.want(['a']);
  await settle();
  names.set('a', ['192.0.2.9']);
  resolver.resolveNow();
  await settle();
  expect(resolver.answers()).toEqual({ a: '192.0.2.9' });
});

test("L7: slow names of one member keep nobody else's waiting for more than one of them", async () => {
  const clock = createHandClock();
  const asked: string[] = [];
  let running = 0;
  let most = 0;
  const lookup = (name: string): Promise<readonly string[]> => {
    asked.push(name);
    const isSlow = name.startsWith('evil');
    running += Number(isSlow);
    most = Math.max(most, running);
    return new Promise((resolve) => {
      clock.after(isSlow ? 4000 : 1, () => {
        running -= Number(isSlow);
        resolve(['192.0.2.1']);
      });
    });
  };
  const resolver = createResolver({ clock, log: SILENT, lookup, onChange: () => undefined });
  const evil = Array.from({ length: 64 }, (_, index) => `evil${index}`);
  resolver.want([...evil, 'west', 'person'], new Map([...evil.map((name): [string, string] => [name, 'evil']), ['west', 'west']]));
  await clock.advance(10);
  expect(resolver.outcome('person')).toBe('answered');
  await clock.advance(4100);
  expect(resolver.outcome('west')).toBe('answered');
  await clock.advance(20_000);
  expect(most).toBe(1);
});
