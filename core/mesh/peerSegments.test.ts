import { describe, expect, test } from '@jest/globals';
import { LABEL } from '../api/names.js';
import { asPeers, cluster, fakeKey, externalPeer } from '../../test/fakes/mesh.js';
import { peerSegments } from './peerSegments.js';

const nodes = cluster(
  [
    { name: 'b', location: 'eu', internalIP: '172.20.1.12/24', podCIDR: '10.42.2.0/24' },
    { name: 'a', location: 'eu', internalIP: '172.20.1.11/24', podCIDR: '10.42.1.0/24' },
    { name: 'alone', location: 'eu', podCIDR: '10.42.9.0/24', endpoint: '203.0.113.9' },
  ],
  '10.4.0.0/16',
);

describe('segments of peers', () => {
  test("are one per member and segment for the hub's, and one for each external peer", () => {
    const { segments } = peerSegments([externalPeer('laptop'), ...asPeers('west', nodes, 2)]);
    expect(segments.map(({ name, kind, gateways }) => [name, kind, gateways.map(({ slot, publicKey }) => [slot, publicKey])])).toEqual([
      [
        'west/location-eu',
        'member',
        [
          [0, fakeKey('a')],
          [1, fakeKey('b')],
        ],
      ],
      ['west/node-alone', 'member', [[0, fakeKey('alone')]]],
      ['peer:laptop', 'externalPeer', [[0, fakeKey('laptop')]]],
    ]);
  });

  test('a name wins over an address, as in Kilo', () => {
    const peer = externalPeer('laptop', { endpoint: { dnsOrIP: { dns: 'home.example', ip: '203.0.113.1' }, port: 1 } });
    expect(peerSegments([peer]).segments[0]?.gateways[0]?.host).toBe('home.example');
  });

  test("a Peer of somebody else's manager is an external peer", () => {
    const peer = externalPeer('laptop');
    expect(peerSegments([{ ...peer, metadata: { ...peer.metadata, labels: { [LABEL.managedBy]: 'terraform' } } }]).segments[0]?.kind).toBe(
      'externalPeer',
    );
  });

  test('external peers are in the order of their age, so that the older one keeps what two of them want', () => {
    const aged = (name: string, creationTimestamp?: string): ReturnType<typeof externalPeer> => ({
      ...externalPeer(name),
      metadata: { name, ...(creationTimestamp === undefined ? {} : { creationTimestamp }) },
    });
    const peers = [aged('c'), aged('b', '2026-01-02T00:00:00Z'), aged('a', '2026-01-02T00:00:00Z'), aged('z', '2026-01-01T00:00:00Z')];
    expect(peerSegments(peers).segments.map(({ name }) => name)).toEqual(['peer:z', 'peer:a', 'peer:b', 'peer:c']);
  });

  test('one that is being deleted is gone', () => {
    const peer = externalPeer('laptop');
    expect(peerSegments([{ ...peer, metadata: { ...peer.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }]).segments).toEqual([]);
  });
});
