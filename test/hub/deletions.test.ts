/**
 * Every deletion has a line in the log, with the object and the reason.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { RESOURCE } from '../../core/api/resources.js';
import type { KubeObject } from '../../core/api/resources.js';
import { DELETION } from '../../hub/controllers/deletion.js';
import { createFakeFederation, exportService, type FakeFederation, putService } from './fakeFederation.js';

let world: FakeFederation;

beforeEach(async () => {
  world = createFakeFederation(['east', 'north', 'west']);
  exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'] });
  world.start();
  await world.clock.advance(2_000);
});

afterEach(() => world.end());

const deletes = (): string[] => world.clusters().flatMap(({ writes }) => writes.filter((write) => write.startsWith('DELETE')));
const changeNode = (id: string, name: string, change: object): void => {
  const node = world.cluster(id).objects.get(`meshnodes/${name}`) as KubeObject & { readonly spec: object };
  world.cluster(id).put({ ...node, spec: { ...node.spec, ...change } });
};

test.each<[string, () => void, readonly (readonly [object: string, reason: string])[]]>([
  [
    'a Service is not exported any more',
    () => world.cluster('east').drop(RESOURCE.service, 'web', 'demo'),
    [
      ['EndpointSlice demo/web-east-tgp8q55bd8', DELETION.notExported],
      ['Service demo/web', DELETION.notExported],
      ['ServiceImport demo/web', DELETION.notExported],
      ['ServiceExport demo/web', DELETION.notExported],
    ],
  ],
  [
    'an EndpointSlice is gone',
    () => world.cluster('east').drop(RESOURCE.endpointSlice, 'web-1', 'demo'),
    [['EndpointSlice demo/web-east-tgp8q55bd8', DELETION.moved]],
  ],
  [
    'a Service becomes headless',
    () => {
      putService(world.cluster('east'), 'web', {});
      const service = world.cluster('east').objects.get('services/demo/web') as KubeObject & { readonly spec: object };
      world.cluster('east').put({ ...service, spec: { ...service.spec, clusterIP: 'None' } });
    },
    [['Service demo/web', DELETION.anew]],
  ],
  ['a gateway is gone', () => world.cluster('west').drop(RESOURCE.meshNode, 'n3'), [['Peer west-x5f8674ea-0', DELETION.noGateway]]],
  [
    'two members overlap',
    () => changeNode('west', 'n3', { podCIDRs: ['10.2.0.0/24'] }),
    [
      ['Peer north-x5f8674ea-0', DELETION.overlap],
      ['Peer west-x5f8674ea-0', DELETION.overlap],
    ],
  ],
  [
    'a member leaves',
    () => {
      world.declared = ['north', 'west'];
      world.reread();
      world.hub().forget('east');
    },
    [
      ['EndpointSlice demo/web-east-tgp8q55bd8', DELETION.memberLeft],
      ['Service demo/web', DELETION.memberLeft],
      ['ServiceImport demo/web', DELETION.memberLeft],
      ['Peer east-x5f8674ea-0', DELETION.memberLeft],
      ['Peer north-x5f8674ea-0', DELETION.left],
      ['Peer west-x5f8674ea-0', DELETION.left],
      ['ServiceExport demo/web', DELETION.left],
    ],
  ],
])('I2: each deletion is told: %s', async (_what, change, expected) => {
  change();
  await world.clock.advance(10_000);
  const told = world.deletions.map(({ object, reason }) => [object, reason]);
  expect(told).toEqual(expect.arrayContaining(expected.map((each) => [...each])));
  expect(told.length).toBe(deletes().length);
});
