import { describe, expect, test } from '@jest/globals';
import type { WireguardPeer } from '../mesh/plan.js';
import { diffPeers } from './diffPeers.js';
import { changeText } from './render.js';
import type { PeerState } from './state.js';

/** `{ A: ['10.0.0.0/24'] }` and the like; the letters stand for keys. */
type Lists = Readonly<Record<string, readonly string[]>>;

const peer = (publicKey: string, allowedIPs: readonly string[]): WireguardPeer => ({
  publicKey,
  allowedIPs,
  persistentKeepalive: 0,
  owner: { kind: 'gateway', name: publicKey },
  segment: publicKey,
});
const state = (allowedIPs: readonly string[]): PeerState => ({
  persistentKeepalive: 0,
  allowedIPs,
  lastHandshake: 0,
  receivedBytes: 0,
  sentBytes: 0,
});

function diff(now: Lists, wanted: Lists): readonly string[] {
  const { set, remove } = diffPeers({
    desired: { name: 'kilo0', plane: 0, listenPort: 1, mtu: 1420, peers: Object.entries(wanted).map(([key, list]) => peer(key, list)) },
    observed: { listenPort: 1, peers: new Map(Object.entries(now).map(([key, list]) => [key, state(list)])) },
    prior: new Map(),
    at: 0,
  });
  return [...set, ...remove].map((change) => changeText(change).replace('wg set kilo0 peer ', ''));
}

describe('allowed IPs move from peer to peer', () => {
  const one = '10.0.1.0/24';
  const two = '10.0.2.0/24';
  const three = '10.0.3.0/24';
  test.each<[string, Lists, Lists, readonly string[]]>([
    ['nothing to do', { A: [one], B: [two] }, { A: [one], B: [two] }, []],
    ['the order of a list does not matter', { A: [one, two] }, { A: [two, one] }, []],
    ['the spelling does not matter', { A: ['fd00::/64'] }, { A: ['fd00:0:0::/64'] }, []],
    [
      'the new owner takes it; the old one is not written',
      { A: [one, two], B: [three] },
      { A: [one], B: [two, three] },
      [`B allowed-ips ${two},${three}`],
    ],
    ['to an earlier peer', { A: [one], B: [two, three] }, { A: [one, two], B: [three] }, [`A allowed-ips ${one},${two}`]],
    [
      'two swap: the first keeps its own until the second has it',
      { A: [one], B: [two] },
      { A: [two], B: [one] },
      [`A allowed-ips ${one},${two}`, `B allowed-ips ${one}`],
    ],
    [
      'three in a ring',
      { A: [one], B: [two], C: [three] },
      { A: [three], B: [one], C: [two] },
      [`A allowed-ips ${one},${three}`, `B allowed-ips ${one},${two}`, `C allowed-ips ${two}`],
    ],
    ['nobody wants it any more', { A: [one, two] }, { A: [one] }, [`A allowed-ips ${one}`]],
    ['a peer loses everything', { A: [one] }, { A: [] }, ['A allowed-ips ']],
    ['another key for the same prefixes', { A: [one] }, { B: [one] }, [`B allowed-ips ${one}`, 'A remove']],
    ['two want the same: the first has it, for good', { A: [one], B: [] }, { A: [one], B: [one] }, []],
    ['more specific prefixes are other prefixes', { A: ['10.0.0.0/8'] }, { A: ['10.0.0.0/8'], B: [one] }, [`B allowed-ips ${one}`]],
  ])('%s', (_what, now, wanted, expected) => {
    expect(diff(now, wanted)).toEqual(expected);
  });
});

describe('other attributes', () => {
  const diffOne = (now: Partial<PeerState>, wanted: Partial<WireguardPeer>): readonly string[] =>
    diffPeers({
      desired: { name: 'kilo0', plane: 0, listenPort: 1, mtu: 1420, peers: [{ ...peer('A', []), ...wanted }] },
      observed: { listenPort: 1, peers: new Map([['A', { ...state([]), ...now }]]) },
      prior: new Map(),
      at: 0,
    }).set.map(changeText);

  test.each<[string, Partial<PeerState>, Partial<WireguardPeer>, readonly string[]]>([
    ['keepalive on', {}, { persistentKeepalive: 25 }, ['wg set kilo0 peer A persistent-keepalive 25']],
    ['keepalive off', { persistentKeepalive: 25 }, {}, ['wg set kilo0 peer A persistent-keepalive off']],
    ['preshared key, whose text never shows', {}, { presharedKey: 'S' }, ['wg set kilo0 peer A preshared-key (file)']],
    ['preshared key removed', { presharedKey: 'S' }, {}, ['wg set kilo0 peer A preshared-key /dev/null']],
    ['an endpoint nobody asked for stays', { endpoint: '192.0.2.1:1' }, {}, []],
  ])('%s', (_what, now, wanted, expected) => {
    expect(diffOne(now, wanted)).toEqual(expected);
  });
});
