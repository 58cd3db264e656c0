import { expect, test } from '@jest/globals';
import { readSlice } from '../../core/services/observed.js';
import { createPassedSlices, type PassedSlices } from './passedSlices.js';

const object = (name: string, service: string): object => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    name,
    namespace: 'demo',
    uid: `uid-${name}`,
    labels: { 'kubernetes.io/service-name': service },
    managedFields: [{ manager: 'kube-controller-manager', fieldsV1: {} }],
  },
  addressType: 'IPv4',
  ports: [{ name: 'http', port: 8080, protocol: 'TCP', appProtocol: 'http' }],
  endpoints: [
    {
      addresses: ['10.1.0.1'],
      conditions: { ready: true, serving: true, terminating: false },
      hostname: 'a',
      zone: 'z',
      nodeName: 'n',
      hints: { forZones: [{ name: 'z' }] },
      targetRef: { kind: 'Pod', name: 'a', uid: '0' },
    },
  ],
});
const taken = (passed: PassedSlices, service: string): readonly string[] | undefined => passed.take(service)?.map(([key]) => key);

test('what is taken reads as what was passed over', () => {
  const passed = createPassedSlices();
  passed.set('demo/a', object('a', 'web'));
  const [found] = passed.take('demo/web') ?? [];
  if (found?.[1].kind !== 'object') throw new Error('nothing was taken');
  expect(readSlice('east', found[1].object)).toEqual(readSlice('east', object('a', 'web')));
});

test('slices that change, move to another Service or go are known as they are', () => {
  const passed = createPassedSlices();
  for (const name of ['a', 'b', 'c']) passed.set(`demo/${name}`, object(name, 'web'));
  passed.set('demo/a', object('a', 'web'));
  passed.set('demo/b', object('b', 'shop'));
  passed.set('demo/c', undefined);
  expect([taken(passed, 'demo/web'), taken(passed, 'demo/shop'), taken(passed, 'demo/none')]).toEqual([['demo/a'], ['demo/b'], []]);
});

test('of a Service that is followed nothing is known, until it is not followed any more', () => {
  const passed = createPassedSlices();
  passed.set('demo/a', object('a', 'web'));
  expect(taken(passed, 'demo/web')).toEqual(['demo/a']);
  expect(taken(passed, 'demo/web')).toBeUndefined();
  const read = readSlice('east', object('b', 'web'));
  if (!read.ok || read.value === undefined) throw new Error('a slice cannot be read');
  passed.put('demo/web', [['demo/b', read.value.record]]);
  expect(passed.take('demo/web')).toEqual([['demo/b', { kind: 'record', record: read.value.record }]]);
  passed.put('demo/web', []);
  expect(taken(passed, 'demo/web')).toEqual([]);
  passed.put('demo/web', undefined);
  expect(taken(passed, 'demo/web')).toBeUndefined();
});

test('H8: what was heard of longest ago is forgotten, whole, and stays so', () => {
  const passed = createPassedSlices(2_000);
  for (const name of ['a', 'b']) passed.set(`demo/${name}`, object(name, 'first'));
  for (const service of ['second', 'third', 'fourth']) passed.set(`demo/${service}`, object(service, service));
  passed.set('demo/b', object('b', 'first'));
  expect(['first', 'second', 'third', 'fourth'].map((service) => taken(passed, `demo/${service}`))).toEqual([
    undefined,
    ['demo/second'],
    ['demo/third'],
    ['demo/fourth'],
  ]);
});

test('H8: of more Services than can be forgotten by name, only what is known is said', () => {
  const passed = createPassedSlices(1_000);
  for (let n = 0; n < 25_000; n += 1) passed.set(`demo/s${n}`, object(`s${n}`, `s${n}`));
  expect([taken(passed, 'demo/s0'), taken(passed, 'demo/never-heard-of')]).toEqual([undefined, undefined]);
});

test.each([undefined, null, 5, [], {}, { metadata: { labels: 5 } }, { metadata: { namespace: 'demo' } }])(
  'nonsense is nothing: %p',
  (nonsense) => {
    const passed = createPassedSlices();
    expect(() => passed.set('demo/a', nonsense)).not.toThrow();
    expect(taken(passed, 'demo/a')).toEqual([]);
  },
);
