import { describe, expect, test } from '@jest/globals';
import type { MeshNode } from '../api/meshNode.js';
import { LABEL } from '../api/names.js';
import { asPeers, cluster, fakeKey, personPeer } from '../../test/fakes/mesh.js';
import { ownSegments, peerSegments } from './segments.js';

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
    const { segments, problems } = ownSegments(nodes, 2);
    expect(problems).toEqual([]);
    expect(segments.map(({ name, location, nodes: names, gateways }) => ({ name, location, names, gateways: gateways.map(({ slot, name: node }) => [slot, node]) }))).toEqual([
      { name: 'location:eu', location: 'eu', names: ['a', 'b'], gateways: [[0, 'a'], [1, 'b']] },
      { name: 'node:alone', location: 'eu', names: ['alone'], gateways: [[0, 'alone']] },
    ]);
  });

  test('have all that is behind their nodes: pods, internal addresses, mesh addresses', () => {
    const own = withStatus('a', { meshAddresses: ['10.4.0.9', 'fd00::9'] });
    expect(ownSegments(own.filter(({ metadata }) => metadata.name === 'a'), 2).segments[0]?.allowedIPs).toEqual(['10.4.0.9/32', '10.42.1.0/24', '172.20.1.11/32', 'fd00::9/128']);
  });

  test('do not have nodes that are being deleted', () => {
    const leaving = nodes.map((node) => (node.metadata.name === 'a' ? { ...node, metadata: { ...node.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } } : node));
    expect(ownSegments(leaving, 2).segments[0]).toMatchObject({ nodes: ['b'], gateways: [{ slot: 1, name: 'b' }] });
  });

  test('of two gateways in one slot, the lower name has it', () => {
    const { segments, problems } = ownSegments(withStatus('b', { slot: 0 }), 2);
    expect(segments[0]?.gateways.map(({ name }) => name)).toEqual(['a']);
    expect(problems).toEqual([{ subject: 'gateway b', reason: 'DuplicateSlot', message: 'slot 0 is held by a' }]);
  });

  test('a slot beyond the planes is none', () => {
    expect(ownSegments(nodes, 1).segments[0]?.gateways.map(({ name }) => name)).toEqual(['a']);
  });
});

describe('segments of peers', () => {
  test("are one per member and segment for the hub's, and one each for people's", () => {
    const { segments } = peerSegments([personPeer('laptop'), ...asPeers('west', nodes, 2)]);
    expect(segments.map(({ name, kind, gateways }) => [name, kind, gateways.map(({ slot, publicKey }) => [slot, publicKey])])).toEqual([
      ['west/location-eu', 'member', [[0, fakeKey('a')], [1, fakeKey('b')]]],
      ['west/node-alone', 'member', [[0, fakeKey('alone')]]],
      ['peer:laptop', 'person', [[0, fakeKey('laptop')]]],
    ]);
  });

  test('a name wins over an address, as in Kilo', () => {
    const peer = personPeer('laptop', { endpoint: { dnsOrIP: { dns: 'home.example', ip: '203.0.113.1' }, port: 1 } });
    expect(peerSegments([peer]).segments[0]?.gateways[0]?.host).toBe('home.example');
  });

  test("a Peer of somebody else's manager is a person's", () => {
    const peer = personPeer('laptop');
    expect(peerSegments([{ ...peer, metadata: { ...peer.metadata, labels: { [LABEL.managedBy]: 'terraform' } } }]).segments[0]?.kind).toBe('person');
  });

  test('one that is being deleted is gone', () => {
    const peer = personPeer('laptop');
    expect(peerSegments([{ ...peer, metadata: { ...peer.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }]).segments).toEqual([]);
  });
});
