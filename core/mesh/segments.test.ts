import { describe, expect, test } from '@jest/globals';
import type { MeshNode } from '../api/meshNode.js';
import { cluster } from '../../test/fakes/mesh.js';
import { ownSegments, siteName, viewOf } from './segments.js';

const TWO = { granularity: 'location', planes: 2 } as const;

const nodes = cluster(
  [
    { name: 'b', location: 'eu', internalIP: '172.20.1.12/24', podCIDR: '10.42.2.0/24' },
    { name: 'a', location: 'eu', internalIP: '172.20.1.11/24', podCIDR: '10.42.1.0/24' },
    { name: 'alone', location: 'eu', podCIDR: '10.42.9.0/24', endpoint: '203.0.113.9' },
  ],
  '10.4.0.0/16',
);

function withStatus(name: string, status: MeshNode['status']): MeshNode[] {
  return nodes.map((node) => (node.metadata.name === name ? { ...node, status: { ...node.status, ...status } } : node));
}

describe('own segments', () => {
  test('are one per location, and one per node without an internal address', () => {
    const { segments, problems } = ownSegments(nodes, TWO);
    expect(problems).toEqual([]);
    expect(
      segments.map(({ name, location, nodes: names, gateways }) => ({
        name,
        location,
        names,
        gateways: gateways.map(({ slot, name: node }) => [slot, node]),
      })),
    ).toEqual([
      {
        name: 'location:eu',
        location: 'eu',
        names: ['a', 'b'],
        gateways: [
          [0, 'a'],
          [1, 'b'],
        ],
      },
      { name: 'node:alone', location: 'eu', names: ['alone'], gateways: [[0, 'alone']] },
    ]);
  });

  test('have all that is behind their nodes: pods, internal addresses, mesh addresses', () => {
    const own = withStatus('a', { meshAddresses: ['10.4.0.9', 'fd00::9'] });
    expect(
      ownSegments(
        own.filter(({ metadata }) => metadata.name === 'a'),
        TWO,
      ).segments[0]?.allowedIPs,
    ).toEqual(['10.4.0.9/32', '10.42.1.0/24', '172.20.1.11/32', 'fd00::9/128']);
  });

  test('do not have nodes that are being deleted', () => {
    const leaving = nodes.map((node) =>
      node.metadata.name === 'a' ? { ...node, metadata: { ...node.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } } : node,
    );
    expect(ownSegments(leaving, TWO).segments[0]).toMatchObject({ nodes: ['b'], gateways: [{ slot: 1, name: 'b' }] });
  });

  test('of two gateways in one slot, the lower name has it', () => {
    const { segments, problems } = ownSegments(withStatus('b', { slot: 0 }), TWO);
    expect(segments[0]?.gateways.map(({ name }) => name)).toEqual(['a']);
    expect(problems).toEqual([{ subject: { kind: 'gateway', name: 'b' }, reason: 'DuplicateSlot', message: 'slot 0 is held by a' }]);
  });

  test.each(['full', 'cross'] as const)(
    'with granularity %s are the nodes, each its own gateway before anybody gave it a slot',
    (granularity) => {
      const { segments } = ownSegments(
        nodes.map((node) => ({ ...node, status: { ...node.status, slot: 1 } })),
        { granularity, planes: 2 },
      );
      expect(
        segments.map(({ name, location, gateways }) => [name, location, gateways.map(({ slot, name: node }) => [slot, node])]),
      ).toEqual([
        ['node:a', 'eu', [[0, 'a']]],
        ['node:alone', 'eu', [[0, 'alone']]],
        ['node:b', 'eu', [[0, 'b']]],
      ]);
    },
  );

  test.each([
    ['location', { a: 'location:eu', b: 'location:eu', alone: 'node:alone' }, { name: 'location:eu', nodes: ['a', 'b'] }, ['node:alone']],
    ['full', { a: 'node:a', b: 'node:b', alone: 'node:alone' }, { name: 'node:a', nodes: ['a'] }, ['node:alone', 'node:b']],
    ['cross', { a: 'location:eu', b: 'location:eu', alone: 'node:alone' }, { name: 'node:a', nodes: ['a', 'b'] }, ['node:alone']],
  ] as const)('as node a sees them with granularity %s', (granularity, sites, home, remote) => {
    expect(Object.fromEntries(nodes.map((node) => [node.metadata.name, siteName(node, granularity)]))).toEqual(sites);
    const site = nodes.filter((node) => siteName(node, granularity) === sites.a);
    const view = viewOf(ownSegments(nodes, { granularity, planes: 2 }).segments, 'a', site);
    expect(view.own).toMatchObject(home);
    expect(view.own.allowedIPs.filter((each) => each.startsWith('10.42'))).toEqual(
      home.nodes.map((node) => (node === 'a' ? '10.42.1.0/24' : '10.42.2.0/24')),
    );
    expect(view.remote.map((segment) => segment.name)).toEqual(remote);
  });

  test('a slot beyond the planes is none', () => {
    expect(ownSegments(nodes, { ...TWO, planes: 1 }).segments[0]?.gateways.map(({ name }) => name)).toEqual(['a']);
  });
});
