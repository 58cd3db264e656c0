/** The texts are what iproute2 6.1 printed on a host that was set up by hand, shortened to what matters. */
import { describe, expect, test } from '@jest/globals';
import { parseAddresses, parseFdb, parseNeighbours, parseNexthops, parseRoutes, parseRules } from './parseIp.js';

describe('parseAddresses (ip -j -d addr)', () => {
  const text = JSON.stringify([
    {
      ifname: 'lo',
      flags: ['LOOPBACK', 'UP', 'LOWER_UP'],
      mtu: 65536,
      addr_info: [
        { family: 'inet', local: '127.0.0.1', prefixlen: 8, scope: 'host', label: 'lo' },
        { family: 'inet', local: '10.4.0.1', prefixlen: 32, metric: 107, scope: 'global', label: 'lo' },
        { family: 'inet', local: '10.9.9.9', prefixlen: 32, scope: 'global', label: 'lo' },
        { family: 'inet6', local: 'fd04::1', prefixlen: 128, metric: 107, scope: 'global' },
      ],
    },
    {
      ifname: 'eth0',
      flags: ['BROADCAST', 'UP'],
      mtu: 1500,
      linkinfo: { info_kind: 'veth' },
      addr_info: [
        { local: '10.0.0.2', prefixlen: 24, scope: 'global' },
        { local: 'fe80::1', prefixlen: 64, scope: 'link' },
      ],
    },
    {
      ifname: 'kilo0',
      flags: ['POINTOPOINT', 'NOARP', 'UP'],
      mtu: 1420,
      linkinfo: { info_kind: 'tun', info_data: { type: 'tun' } },
      addr_info: [],
    },
    { ifname: 'kilo1', flags: ['POINTOPOINT', 'NOARP'], mtu: 1420, linkinfo: { info_kind: 'wireguard' }, addr_info: [] },
    { ifname: 'kube-bridge', flags: ['UP'], mtu: 1320, linkinfo: { info_kind: 'bridge' }, addr_info: [] },
    { ifname: 'kilo2', flags: ['UP'], mtu: 1500, linkinfo: { info_kind: 'bridge' }, addr_info: [] },
    {
      ifname: 'kilovx',
      flags: ['UP'],
      mtu: 1450,
      address: '02:11:22:33:44:55',
      addr_info: [],
      linkinfo: {
        info_kind: 'vxlan',
        info_data: { id: 1107, local: '10.0.0.2', port_range: { low: 0, high: 0 }, port: 51819, learning: false },
      },
    },
    {
      ifname: 'kiloip',
      flags: ['NOARP', 'UP'],
      mtu: 1480,
      addr_info: [],
      linkinfo: { info_kind: 'ipip', info_data: { proto: 'ipip', remote: 'any', local: '10.0.0.2', ttl: 0, pmtudisc: true } },
    },
    {
      ifname: 'tunl0',
      flags: ['NOARP'],
      mtu: 1480,
      addr_info: [],
      linkinfo: { info_kind: 'ipip', info_data: { proto: 'ipip', remote: 'any', local: 'any', ttl: 0, pmtudisc: false } },
    },
    {
      ifname: 'flannel.1',
      flags: ['UP'],
      mtu: 1450,
      linkinfo: { info_kind: 'vxlan', info_data: { id: 1, local: '10.0.0.2', port: 8472 } },
      addr_info: [{ local: '10.42.0.0', prefixlen: 32, scope: 'global' }],
    },
    {},
  ]);

  test('finds our devices, and leaves alone one of our name that we never make', () => {
    expect([...parseAddresses(text).links.values()]).toEqual([
      { name: 'kilo0', kind: 'tun', up: true, mtu: 1420 },
      { name: 'kilo1', kind: 'wireguard', up: false, mtu: 1420 },
      {
        name: 'kilovx',
        kind: 'vxlan',
        up: true,
        mtu: 1450,
        vxlan: { vni: 1107, port: 51819, local: '10.0.0.2', mac: '02:11:22:33:44:55' },
      },
      { name: 'kiloip', kind: 'ipip', up: true, mtu: 1480, local: '10.0.0.2' },
    ]);
  });

  test('tells which devices of network plugins are there', () => {
    expect([...parseAddresses(text).pluginDevices]).toEqual(['flannel.1']);
  });

  test("the pods' bridge is told with its MTU, when it is one", () => {
    expect(parseAddresses(text).podBridge).toEqual({ mtu: 1320 });
    expect(parseAddresses(text.replace('"kube-bridge"', '"kube-bridge2"')).podBridge).toBeUndefined();
  });

  test('our addresses on lo carry our metric', () => {
    expect([...parseAddresses(text).addresses]).toEqual(['10.4.0.1', 'fd04::1']);
  });

  test('all addresses but link-local ones are told with their device', () => {
    expect(parseAddresses(text).all.filter(({ dev }) => dev === 'eth0')).toEqual([
      { address: '10.0.0.2', prefixLength: 24, dev: 'eth0', mtu: 1500 },
    ]);
  });
});

test.each(['host', 'link'])('parseNexthops tells families, also where an IPv4 nexthop says scope %s, and groups from nexthops', (scope) => {
  const text = `[{"id":1073741825,"dev":"kilo0","scope":"${scope}","protocol":"107","flags":[]},
    {"id":1073741828,"gateway":"10.0.1.7","dev":"kilovx","scope":"link","protocol":"107","flags":["onlink"]},
    {"id":1073741830,"dev":"kilo0","scope":"link","protocol":"107","flags":[]},
    {"id":1073741831,"gateway":"fd00:0:0:1::9","dev":"eth0","scope":"link","protocol":"107","flags":["linkdown"]},
    {"id":1073741840,"group":[{"id":1073741826},{"id":1073741825}],"protocol":"107","flags":[]},
    {"id":7,"dev":"eth0","scope":"host","protocol":"107","flags":[]},
    {"id":1073741850,"dev":"eth0","scope":"host","protocol":"zebra","flags":[]}]`;
  const inet = `[{"id":1073741825,"dev":"kilo0","scope":"${scope}","protocol":"107","flags":[]},
    {"id":1073741828,"gateway":"10.0.1.7","dev":"kilovx","scope":"link","protocol":"107","flags":["onlink"]}]`;
  const { nexthops, groups } = parseNexthops(text, inet);
  expect([...nexthops]).toEqual([
    [1073741825, { dev: 'kilo0', family: 'inet', onlink: false }],
    [1073741828, { dev: 'kilovx', via: '10.0.1.7', family: 'inet', onlink: true }],
    [1073741830, { dev: 'kilo0', family: 'inet6', onlink: false }],
    [1073741831, { dev: 'eth0', via: 'fd00:0:0:1::9', family: 'inet6', onlink: false }],
  ]);
  expect([...groups]).toEqual([[1073741840, [1073741825, 1073741826]]]);
});

test('parseRoutes fills in what iproute2 leaves out', () => {
  const text = `[{"dst":"10.4.0.8","nhid":1073741825,"dev":"kilo0","table":"1107","metric":107,"flags":[]},
    {"dst":"10.4.0.7","dev":"kilo0","scope":"link","metric":107,"flags":[]},
    {"dst":"10.42.0.0/24","nhid":1073741840,"prefsrc":"10.0.0.2","metric":107,"flags":[]},
    {"type":"unreachable","dst":"10.42.0.0/24","metric":4000000107,"flags":[]},
    {"type":"unreachable","dst":"fd42::/64","dev":"lo","metric":4000000107,"flags":[],"pref":"medium"},
    {"dst":"default","nhid":1073741840,"metric":107,"flags":[]},
    {"type":"blackhole","dst":"10.1.0.0/16","flags":[]}]`;
  expect([...parseRoutes(text, (id) => id === 1073741840).values()]).toEqual([
    { dst: '10.4.0.8/32', table: 1107, metric: 107, to: { kind: 'nexthop', id: 1073741825 } },
    { dst: '10.4.0.7/32', table: 254, metric: 107, to: { kind: 'device', dev: 'kilo0' } },
    { dst: '10.42.0.0/24', table: 254, metric: 107, to: { kind: 'group', id: 1073741840 }, src: '10.0.0.2' },
    { dst: '10.42.0.0/24', table: 254, metric: 4000000107, to: { kind: 'unreachable' } },
    { dst: 'fd42::/64', table: 254, metric: 4000000107, to: { kind: 'unreachable' } },
    { dst: '0.0.0.0/0', table: 254, metric: 107, to: { kind: 'group', id: 1073741840 } },
    { dst: '10.1.0.0/16', table: 254, metric: 0, to: { kind: 'foreign' } },
  ]);
});

test('parseRules keeps rules of our protocol in our range of priorities', () => {
  const text = `[{"priority":0,"src":"all","table":"local"},
    {"priority":1107,"src":"all","dst":"10.4.0.8","table":"1107","protocol":"107"},
    {"priority":1107,"src":"all","dst":"10.97.0.0","dstlen":16,"table":"1107","protocol":"openr"},
    {"priority":1108,"src":"10.42.9.0","srclen":24,"dst":"10.0.1.7","table":"1107","protocol":"107"},
    {"priority":1109,"src":"all","iif":"kilo0","table":"1107","protocol":"107"},
    {"priority":1117,"src":"all","dst":"10.4.0.8","table":"1107","protocol":"107"}]`;
  expect([...parseRules(text, 'inet').values()]).toEqual([
    { priority: 1107, family: 'inet', to: '10.4.0.8/32', table: 1107 },
    { priority: 1108, family: 'inet', from: '10.42.9.0/24', to: '10.0.1.7/32', table: 1107 },
    { priority: 1109, family: 'inet', iif: 'kilo0', table: 1107 },
  ]);
});

test('parseNeighbours and parseFdb keep what is permanent', () => {
  expect([
    ...parseNeighbours(
      `[{"dst":"10.0.1.7","lladdr":"02:AA:bb:cc:dd:01","state":["PERMANENT"]},
        {"dst":"fe80::1","lladdr":"02:aa:bb:cc:dd:02","state":["STALE"]},{"dst":"10.0.1.8","state":["FAILED"]}]`,
    ),
  ]).toEqual([['10.0.1.7', '02:aa:bb:cc:dd:01']]);
  expect([
    ...parseFdb(
      `[{"mac":"02:aa:bb:cc:dd:01","dst":"10.0.1.7","flags":["self"],"state":"permanent"},
        {"mac":"33:33:00:00:00:01","flags":["self"],"state":"permanent"}]`,
    ),
  ]).toEqual([['02:aa:bb:cc:dd:01', '10.0.1.7']]);
});

test.each([parseNeighbours, parseFdb])('an empty list may be no text at all: %p', (parse) => {
  expect(parse('').size).toBe(0);
  expect(parse('[]').size).toBe(0);
  expect(parse('[{}]\n').size).toBe(0);
});

test('what is no text of iproute2 is an error, not an empty host', () => {
  expect(() => parseAddresses('{"x"')).toThrow();
  expect(() => parseAddresses('[{"ifname":7}]')).toThrow('iproute2 printed 7 where a text was expected');
});
