import { expect, test } from '@jest/globals';
import { HEALTHY } from '../test/fakes/federationStatus.js';
import { leftWithout } from './leftWithout.js';

type Service = (typeof HEALTHY)['services'][number];

const service = (exporters: readonly [cluster: string, ready: number][], importers: Service['importers'] = IMPORTERS): Service => ({
  namespace: 'demo',
  name: 'web',
  exporters: exporters.map(([cluster, ready]) => ({ cluster, endpoints: 3, ready })),
  importers,
});
const IMPORTERS: Service['importers'] = [
  { cluster: 'west', state: 'mirrored' },
  { cluster: 'north', state: 'mirrored' },
  { cluster: 'east', state: 'mirrored' },
  { cluster: 'south', state: 'pending' },
];
const LEFT = [{ service: 'demo/web', importers: ['north', 'west'] }];

test.each<[string, Service, readonly object[]]>([
  ['only it exports', service([['east', 1]]), LEFT],
  [
    'another one exports',
    service([
      ['east', 1],
      ['west', 1],
    ]),
    [],
  ],
  [
    'another one exports, without a ready endpoint',
    service([
      ['east', 1],
      ['west', 0],
    ]),
    LEFT,
  ],
  [
    'another one exports that is drained',
    service([
      ['east', 1],
      ['drained', 2],
    ]),
    LEFT,
  ],
  ['it has none ready itself', service([['east', 0]]), []],
  ['nobody imports', service([['east', 1]], [{ cluster: 'west', state: 'pending' }]), []],
  ['others export', service([['west', 1]]), []],
])('a Service that %s', (_what, each, expected) => {
  const [first] = HEALTHY.members;
  const drained = first === undefined ? [] : [{ ...first, id: 'drained', drain: { serving: [], unread: [] } }];
  expect(leftWithout('east', { ...HEALTHY, members: [...HEALTHY.members, ...drained], services: [each] })).toEqual(expected);
});
