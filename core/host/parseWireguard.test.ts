import { expect, test } from '@jest/globals';
import { parseWireguard } from './parseWireguard.js';

const OWN = 'i7QdNwfoUDQpeTJ6AIhxYv6HwwQJZ/TKQw6sKvsgCE0=';
const EAST = 'St1jnPhl1Mek0/0S8SC3m+zuh372TMCqEY0FCfdT8xo=';
const LAPTOP = '/35fh958ax5vzMslASPijoDKTrzd05D9Kx0K1AabMww=';

test('reads a dump, and not the private key in it', () => {
  const text = [
    `AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\t${OWN}\t51820\toff`,
    `${EAST}\t(none)\t10.9.0.1:51820\t10.42.0.0/24,fd42::/64\t1700000000\t92\t148\t25`,
    `${LAPTOP}\tBRK6rSKi6HgoVLdYd8VdjtQJ4X9ASt4Mhs9XSBGDcFY=\t[fd00:0:0::9]:51820\t(none)\t0\t0\t0\toff`,
    '',
  ].join('\n');
  const state = parseWireguard(text);
  expect(state.publicKey).toBe(OWN);
  expect(state.listenPort).toBe(51820);
  expect([...state.peers]).toEqual([
    [
      EAST,
      {
        endpoint: '10.9.0.1:51820',
        allowedIPs: ['10.42.0.0/24', 'fd42::/64'],
        lastHandshake: 1700000000,
        receivedBytes: 92,
        sentBytes: 148,
        persistentKeepalive: 25,
      },
    ],
    [
      LAPTOP,
      {
        presharedKey: 'BRK6rSKi6HgoVLdYd8VdjtQJ4X9ASt4Mhs9XSBGDcFY=',
        endpoint: '[fd00::9]:51820',
        allowedIPs: [],
        lastHandshake: 0,
        receivedBytes: 0,
        sentBytes: 0,
        persistentKeepalive: 0,
      },
    ],
  ]);
});

test('a device without a key has no public key', () => {
  expect(parseWireguard('(none)\t(none)\t0\toff\n')).toEqual({ listenPort: 0, peers: new Map() });
});
