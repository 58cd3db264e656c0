import { beforeEach, expect, test } from '@jest/globals';
import type { KubeObject } from '../../core/api/resources.js';
import { createHandClock, type HandClock } from '../../test/host/handClock.js';
import type { Change } from './change.js';
import { createClusterRecords } from './clusterRecords.js';

type Records = ReturnType<typeof createClusterRecords>;

let clock: HandClock;
let changes: Change[];
let records: Records;

beforeEach(() => {
  clock = createHandClock();
  changes = [];
  records = createClusterRecords({ clock, changed: (change) => changes.push(change), lostChanged: () => undefined });
});

const MESH = {
  apiVersion: 'kilofed.io/v1alpha1',
  kind: 'Mesh',
  metadata: { name: 'default' },
  spec: { wireguardCIDRs: ['10.4.1.0/24'] },
} as KubeObject;

function node(name: string, pods: readonly string[], more: object = {}): KubeObject {
  return {
    apiVersion: 'kilofed.io/v1alpha1',
    kind: 'MeshNode',
    metadata: { name, ...more },
    spec: { publicKey: Buffer.alloc(32, name).toString('base64'), endpoints: [], internalIPs: [], podCIDRs: pods, location: '' },
    status: { meshAddresses: [] },
  } as KubeObject;
}

function put(object: KubeObject): void {
  if (object.kind === 'Mesh') records.feeds.mesh.changed(object.metadata.name, records.feeds.mesh.project(object), undefined);
  else records.feeds.meshNode.changed(object.metadata.name, records.feeds.meshNode.project(object), undefined);
}

test('H8.1: many events are one change', async () => {
  put(MESH);
  for (let index = 0; index < 100; index += 1) put(node(`n${index}`, [`10.1.${index}.0/24`]));
  expect([changes, records.facts()]).toEqual([[], undefined]);
  await clock.advance(1_000);
  expect([changes.length, records.facts()?.nodes.length]).toEqual([1, 100]);
});

test('H8.1: a member that goes on changing is followed more slowly, and quickly again once it has rested', async () => {
  put(MESH);
  for (let count = 0; count < 2_000; count += 1) {
    put(node('a', [`10.1.${count & 255}.0/24`]));
    await clock.advance(1);
  }
  expect(changes.length).toBeLessThan(15);
  await clock.advance(5_000);
  expect(records.facts()?.podCIDRs).toEqual([`10.1.${1_999 & 255}.0/24`]);
  changes.length = 0;
  put(node('a', ['10.1.1.0/24']));
  await clock.advance(30);
  expect(changes).toHaveLength(1);
});

test('a complete list ends the batch at once', () => {
  put(MESH);
  records.settle();
  expect([changes.length, records.facts()?.meshCIDRs]).toEqual([1, ['10.4.1.0/24']]);
  records.settle();
  expect(changes).toHaveLength(1);
});

test('what others do not need is no change', async () => {
  put(MESH);
  put(node('a', ['10.1.0.0/24']));
  await clock.advance(1_000);
  put(node('a', ['10.1.0.0/24'], { resourceVersion: '7', labels: { any: 'thing' } }));
  put({ ...MESH, metadata: { name: 'default', resourceVersion: '8' } });
  await clock.advance(1_000);
  expect(changes).toHaveLength(1);
  put(node('a', ['10.1.0.0/24', '8.8.8.8/32']));
  await clock.advance(1_000);
  expect(records.facts()?.podCIDRs).toEqual(['10.1.0.0/24']);
  expect(records.problems().map(({ reason }) => reason)).toEqual(['NotAllowed']);
});

test('other terms are another view of the same nodes', async () => {
  put(MESH);
  put(node('a', ['10.1.0.0/24', '203.0.113.0/24']));
  await clock.advance(1_000);
  records.setTerms({ allowed: ['203.0.113.0/24'], reserved: [], place: 'test' });
  await clock.advance(1_000);
  expect([records.facts()?.podCIDRs, records.facts()?.meshCIDRs]).toEqual([['203.0.113.0/24'], []]);
  records.setTerms({ allowed: undefined, reserved: [{ cidr: '10.1.0.0/16', member: 'west' }], place: 'test' });
  await clock.advance(1_000);
  expect([records.facts()?.podCIDRs, records.facts()?.meshCIDRs]).toEqual([[], ['10.4.1.0/24']]);
  expect(changes).toHaveLength(3);
});

test.each([
  ['no node can have', node('A_b', [])],
  ['is in a namespace', node('a', [], { namespace: 'demo' })],
  ['has no end', node('a'.repeat(300), [])],
])('a MeshNode whose name %s is left out and told', async (_name, object) => {
  put(MESH);
  put(object);
  await clock.advance(1_000);
  expect(records.facts()?.nodes).toEqual([]);
  expect(records.problems().map(({ reason }) => reason)).toEqual(['BadMeshNode']);
});

test('malformed MeshNodes are named up to twenty', async () => {
  put(MESH);
  for (let index = 0; index < 50; index += 1) put({ ...node(`n${index}`, []), spec: {} } as KubeObject);
  await clock.advance(1_000);
  expect(records.problems()).toHaveLength(21);
  expect(records.problems().at(-1)?.message).toBe('30 more of its MeshNodes are malformed');
});
