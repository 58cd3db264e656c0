/**
 * A member whose API server answers with something else than what was asked for: over real HTTP/2, for every kind of nonsense. It is
 * that member's problem, with back-off and a reason; nobody else waits, it is never called ready, and it recovers by itself.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { FederationStatus } from '../../core/api/status.js';
import type { KubeObject } from '../../core/api/resources.js';
import type { Exchange } from '../contract/kube/faultyServer.js';
import { createFakeFederation, exportService, type FakeFederation } from './fakeFederation.js';
import { type Answer, serveCluster } from './servedCluster.js';

let world: FakeFederation;
let evil: Awaited<ReturnType<typeof serveCluster>>;
let started: boolean;

beforeEach(async () => {
  evil = await serveCluster(() => world.cluster('evil'));
  world = createFakeFederation(['east', 'west', 'evil'], { clientOf: (id, { client }) => (id === 'evil' ? evil.connect() : client) });
  exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'] });
  exportService(world.cluster('evil'), 'shop', { addresses: ['10.3.0.5'] });
  started = false;
});

afterEach(async () => {
  await evil.close();
  if (started) await world.end();
});

function start(): void {
  started = true;
  world.start();
}

/** The hub's time passes twenty times as fast as that of the network. */
async function pass(ms: number, until: () => boolean = () => false): Promise<void> {
  for (let passed = 0; passed < ms && !until(); passed += 100) {
    await world.clock.advance(100);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const status = (): FederationStatus => world.hub().status();
const member = (): FederationStatus['members'][number] | undefined => status().members.find(({ id }) => id === 'evil');
const isReady = (): boolean => member()?.state === 'ready';
const problems = (): string[] => status().problems.flatMap(({ cluster, reason }) => (cluster === 'evil' ? [reason] : []));

function addressesInWest(): string[] {
  return [...world.cluster('west').objects.values()].flatMap((object) =>
    object.kind === 'EndpointSlice' && object.metadata.labels?.['kilofed.io/cluster'] === 'east'
      ? (object as KubeObject & { endpoints: { addresses: string[] }[] }).endpoints.flatMap(({ addresses }) => addresses)
      : [],
  );
}

let generation = 5;
/** A change in east reaches west within a second of the hub's time. */
async function othersGoOn(): Promise<void> {
  generation += 1;
  exportService(world.cluster('east'), 'web', { addresses: [`10.1.0.${generation}`] });
  await pass(1_000);
  expect(addressesInWest()).toEqual([`10.1.0.${generation}`]);
}

const isWatch = ({ path }: Exchange): boolean => path.includes('watch=true');
const isList = ({ path }: Exchange): boolean => path.includes('limit=');
const always =
  (answer: (exchange: Exchange) => void): Answer =>
  (exchange) =>
    answer(exchange);
const lists =
  (answer: (exchange: Exchange, turn: number) => void): Answer =>
  (exchange, honestly) =>
    isList(exchange) ? answer(exchange, evil.requests()) : honestly();
const watches =
  (answer: (exchange: Exchange) => void): Answer =>
  (exchange, honestly) =>
    isWatch(exchange) ? answer(exchange) : honestly();
const at =
  (end: string, body: unknown): Answer =>
  (exchange, honestly) =>
    exchange.path.endsWith(end) ? exchange.answer(200, body) : honestly();
const namespace = (metadata: object): object => ({ apiVersion: 'v1', kind: 'Namespace', metadata });
/** A list of what was asked for, in which something is different. */
const list = ({ path }: Exchange, items: readonly unknown[], metadata: object, kind?: string): object => {
  const group = /^\/apis\/([^/]+)\/([^/]+)/.exec(path);
  const plural = new URL(path, 'https://x').pathname.split('/').at(-1) ?? '';
  return {
    apiVersion: group === null ? 'v1' : `${group[1]}/${group[2]}`,
    kind: kind ?? `${KINDS[plural] ?? plural}List`,
    metadata: { resourceVersion: '1', ...metadata },
    items,
  };
};
const KINDS: Readonly<Record<string, string>> = {
  meshes: 'Mesh',
  meshnodes: 'MeshNode',
  peers: 'Peer',
  services: 'Service',
  endpointslices: 'EndpointSlice',
  namespaces: 'Namespace',
  serviceexports: 'ServiceExport',
  serviceimports: 'ServiceImport',
};

const NONSENSE = ['UnexpectedAnswer'];

/** Asked so for every answer, the member is not ready, whether it was before or not. */
const ROWS: readonly (readonly [string, Answer, RegExp, readonly string[]])[] = [
  ['M1: an empty 200', always((exchange) => exchange.answer(200)), /what came is not the Namespace kube-system/, NONSENSE],
  ['M1: {}', always((exchange) => exchange.answer(200, {})), /what came is not the Namespace kube-system/, NONSENSE],
  ['M1: null', always((exchange) => exchange.answer(200, 'null')), /what came is not the Namespace kube-system/, NONSENSE],
  ['M1: a number', always((exchange) => exchange.answer(200, '5')), /what came is not the Namespace kube-system/, NONSENSE],
  ['M1: a page', always((exchange) => exchange.answer(200, '<html>')), /not JSON/, NONSENSE],
  ['M1: another kind', at('/kube-system', { ...namespace({ name: 'kube-system', uid: 'u' }), kind: 'Pod' }), /not the Namespace/, NONSENSE],
  ['M1: another namespace', at('/kube-system', namespace({ name: 'default', uid: 'u-evil' })), /not the Namespace kube-system/, NONSENSE],
  ['M1: a namespace without uid', at('/kube-system', namespace({ name: 'kube-system' })), /has no uid/, NONSENSE],
  ['M1: an empty uid', at('/kube-system', namespace({ name: 'kube-system', uid: '' })), /has no uid/, NONSENSE],
  ['M11: a redirect', always((exchange) => exchange.answer(302, '', { location: 'https://127.0.0.1:1/' })), /answered 302/, []],
  ['M11: Retry-After for ever', always((exchange) => exchange.answer(429, { message: 'later' }, { 'retry-after': '1e9' })), /later/, []],
  ['H8: an answer that is too large', always((exchange) => exchange.answer(200, `"${'x'.repeat(3 << 20)}"`)), /larger than/, NONSENSE],
  ['H8: an answer that nests deep', always((exchange) => exchange.answer(200, '['.repeat(100_000))), /nests deeper/, NONSENSE],
];

describe.each(ROWS)('%s', (_title, answer, reason, expected) => {
  test('from the beginning', async () => {
    evil.answer = answer;
    start();
    // So long a hub that starts waits for members that it cannot read.
    await pass(10_000);
    expect(member()?.state).not.toBe('ready');
    expect(member()?.reason).toMatch(reason);
    expect(problems()).toEqual(expect.arrayContaining([...expected]));
    await othersGoOn();
    await recovers();
  });

  test('after it was ready', async () => {
    start();
    await pass(20_000, isReady);
    expect(isReady()).toBe(true);
    evil.answer = answer;
    evil.cut();
    await pass(10_000, () => !isReady());
    expect(member()?.reason).toMatch(reason);
    expect(problems()).toEqual(expect.arrayContaining(['Unreachable', ...expected]));
    await othersGoOn();
    await recovers();
  });
});

/** What is wrong with its watches only. */
const WATCHES: readonly (readonly [string, Answer, RegExp])[] = [
  [
    'M11: watches that end at once',
    watches((exchange) => exchange.answer(200, '')),
    /cannot follow \w+, so what is known of them may be old: the API server ends each watch at once/,
  ],
  [
    'M11: watches that end after an event',
    watches((exchange) => exchange.answer(200, '{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7"}}}\n')),
    /ends each watch at once/,
  ],
  ['M11: watches of nonsense', watches((exchange) => exchange.answer(200, '{"type":"ADDED","object":5}\n')), /is no watch event/],
  [
    'M11: watches of another kind',
    watches((exchange) => exchange.answer(200, '{"type":"ADDED","object":{"kind":"Pod"}}\n')),
    /is no watch event/,
  ],
  [
    'M11: watches that end with an endless message',
    watches((exchange) => exchange.answer(200, `{"type":"ERROR","object":{"message":"${'no '.repeat(100_000)}"}}\n`)),
    /^.{0,1100}$/,
  ],
];

/** What is wrong with its lists only. */
const LISTS: readonly (readonly [string, Answer, RegExp])[] = [
  ['M1: lists that are empty answers', lists((exchange) => exchange.answer(200)), /is no list of/],
  ['M1: lists that are {}', lists((exchange) => exchange.answer(200, {})), /is no list of/],
  ['M11: lists of another kind', lists((exchange) => exchange.answer(200, list(exchange, [], {}, 'PodList'))), /is no list of/],
  ['M11: lists without a version', lists((exchange) => exchange.answer(200, list(exchange, [], { resourceVersion: 1 }))), /is no list of/],
  ['H8: lists with one token for ever', lists((exchange) => exchange.answer(200, list(exchange, [], { continue: 'a' }))), /does not end/],
  [
    'H8: lists with a token that is endless',
    lists((exchange) => exchange.answer(200, list(exchange, [], { continue: 'a'.repeat(10_000) }))),
    /is no list of/,
  ],
];

test.each(LISTS)('%s: the member is not ready, and its API server is not asked in a storm', async (_title, answer, reason) => {
  evil.answer = answer;
  start();
  await pass(10_000);
  expect([member()?.state, member()?.reason]).toEqual(['connecting', expect.stringMatching(reason)]);
  expect(problems()).toEqual(NONSENSE);
  const before = evil.requests();
  await othersGoOn();
  await pass(20_000);
  // Seven kinds, at most three times each in twenty seconds, and a verification before each.
  expect(evil.requests() - before).toBeLessThan(80);
  expect(isReady()).toBe(false);
  await recovers();
});

test.each(WATCHES)('%s: the member is not ready, and its API server is not asked in a storm', async (_title, answer, reason) => {
  start();
  await pass(20_000, isReady);
  evil.answer = answer;
  evil.cut();
  await pass(90_000, () => !isReady());
  expect(member()?.state).not.toBe('ready');
  expect(member()?.reason).toMatch(reason);
  expect(problems()).toContain('WatchFailing');
  const before = evil.requests();
  await othersGoOn();
  await pass(30_000);
  // Eight kinds, at most twice each in half a minute, and a verification before each.
  expect(evil.requests() - before).toBeLessThan(80);
  expect(isReady()).toBe(false);
  await recovers();
});

test('M1: a version that is no text is a failure like any other', async () => {
  evil.answer = at('/version', { gitVersion: 5 });
  start();
  await pass(10_000);
  expect(member()).toMatchObject({ state: 'unreachable', reason: 'what came from /version is no version' });
  expect(problems().toSorted()).toEqual(['UnexpectedAnswer', 'Unreachable']);
  await othersGoOn();
  await recovers();
  expect(member()?.kubernetesVersion).toBe('v1.35.0');
});

test('M1: answers to writes that are nothing are failures of those writes, and are tried again', async () => {
  start();
  await pass(20_000, isReady);
  evil.answer = (exchange, honestly) => (exchange.method === 'PATCH' ? exchange.answer(200) : honestly());
  exportService(world.cluster('east'), 'new', {});
  await pass(3_000);
  expect(world.cluster('evil').objects.has('services/demo/new')).toBe(false);
  expect(status().services.find(({ name }) => name === 'new')?.importers).toContainEqual(
    expect.objectContaining({ cluster: 'evil', reason: expect.stringContaining('did not answer with') }),
  );
  await othersGoOn();
  evil.answer = (_exchange, honestly) => honestly();
  await pass(60_000, () => world.cluster('evil').objects.has('services/demo/new'));
  expect(world.cluster('evil').objects.has('services/demo/new')).toBe(true);
});

test('M1: what a client throws ends no member, and is told as a defect of the hub', async () => {
  let broken = true;
  const connect = evil.connect.bind(evil);
  evil.connect = () => {
    const client = connect();
    return {
      ...client,
      server: client.server,
      call: (request) => (broken ? Promise.reject(new Error('mine')) : client.call(request)),
    };
  };
  start();
  await pass(10_000);
  expect(member()).toMatchObject({ state: 'connecting', reason: 'following it failed: mine' });
  expect(problems()).toEqual(['Restarting']);
  await othersGoOn();
  broken = false;
  await recovers();
});

async function recovers(): Promise<void> {
  evil.answer = (_exchange, honestly) => honestly();
  await pass(120_000, isReady);
  expect(isReady()).toBe(true);
  await pass(2_000);
  expect(problems()).toEqual([]);
  expect(world.cluster('west').objects.has('services/demo/shop')).toBe(true);
  expect(world.cluster('evil').objects.has('services/demo/web')).toBe(true);
}
