import { expect, test } from '@jest/globals';
import type { ExportRequest } from './annotations.js';
import { type ChoicePolicy, choicePolicy, type MemberTerms, readPolicy, writePolicy } from './choicePolicy.js';

type Input = Parameters<typeof choicePolicy>[0];

function exporter(cluster: string, asks: Partial<ExportRequest> = {}): Input['exporters'][number] {
  return { cluster, export: { exported: true, complaints: [], ...asks } };
}

const TERMS: Readonly<Record<string, MemberTerms>> = {
  south: { labels: { region: 'us' } },
  east: { labels: { region: 'eu' } },
  north: { labels: { region: 'eu' } },
};

const WEIGHTS = { east: 3, north: 1 };

test.each<[string, Partial<Input>, Partial<ChoicePolicy> | undefined]>([
  ['nobody asks for anything', { exporters: [exporter('east'), exporter('north')] }, undefined],
  ['the first decides', { exporters: [exporter('east', { weights: WEIGHTS }), exporter('north')] }, { weights: WEIGHTS }],
  ['a newcomer does not', { exporters: [exporter('east'), exporter('north', { prefer: ['north'] })] }, undefined],
  [
    "the cluster's own word counts there",
    { exporters: [exporter('east', { prefer: ['east'] }), exporter('west', { weights: { east: 2 } })] },
    { weights: { east: 2 } },
  ],
  [
    'its own Service says nothing of it: the first decides',
    { exporters: [exporter('east', { prefer: ['east'] }), exporter('west', { affinity: 'local' })] },
    { affinity: 'local', prefer: [['east']] },
  ],
  ['affinity is its own alone', { exporters: [exporter('east', { affinity: 'local' }), exporter('north')] }, undefined],
  [
    'members that do not export it are left out',
    { exporters: [exporter('east', { prefer: ['south'], weights: { south: 2 } })] },
    undefined,
  ],
  [
    'labels are of members, and the best tier counts',
    {
      exporters: [exporter('south', { prefer: ['region=eu', 'south', 'east', 'region=us', 'region=asia'] }), exporter('east')],
      unknown: ['north'],
    },
    { prefer: [['east', 'north'], ['south']] },
  ],
  [
    'a member that is not known now keeps its place by its id',
    { exporters: [exporter('east', { prefer: ['north', 'east'] })], unknown: ['north'] },
    { prefer: [['north'], ['east']] },
  ],
  [
    'who decides is not known now: what stands stays',
    { exporters: [exporter('east', { prefer: ['east'] })], standing: '{"self":"west","affinity":"local","prefer":[["north"]]}' },
    { prefer: [['north']] },
  ],
  ['what stands cannot be read', { exporters: [exporter('east', { prefer: ['east'] })], standing: '{' }, undefined],
  [
    'drained members, but for itself',
    { exporters: [exporter('north'), exporter('west')], unknown: ['east'], termsOf: () => ({ drained: true }) },
    { drained: ['east', 'north'] },
  ],
])('%s', (_what, input, expected) => {
  const found = choicePolicy({ self: 'west', exporters: [], unknown: [], termsOf: (id) => TERMS[id] ?? {}, ...input });
  expect(found).toEqual(expected === undefined ? undefined : { self: 'west', ...expected });
});

test('it is read as it was written', () => {
  const all: ChoicePolicy = { self: 'west', affinity: 'local', prefer: [['east', 'north']], weights: WEIGHTS, drained: ['south'] };
  expect(readPolicy(writePolicy(all))).toEqual(all);
  expect(writePolicy(all)).toBe(
    '{"self":"west","affinity":"local","prefer":[["east","north"]],"weights":{"east":3,"north":1},"drained":["south"]}',
  );
  expect(readPolicy(writePolicy({ self: 'west' }))).toEqual({ self: 'west' });
});

test.each(['', '7', 'null', '{}', '{"self":7}', '{"self":"west","weights":{"east":-1}}', '{"self":"west","affinity":"often"}'])(
  'what nobody of ours wrote is none: %s',
  (text) => {
    expect(readPolicy(text)).toBeUndefined();
  },
);
