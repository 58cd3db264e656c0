import { describe, expect, test } from '@jest/globals';
import { cluster, defaults, fakeKey, personPeer } from '../../test/fakes/mesh.js';
import type { Mesh } from '../api/mesh.js';
import { peerConfig } from '../mesh/peerConfig.js';
import { sortCidrs } from '../net/cidr.js';
import { wgQuick } from './wgQuick.js';

const mesh: Mesh = { apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata: { name: 'default' }, spec: defaults };
const nodes = cluster([
  { name: 'eu1', location: 'eu', internalIP: '172.20.1.11/24', podCIDR: '10.42.1.0/24', endpoint: '203.0.113.1' },
  { name: 'eu2', location: 'eu', internalIP: '172.20.1.12/24', podCIDR: '10.42.2.0/24', endpoint: '203.0.113.2', locationIPs: ['192.168.7.0/24'] },
  { name: 'eu3', location: 'eu', internalIP: '172.20.1.13/24', podCIDR: '10.42.3.0/24' },
  { name: 'us1', location: 'us', internalIP: '172.20.2.11/24', podCIDR: '10.42.8.0/24', endpoint: '2001:db8::8' },
  { name: 'home', location: 'home', internalIP: '172.20.3.11/24', podCIDR: '10.42.9.0/24', endpoint: null },
], '10.4.0.0/16');
const laptop = personPeer('laptop', { allowedIPs: ['10.5.0.1/32', 'fd05::1/128'], persistentKeepalive: 10, presharedKey: fakeKey('psk') });
const given = { mesh, nodes, peer: laptop, slot: 0, allowedIPs: [] };
const gateways = (slot: number): string[] => peerConfig({ ...given, slot }).peers.map(({ gateway }) => gateway);

describe('the configuration of a person', () => {
  test('names a gateway of each location, what is reached through it, and why one is left out', () => {
    expect(wgQuick(peerConfig({ ...given, allowedIPs: ['10.96.0.0/12'] }))).toBe(`# location:home is left out: its gateway home has no endpoint to dial, and the Peer has none either
[Interface]
# The private key whose public key is ${fakeKey('laptop')}.
PostUp = wg set %i private-key /etc/wireguard/%i.key
Address = 10.5.0.1
Address = fd05::1

[Peer]
# location:eu, by eu1
PublicKey = ${fakeKey('eu1')}
PresharedKey = ${fakeKey('psk')}
Endpoint = 203.0.113.1:51820
AllowedIPs = ${sortCidrs(['eu1', 'eu2', 'eu3'].map((name) => `${meshAddress(name)}/32`)).join(', ')}, 10.42.1.0/24, 10.42.2.0/24, 10.42.3.0/24, 172.20.1.12/32, 172.20.1.13/32, 192.168.7.0/24, 10.96.0.0/12
PersistentKeepalive = 10

[Peer]
# location:us, by us1
PublicKey = ${fakeKey('us1')}
PresharedKey = ${fakeKey('psk')}
Endpoint = [2001:db8::8]:51820
AllowedIPs = ${meshAddress('us1')}/32, 10.42.8.0/24
PersistentKeepalive = 10
`);
  });

  test('goes by the gateways of another slot, where a location has one', () => {
    expect([gateways(0), gateways(1), gateways(7)]).toEqual([['eu1', 'us1'], ['eu2', 'us1'], ['eu1', 'us1']]);
  });

  test('a gateway without an endpoint may dial a machine that has one', () => {
    const peer = personPeer('router', { allowedIPs: ['192.168.9.0/24'], endpoint: { dnsOrIP: { ip: '198.51.100.9' }, port: 51820 } });
    const { peers, addresses, notes } = peerConfig({ ...given, peer });
    expect(peers.map(({ gateway, endpoint }) => [gateway, endpoint])).toEqual([['eu1', '203.0.113.1:51820'], ['home', undefined], ['us1', '[2001:db8::8]:51820']]);
    expect([addresses, notes]).toEqual([[], []]);
  });

  test('nobody is reached before there are gateways', () => {
    expect(peerConfig({ ...given, nodes: [] })).toMatchObject({ peers: [], notes: [] });
  });
});

function meshAddress(name: string): string {
  return nodes.find(({ metadata }) => metadata.name === name)?.status?.meshAddresses?.[0] ?? '';
}
