import { beforeEach, describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../core/api/resources.js';
import { createHandClock } from '../../test/host/handClock.js';
import type { Change } from './change.js';
import type { WatchedKind } from './feed.js';
import { createMemberRecords, type MemberRecords } from './memberRecords.js';

let records: MemberRecords;
let changes: Change[];
let needed: string[];
let heard: boolean;
const last = new Map<string, unknown>();

beforeEach(() => {
  changes = [];
  needed = [];
  heard = false;
  last.clear();
  records = createMemberRecords('east', {
    clock: createHandClock(),
    changed: (change) => changes.push(change),
    needSlices: (service) => needed.push(service),
    allSlicesHeard: () => heard,
  });
});

/** As a reflector would: undefined deletes. */
function event(kind: WatchedKind, key: string, object?: KubeObject & Readonly<Record<string, unknown>>): void {
  const feed = records.feeds[kind];
  const current = object === undefined ? undefined : feed.project(object);
  feed.changed(key, current, last.get(`${kind} ${key}`));
  last.set(`${kind} ${key}`, current);
}

const service = (
  version: number,
  more: { readonly exported?: boolean; readonly own?: boolean; readonly port?: number } = {},
): KubeObject & Record<string, unknown> => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {
    name: 'web',
    namespace: 'demo',
    uid: 'u',
    resourceVersion: String(version),
    annotations: {
      ...(more.exported === true && { 'kilofed.io/export': 'true' }),
      ...(more.own === true && { 'kilofed.io/hash': '0' }),
      other: String(version),
    },
    labels: more.own === true ? { 'kilofed.io/managed-by': 'kilofed-hub', 'multicluster.kubernetes.io/service-name': 'web' } : {},
  },
  spec: { ports: [{ port: more.port ?? 80 }] },
});

const slice = (name: string, namespace = 'demo'): KubeObject & Record<string, unknown> => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name, namespace, uid: name, labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  endpoints: null,
  ports: null,
});

describe('Peers', () => {
  const peer = (
    version: number,
    more: { readonly own?: boolean; readonly port?: number; readonly ready?: 'True' | 'False'; readonly observed?: number } = {},
  ): KubeObject & Record<string, unknown> => ({
    apiVersion: 'kilo.squat.ai/v1alpha1',
    kind: 'Peer',
    metadata: {
      name: 'p',
      resourceVersion: String(version),
      generation: 2,
      ...(more.own === true && {
        labels: { 'kilofed.io/managed-by': 'kilofed-hub', 'kilofed.io/cluster': 'west' },
        annotations: { 'kilofed.io/hash': '0' },
      }),
    },
    spec: { allowedIPs: [], publicKey: '', endpoint: { dnsOrIP: { ip: '203.0.113.1' }, port: more.port ?? 1 } },
    ...(more.ready !== undefined && {
      status: {
        conditions: [
          {
            type: 'Ready',
            status: more.ready,
            reason: 'PrefixTaken',
            message: 'remove it',
            observedGeneration: more.observed ?? 2,
            lastTransitionTime: '',
          },
        ],
      },
    }),
  });

  test('of ours: a status is no change, and is not kept', () => {
    event('peer', 'p', peer(1, { own: true }));
    event('peer', 'p', peer(2, { own: true, ready: 'True' }));
    expect(changes).toEqual([{ kind: 'ownPeer', source: 'west' }]);
    expect(records.peersOf('west')).toEqual([expect.not.objectContaining({ status: expect.anything() })]);
    event('peer', 'p', peer(3, { own: true, ready: 'True', port: 2 }));
    expect(changes).toHaveLength(2);
  });

  test.each([
    ['refused', { ready: 'False' }, [{ subject: { kind: 'peer', name: 'p' }, reason: 'PrefixTaken', message: 'remove it' }]],
    ['taken', { ready: 'True' }, []],
    ['refused as it was before it was changed', { ready: 'False', observed: 1 }, []],
    ['of which nobody has said anything', {}, []],
  ] as const)('%s: told as a problem of the member, or not', (_what, more, expected) => {
    for (const own of [true, false]) {
      event('peer', 'p', peer(1, { ...more, own }));
      expect(records.problems().filter(({ subject }) => subject.kind !== 'mesh')).toEqual(expected);
      event('peer', 'p');
      expect(records.problems().filter(({ subject }) => subject.kind !== 'mesh')).toEqual([]);
    }
  });
});

describe('Services', () => {
  test('of others: only that the name is taken, and what would be exported if something asked for it', () => {
    event('service', 'demo/web', service(1));
    event('service', 'demo/web', service(2));
    const { body = '', ...entry } = records.services().get('demo/web') as { readonly body?: string };
    expect(entry).toEqual({ kind: 'foreign', namespace: 'demo', name: 'web', uid: 'u' });
    expect(JSON.parse(body)).toMatchObject({ record: { name: 'web', export: { exported: false } }, leftOut: [] });
    expect(changes).toEqual([{ kind: 'service', service: 'demo/web', exported: false }]);
  });

  test('exported: told when something that matters to others changes', () => {
    event('service', 'demo/web', service(1, { exported: true }));
    event('service', 'demo/web', service(2, { exported: true }));
    expect(changes).toHaveLength(1);
    event('service', 'demo/web', service(3, { exported: true, port: 81 }));
    event('service', 'demo/web', service(4, {}));
    expect(changes.slice(1)).toEqual([
      { kind: 'service', service: 'demo/web', exported: true },
      { kind: 'service', service: 'demo/web', exported: true },
    ]);
    expect([...records.exported()]).toEqual([]);
  });

  test('that are being deleted are not exported', () => {
    const doomed = service(1, { exported: true });
    event('service', 'demo/web', { ...doomed, metadata: { ...doomed.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } });
    expect([...records.exported()]).toEqual([]);
  });

  test('of ours are never exports, whatever they are annotated with', () => {
    event('service', 'demo/web', service(1, { own: true, exported: true }));
    expect([...records.exported()]).toEqual([]);
    expect(records.mirrorsOf('demo/web').services).toHaveLength(1);
  });
});

describe('slices', () => {
  test('only of exported Services are kept', () => {
    event('endpointSlice', 'demo/a', slice('a'));
    expect(records.slicesOf('demo/web')).toBeUndefined();
    event('service', 'demo/web', service(1, { exported: true }));
    event('endpointSlice', 'demo/a', slice('a'));
    expect(records.slicesOf('demo/web')?.map(({ name }) => name)).toEqual(['a']);
    expect(needed).toEqual([]);
  });

  test('of a Service that is exported later are asked for', () => {
    records.slicesStarted();
    event('endpointSlice', 'demo/a', slice('a'));
    event('service', 'demo/web', service(1, { exported: true }));
    expect(needed).toEqual(['demo/web']);
    expect(records.slicesOf('demo/web')).toBeUndefined();
    records.fillSlices('demo/web', [slice('a')]);
    expect(records.slicesOf('demo/web')?.map(({ name }) => name)).toEqual(['a']);
    event('endpointSlice', 'demo/a');
    expect(records.slicesOf('demo/web')).toEqual([]);
  });

  test('of a Service that is exported later need no fetch where all were heard of, then or before it was exported last', () => {
    records.slicesStarted();
    event('endpointSlice', 'demo/a', slice('a'));
    event('endpointSlice', 'demo/gone', slice('gone'));
    event('endpointSlice', 'demo/gone');
    heard = true;
    for (const round of [1, 2, 3]) {
      event('service', 'demo/web', service(round * 2, { exported: true }));
      expect(records.slicesOf('demo/web')?.map(({ name }) => name)).toEqual(['a']);
      event('service', 'demo/web', service(round * 2 + 1));
      expect(records.slicesOf('demo/web')).toBeUndefined();
    }
    event('endpointSlice', 'demo/b', slice('b'));
    event('service', 'demo/web', service(9, { exported: true }));
    expect(records.slicesOf('demo/web')?.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(needed).toEqual([]);
  });
});

describe('own writes', () => {
  test('are known at once, quietly, and no older event takes them back', () => {
    event('service', 'demo/web', service(5, { own: true }));
    changes.length = 0;
    records.wrote('service', service(9, { own: true, port: 82 }));
    expect(changes).toEqual([]);
    event('service', 'demo/web', service(7, { own: true, port: 81 }));
    expect(records.mirrorsOf('demo/web').services[0]?.metadata.resourceVersion).toBe('9');
    event('service', 'demo/web', service(9, { own: true, port: 82 }));
    expect(changes).toEqual([]);
    event('service', 'demo/web', service(10, { own: true, port: 83 }));
    expect(changes).not.toEqual([]);
    expect(records.mirrorsOf('demo/web').services[0]?.metadata.resourceVersion).toBe('10');
  });

  test('a deletion of what came before them is stale', () => {
    event('service', 'demo/web', service(5, { own: true }));
    records.removed('service', service(5, { own: true }));
    records.wrote('service', service(9, { own: true }));
    event('service', 'demo/web');
    expect(records.mirrorsOf('demo/web').services).toHaveLength(1);
  });

  test.each([undefined, {}, { metadata: null }])('L1: of which the answer is %p do not silence what comes after', (answer) => {
    expect(() => records.wrote('service', answer as never)).toThrow(TypeError);
    event('service', 'demo/web', service(1, { exported: true }));
    expect(changes).toEqual([{ kind: 'service', service: 'demo/web', exported: true }]);
  });
});

describe('malformed', () => {
  const bad = (name: string): KubeObject & Record<string, unknown> =>
    ({ ...service(1, { exported: true }), metadata: { name, namespace: 'demo', annotations: 5 } }) as never;
  const services = (): unknown[] => records.problems().filter(({ reason }) => reason === 'BadService');

  test('H9: a Service has taken its name, and is told until it is well or gone', () => {
    event('service', 'demo/web', bad('web'));
    expect(records.services().get('demo/web')).toMatchObject({ kind: 'foreign' });
    expect(services()).toEqual([expect.objectContaining({ subject: { kind: 'service', name: 'demo/web' } })]);
    event('service', 'demo/web', service(2, { exported: true }));
    expect([services(), [...records.exported()]]).toEqual([[], ['demo/web']]);
    event('service', 'demo/web', bad('web'));
    event('service', 'demo/web');
    expect([services(), [...records.exported()]]).toEqual([[], []]);
  });

  test('H9: of a hundred bad ones twenty are named, by name, and the rest are counted', () => {
    for (let n = 99; n >= 0; n -= 1) event('service', `demo/web-${n}`, bad(`web-${String(n).padStart(2, '0')}`));
    expect(services()).toHaveLength(21);
    expect(services()[0]).toMatchObject({ subject: { name: 'demo/web-00' } });
    expect(services()[20]).toMatchObject({ subject: { kind: 'member' }, message: 'the same holds for 80 more objects' });
  });

  test('H9: an object of ours whose content is malformed is ours, without it, so that it is written again', () => {
    event('service', 'demo/web', { ...service(1, { own: true }), spec: { ports: 'http' } });
    const [mirror] = records.mirrorsOf('demo/web').services;
    expect(mirror).toMatchObject({ kind: 'Service', metadata: { name: 'web' } });
    expect(mirror).not.toHaveProperty('spec');
    expect(services()).toHaveLength(1);
  });
});

describe('H8.5: of too many exports of a namespace', () => {
  const ask = (name: string): void => {
    const object = service(1, { exported: true });
    event('service', `demo/${name}`, { ...object, metadata: { ...object.metadata, name } });
  };
  const reported = (name: string): void =>
    event('serviceExport', `demo/${name}`, {
      apiVersion: 'multicluster.x-k8s.io/v1beta1',
      kind: 'ServiceExport',
      metadata: {
        name,
        namespace: 'demo',
        labels: { 'kilofed.io/managed-by': 'kilofed-hub' },
        annotations: { 'kilofed.io/hash': '0' },
      },
    });
  const told = (): unknown => records.problems().filter(({ reason }) => reason === 'TooManyServices');

  test('those that came first stay, and of the others the first by name follows', () => {
    for (let n = 0; n < 1_000; n += 1) ask(`m${n}`);
    records.slicesStarted();
    for (const name of ['a2', 'a1', 'a3']) ask(name);
    expect([records.exported().size, records.exported().has('demo/a1'), records.waits('demo/a1'), needed]).toEqual([
      1_000,
      false,
      true,
      [],
    ]);
    expect(told()).toEqual([
      {
        subject: { kind: 'member' },
        reason: 'TooManyServices',
        message:
          'more than 5000 of its Services, or 1000 of one namespace, ask to be exported. ' +
          'These are not, until others leave: demo/a1, demo/a2, demo/a3',
      },
    ]);
    changes.length = 0;
    event('service', 'demo/m7');
    expect([records.exported().has('demo/a1'), records.waits('demo/a1'), needed]).toEqual([true, false, ['demo/a1']]);
    expect(changes).toEqual([
      { kind: 'service', service: 'demo/a1', exported: true },
      { kind: 'service', service: 'demo/m7', exported: true },
    ]);
  });

  test('after a restart those that have a ServiceExport come before those that would be before them by name', () => {
    for (const name of ['a1', 'a2', 'a3']) ask(name);
    for (let n = 0; n < 1_000; n += 1) ask(`m${n}`);
    for (let n = 0; n < 999; n += 1) reported(`m${n}`);
    records.slicesStarted();
    expect(['a1', 'a2', 'm0', 'm998', 'm999'].map((name) => records.exported().has(`demo/${name}`))).toEqual([
      true,
      false,
      true,
      true,
      false,
    ]);
    expect(records.exported().size).toBe(1_000);
  });
});

test('H8.5: what annotations and bodies of Services take has a bound, whether they are exported or not', () => {
  const long = 'x'.repeat(16_000);
  const put = (name: string, annotations: Readonly<Record<string, string>>): void =>
    event('service', `demo/${name}`, { ...service(1), metadata: { name, namespace: 'demo', uid: name, annotations } });
  put('first', { 'kilofed.io/export': 'true' });
  for (let n = 0; n < 700; n += 1) put(`n${n}`, { 'kilofed.io/a': long, 'kilofed.io/b': long, 'kilofed.io/c': long, 'kilofed.io/d': long });
  const said = (): number => JSON.stringify([...records.services().values()]).length;
  expect(said()).toBeLessThan(34 << 20);
  put('late', { 'kilofed.io/export': 'true', 'kilofed.io/a': long, 'kilofed.io/b': long, 'kilofed.io/c': long });
  expect([records.exported().has('demo/first'), records.exported().has('demo/late'), records.waits('demo/late')]).toEqual([
    true,
    false,
    true,
  ]);
  const told = (): unknown[] => records.problems().flatMap(({ reason, subject }) => (reason === 'TooManyObjects' ? [subject] : []));
  expect(told()).toEqual([{ kind: 'service', name: 'demo/late' }]);
  for (let n = 0; n < 700; n += 1) event('service', `demo/n${n}`);
  put('late', { 'kilofed.io/export': 'true' });
  expect([records.exported().has('demo/late'), records.waits('demo/late'), told()]).toEqual([true, false, []]);
});
