/**
 * The whole hub with members declared as Secrets, some of them by somebody who means it no good: whatever stands in one Secret concerns
 * the member that it declares.
 */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Problem } from '../../core/api/problem.js';
import type { KubeObject } from '../../core/api/resources.js';
import { chooseQueue } from '../../hub/chooseQueue.js';
import { connectMember } from '../../hub/connectMember.js';
import { createHub, type Hub } from '../../hub/hub.js';
import { secretSource } from '../../hub/members/secrets.js';
import { unlabelledSecrets } from '../../hub/members/unlabelledSecrets.js';
import { RULES } from '../fakes/services.js';
import { createHandClock, type HandClock, SILENT } from '../host/handClock.js';
import { createFakeCluster, type FakeCluster } from './fakeCluster.js';

let clock: HandClock;
let home: FakeCluster;
let west: FakeCluster;
let hub: Hub;
let stop: AbortController;
let ended: Promise<void>;

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** As it may come from an API server, whatever it is. */
function declare(name: string, id: unknown, data: unknown, more: object = {}): void {
  home.put({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'kilofed', labels: { 'kilofed.io/cluster': id }, ...more } as unknown as KubeObject['metadata'],
    data,
  });
}

const state = (id: string): string | undefined => hub.status().members.find((member) => member.id === id)?.state;
const reason = (id: string): string => hub.status().members.find((member) => member.id === id)?.reason ?? '';
const problems = (of: Problem['reason']): string[] =>
  hub
    .status()
    .problems.filter((problem) => problem.reason === of)
    .map(({ cluster = 'hub', message }) => `${cluster}: ${message}`);

beforeEach(async () => {
  clock = createHandClock();
  [home, west] = [createFakeCluster('u-home', clock), createFakeCluster('u-west', clock)];
  declare('west', 'west', { kubeconfig: base64('west') });
  const deps = { clock, random: () => 0.5, log: SILENT };
  hub = createHub({
    identity: { federation: 'default', instance: 'test' },
    ...deps,
    ...chooseQueue(undefined, { ...deps, federation: 'default' }),
    sources: [secretSource, unlabelledSecrets].map((source) => source('kilofed', { ...deps, client: home.client })),
    connect: (text, place) =>
      text === 'west'
        ? { ok: true, value: { client: west.client } }
        : connectMember(text, place, { ofSecrets: { programs: false, insecureTls: false }, environment: {} }),
    version: 'test',
    sha256: (text) => createHash('sha256').update(text).digest(),
    rules: RULES,
    exportToDefault: 'all',
  });
  stop = new AbortController();
  ended = hub.run(stop.signal);
  await clock.advance(1_000);
  expect(state('west')).toBe('ready');
});

afterEach(async () => {
  stop.abort();
  await clock.advance(5_000);
  // Rejects if anything ended the hub.
  await ended;
});

/** Up to the fields of its user. */
const KUBECONFIG =
  '{clusters: [{name: c, cluster: {server: "https://attacker.example"}}], contexts: [{name: x, context: {cluster: c, user: u}}], ' +
  'current-context: x, users: [{name: u, user: {';

describe('M2: one Secret ends nothing but itself', () => {
  test.each<[string, unknown, RegExp]>([
    [
      'a circular kubeconfig',
      { kubeconfig: base64('clusters: &a [*a]') },
      /^secret kilofed\/evil: the kubeconfig is not valid YAML: it has an alias/,
    ],
    [
      'H4: the token of the hub',
      { kubeconfig: base64(`${KUBECONFIG} tokenFile: /var/run/secrets/token}}]}`) },
      /has tokenFile, which is a file/,
    ],
    ['H4: a program', { kubeconfig: base64(`${KUBECONFIG} exec: {command: sh, installHint: 5}}}]}`) }, /has exec, which is a program/],
    [
      'a kubeconfig beyond all size',
      { kubeconfig: base64('a'.repeat(70_000)) },
      /^secret kilofed\/evil: its key "kubeconfig" is larger than 65536 bytes/,
    ],
    ['a kubeconfig that is a number', { kubeconfig: 5 }, /has no key "kubeconfig"/],
    ['no base64', { kubeconfig: '%%%' }, /the kubeconfig is empty/],
    ['data that is text', 'kubeconfig', /has no key "kubeconfig"/],
    ['no data', undefined, /has no key "kubeconfig"/],
    ['bytes', { kubeconfig: Buffer.from([0, 255, 254, 0]).toString('base64') }, /the kubeconfig is not valid YAML/],
  ])('%s', async (_title, data, expected) => {
    declare('evil', 'evil', data);
    await clock.advance(1_000);
    expect([state('evil'), state('west')]).toEqual(['refused', 'ready']);
    expect(reason('evil')).toMatch(expected);
  });

  test.each<[string, unknown, object]>([
    ['an id that is none', 'A/b', {}],
    ['an id that is a number', 5, {}],
    ['an id of the prototype', '__proto__', {}],
    ['labels that are text', 'x', { labels: 'x' }],
    ['annotations that are numbers', 'evil', { annotations: { 'kilofed.io/allowed-cidrs': 5, 'kilofed.io/cluster-uid': {} } }],
    ['annotations that are a list', 'evil', { annotations: [1] }],
    ['no version', 'evil', { resourceVersion: undefined, uid: undefined }],
  ])('%s', async (_title, id, more) => {
    declare('evil', id, { kubeconfig: base64('x') }, more);
    await clock.advance(1_000);
    expect(state('west')).toBe('ready');
    expect(() => JSON.stringify(hub.status())).not.toThrow();
  });

  test('a newcomer takes no member from the Secret that was there first, whatever its name', async () => {
    declare('a-thief', 'west', { kubeconfig: base64('clusters: []') }, { creationTimestamp: '2026-06-01T00:00:00Z' });
    await clock.advance(1_000);
    expect(state('west')).toBe('ready');
    expect(problems('Duplicate')).toEqual([
      'west: secret kilofed/a-thief declares "west" again; secret kilofed/west is used: remove one of them, or give it another id',
    ]);
  });

  test('the youngest of too many are left out and told, and nobody is displaced', async () => {
    const later = { creationTimestamp: '2026-06-01T00:00:00Z' };
    for (let count = 0; count < 1002; count += 1) declare(`a${count}`, `a${count}`, {}, later);
    await clock.advance(1_000);
    expect(hub.status().members).toHaveLength(1000);
    // A million pairs of members that were never reached would tell nothing.
    expect(hub.status().pairs).toEqual([]);
    expect(state('west')).toBe('ready');
    expect(problems('TooManyMembers')).toEqual([
      'hub: more than 1000 members are declared: the youngest are left out: a997, a998, a999: ' +
        'remove Secrets and files that declare members no longer',
    ]);
  });

  test('whatever stands in a Secret', async () => {
    const secret = fc.record({ id: fc.oneof(fc.constant('evil'), fc.anything()), data: fc.anything(), more: fc.object() });
    await fc.assert(
      fc.asyncProperty(secret, async ({ id, data, more }) => {
        const { labels: _labels, name: _name, namespace: _namespace, ...rest } = more;
        const before = hub.status().members.length;
        declare('evil', id, data, plain(rest) as object);
        await clock.advance(50);
        expect(state('west')).toBe('ready');
        expect(hub.status().members.length - before).toBeLessThanOrEqual(1);
      }),
      { numRuns: 100 },
    );
  });
});

/** As JSON can hold it. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? String(each) : each)));
}

test('I13: a Secret without the label declares nobody, and is told of until it has it', async () => {
  const put = (labels: Readonly<Record<string, string>>, data: object): void =>
    home.put({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'member-north', namespace: 'kilofed', labels }, data });
  put({}, { token: 'eA==' });
  await clock.advance(1_000);
  expect(problems('NoLabel')).toEqual([]);
  put({}, { kubeconfig: base64('west') });
  await clock.advance(1_000);
  expect(problems('NoLabel')).toEqual([
    'hub: Secrets hold a kubeconfig and declare nobody, since they lack the label kilofed.io/cluster: kilofed/member-north: ' +
      'kubectl -n kilofed label secret member-north kilofed.io/cluster=ID, with the name that the member is to have',
  ]);
  expect(hub.status().members.map(({ id }) => id)).toEqual(['west']);
  put({ 'kilofed.io/cluster': 'north' }, { kubeconfig: base64('west') });
  await clock.advance(1_000);
  expect(problems('NoLabel')).toEqual([]);
  expect(hub.status().members.map(({ id }) => id)).toEqual(['north', 'west']);
});
