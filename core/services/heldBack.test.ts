import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { withReadiness } from './readiness.js';
import { type ChoiceSlice, heldBack } from './heldBack.js';
import type { ChoicePolicy } from './choicePolicy.js';

const PREFER: ChoicePolicy = { self: 'west', prefer: [['east'], ['north']] };

interface Sketch {
  readonly ports?: readonly string[];
  readonly addressType?: string;
  /** Addresses that are not ready. */
  readonly notReady?: readonly string[];
}

function slice(
  member: string,
  addresses: readonly string[],
  { ports = ['http'], addressType = 'IPv4', notReady = [] }: Sketch = {},
): ChoiceSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${member} ${addressType} ${ports.join()}`, labels: { 'kilofed.io/cluster': member }, annotations: {} },
    addressType,
    ports: ports.map((name) => ({ name, protocol: 'TCP', port: 80 })),
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: !notReady.includes(address) } })),
  };
}

type More = Partial<Omit<Parameters<typeof heldBack>[0], 'policy' | 'slices'>>;

function applied(policy: ChoicePolicy, slices: readonly ChoiceSlice[], more: More = {}): ChoiceSlice[] {
  const held = heldBack({ policy, slices, isCut: () => false, ...more });
  return slices.map((each) => withReadiness(each, held(each)));
}

/** Addresses that are ready after all. */
function serving(policy: ChoicePolicy, slices: readonly ChoiceSlice[], more: More = {}): string[] {
  return applied(policy, slices, more)
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter((endpoint) => (endpoint['conditions'] as { readonly ready?: boolean }).ready !== false)
    .flatMap(({ addresses }) => addresses as string[]);
}

test.each<[string, string[], ChoicePolicy, ChoiceSlice[], More]>([
  ['the preferred alone', ['e1', 'e2'], PREFER, [slice('east', ['e1', 'e2']), slice('north', ['n1'])], {}],
  ['one that is not ready does not count', ['n1'], PREFER, [slice('east', ['e1'], { notReady: ['e1'] }), slice('north', ['n1'])], {}],
  ['nor one that is cut off', ['n1'], PREFER, [slice('east', ['e1']), slice('north', ['n1'])], { isCut: (member) => member === 'east' }],
  [
    'each IP family by itself: a client uses one',
    ['e6', 'n1'],
    PREFER,
    [slice('east', ['e6'], { addressType: 'IPv6' }), slice('north', ['n1']), slice('north', ['n6'], { addressType: 'IPv6' })],
    {},
  ],
  [
    'of every port some endpoint serves',
    ['e1', 'n1'],
    PREFER,
    [slice('east', ['e1']), slice('north', ['n1'], { ports: ['http', 'metrics'] }), slice('south', ['s1'], { ports: ['http'] })],
    {},
  ],
  ['headless, without ports', ['e1'], PREFER, [slice('east', ['e1'], { ports: [] }), slice('north', ['n1'], { ports: [] })], {}],
  ['drained, alone', [], { self: 'west', drained: ['east'] }, [slice('east', ['e1'])], {}],
  [
    'local: while one of its own is ready',
    [],
    { self: 'west', affinity: 'local' },
    [slice('east', ['e1'])],
    { beside: { member: 'west', ready: { IPv4: 1 } } },
  ],
  [
    'local: none of its own is ready',
    ['e1'],
    { self: 'west', affinity: 'local' },
    [slice('east', ['e1'])],
    { beside: { member: 'west', ready: { IPv4: 0, IPv6: 2 } } },
  ],
])('%s', (_what, expected, ...[policy, slices, more]) => {
  expect(serving(policy, slices, more)).toEqual(expected);
});

/** Addresses that kube-proxy goes on to when none is ready. */
function standingBy(policy: ChoicePolicy, slices: readonly ChoiceSlice[], more: More = {}): string[] {
  return applied(policy, slices, more)
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter((endpoint) => JSON.stringify(endpoint['conditions']) === '{"ready":false,"serving":true,"terminating":true}')
    .flatMap(({ addresses }) => addresses as string[]);
}

const SOUTH_TOO: ChoicePolicy = { self: 'west', prefer: [['east'], ['north'], ['south']] };
const ALL_THREE = [slice('east', ['e1']), slice('north', ['n1', 'n2']), slice('south', ['s1'])];

test.each<[string, string[], ChoicePolicy, ChoiceSlice[], More]>([
  ['the next tier, and no later one', ['n1', 'n2'], SOUTH_TOO, ALL_THREE, {}],
  ['not what is cut off', ['s1'], SOUTH_TOO, ALL_THREE, { isCut: (member) => member === 'north' }],
  ['nor what is drained', ['s1'], { ...SOUTH_TOO, drained: ['north'] }, ALL_THREE, {}],
  ['of what is in its tier and beyond its share, nothing', [], { self: 'west', weights: { east: 1, north: 1, south: 1 } }, ALL_THREE, {}],
  ['a weight of nothing', ['e1'], { self: 'west', weights: { east: 0 } }, ALL_THREE, {}],
  ['nothing while all are alike', [], { self: 'west', drained: [] }, ALL_THREE, {}],
  [
    'local: the others, by preference, while one of its own is ready',
    ['e1'],
    { ...SOUTH_TOO, affinity: 'local' },
    ALL_THREE,
    { beside: { member: 'west', ready: { IPv4: 1 } } },
  ],
  [
    'local: the next of the others, while none of its own is ready',
    ['n1', 'n2'],
    { ...SOUTH_TOO, affinity: 'local' },
    ALL_THREE,
    { beside: { member: 'west', ready: { IPv4: 0 } } },
  ],
])('stands by: %s', (_what, expected, ...[policy, slices, more]) => {
  expect(standingBy(policy, slices, more)).toEqual(expected);
});

test('when all that serve are gone, those that stand by are those that serve next', () => {
  const order = fc.shuffledSubarray(['east', 'north', 'south']).map((ids) => ids.map((id) => [id]));
  const weights = fc.record({ east: fc.nat(3), north: fc.nat(3), south: fc.nat(3) }, { requiredKeys: [] });
  fc.assert(
    fc.property(order, weights, (prefer, shares) => {
      const policy = { self: 'west', prefer, weights: shares };
      const chosen = new Set(serving(policy, ALL_THREE));
      const members = new Set(
        ALL_THREE.filter(({ endpoints }) => endpoints?.some(({ addresses }) => chosen.has((addresses as string[])[0] ?? ''))).map(
          ({ metadata }) => metadata.labels?.['kilofed.io/cluster'],
        ),
      );
      expect(standingBy(policy, ALL_THREE)).toEqual(serving(policy, ALL_THREE, { isCut: (member) => members.has(member) }));
    }),
  );
});

test('whoever finds what another has written comes to the same, and gives all back when the reason is gone', () => {
  const member = fc.constantFrom('east', 'north', 'south');
  const slices = fc
    .uniqueArray(fc.tuple(member, fc.constantFrom('IPv4', 'IPv6'), fc.subarray(['http', 'grpc'], { minLength: 1 })), {
      selector: ([id, type, ports]) => `${id} ${type} ${ports.join()}`,
    })
    .chain((kinds) =>
      fc.tuple(
        ...kinds.map(([id, addressType, ports]) =>
          fc.subarray([1, 2, 3, 4]).chain((numbers) => {
            const addresses = numbers.map((number) => `${id}${ports.length}${number}`);
            return fc.subarray(addresses).map((notReady) => slice(id, addresses, { addressType, ports, notReady }));
          }),
        ),
      ),
    );
  const policy = fc.record(
    {
      self: fc.constant('west'),
      prefer: fc.shuffledSubarray(['east', 'north', 'south']).map((ids) => ids.map((id) => [id])),
      weights: fc.record({ east: fc.integer({ min: 0, max: 9 }), north: fc.integer({ min: 0, max: 9 }) }),
      drained: fc.subarray(['east', 'north', 'south']),
    },
    { requiredKeys: ['self'] },
  );
  const cut = fc.subarray(['east', 'north', 'south']);
  fc.assert(
    fc.property(slices, fc.tuple(policy, cut), fc.tuple(policy, cut), (all, [first, cutFirst], [then, cutThen]) => {
      const before = applied(first, all, { isCut: (id) => cutFirst.includes(id) });
      const after = applied(then, before, { isCut: (id) => cutThen.includes(id) });
      expect(after).toEqual(applied(then, all, { isCut: (id) => cutThen.includes(id) }));
      expect(applied(then, after, { isCut: (id) => cutThen.includes(id) })).toEqual(after);
      expect(applied({ self: 'west' }, after)).toEqual(all.map((each) => withReadiness(each, () => false)));
    }),
  );
});

test('of what can serve in a family on a port, something does', () => {
  const sketch = fc.record({
    member: fc.constantFrom('east', 'north', 'south'),
    ports: fc.subarray(['http', 'grpc', 'udp'], { minLength: 1 }),
    number: fc.integer({ min: 1, max: 99 }),
  });
  fc.assert(
    fc.property(fc.array(sketch, { maxLength: 8 }), fc.shuffledSubarray(['east', 'north', 'south']), (sketches, order) => {
      const slices = sketches.map(({ member, ports, number }, index) => slice(member, [`${member} ${index} ${number}`], { ports }));
      const policy = { self: 'west', prefer: order.map((id) => [id]), weights: { east: 2 } };
      const after = applied(policy, slices);
      for (const port of ['http', 'grpc', 'udp']) {
        const having = (all: readonly ChoiceSlice[]): ChoiceSlice[] => all.filter(({ ports }) => ports?.some(({ name }) => name === port));
        const some = having(after).some(({ endpoints }) => endpoints?.some((one) => (one['conditions'] as { ready: boolean }).ready));
        expect(some).toBe(having(slices).length > 0);
      }
    }),
  );
});
