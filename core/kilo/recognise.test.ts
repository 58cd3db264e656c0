import { describe, expect, test } from '@jest/globals';
import { NOTHING_KNOWN, recogniseKilo, type Confirmation, type HostTexts } from './recognise.js';
import { kiloRemoval, stepText } from './removal.js';
import type { Variant } from './traces.js';

const KILO0 = {
  ifname: 'kilo0',
  linkinfo: { info_kind: 'wireguard' },
  addr_info: [
    { local: '10.4.0.1', prefixlen: 16, scope: 'global' },
    { local: 'fe80::1', prefixlen: 64, scope: 'link' },
  ],
};
const TUNL0 = { ifname: 'tunl0', linkinfo: { info_kind: 'ipip' }, addr_info: [{ local: '10.42.0.1', prefixlen: 32, scope: 'global' }] };
const BARE = [
  { ...KILO0, addr_info: [] },
  { ...TUNL0, addr_info: [] },
];

interface Sketch {
  readonly links?: readonly object[];
  readonly routes?: readonly object[];
  readonly rules?: readonly object[];
  readonly saved?: Readonly<Partial<Record<Variant, string>>>;
  readonly known?: Confirmation;
}

/** The commands that would remove what was recognised. */
function removal({ links = BARE, routes = [], rules = [], saved = {}, known = NOTHING_KNOWN }: Sketch): string[] {
  const texts: HostTexts = {
    addresses: JSON.stringify(links),
    routes: JSON.stringify(routes),
    rules: { inet: JSON.stringify(rules), inet6: '' },
    saved,
  };
  return kiloRemoval(recogniseKilo(texts, known)).flatMap((step) => stepText(step).split('\n'));
}

const onlink = { flags: ['onlink'] };
/** What Kilo's own chain says it leads to. */
const KILO_NAT = [
  '*nat',
  ':KILO-NAT - [0:0]',
  '-A KILO-NAT -d 10.42.1.0/24 -m comment --comment "Kilo: do not NAT packets destined for known IPs" -j RETURN',
  '-A KILO-NAT -d 172.20.1.11/32 -m comment --comment "Kilo: do not NAT packets destined for known IPs" -j RETURN',
  'COMMIT',
].join('\n');
const FLUSH = ['iptables-nft -t nat -F KILO-NAT', 'iptables-nft -t nat -X KILO-NAT'];

describe('routes', () => {
  test.each<[string, Sketch, readonly string[]]>([
    [
      'by a WireGuard address, on-link',
      { routes: [{ dst: '10.42.1.0/24', gateway: '10.4.0.2', dev: 'kilo0', prefsrc: '172.20.1.10', ...onlink }] },
      ['ip route del 10.42.1.0/24 via 10.4.0.2 dev kilo0 table 254 proto static'],
    ],
    [
      'to a peer, by the device alone',
      { routes: [{ dst: '10.9.0.1', dev: 'kilo0', flags: [] }] },
      ['ip route del 10.9.0.1/32 dev kilo0 table 254 proto static'],
    ],
    [
      'by IPIP',
      { routes: [{ dst: '10.42.1.0/24', gateway: '172.20.1.11', dev: 'tunl0', ...onlink }] },
      ['ip route del 10.42.1.0/24 via 172.20.1.11 dev tunl0 table 254 proto static'],
    ],
    [
      'of table 1107',
      { routes: [{ dst: '172.20.1.11', gateway: '172.20.1.11', dev: 'tunl0', table: '1107', ...onlink }] },
      ['ip route del 172.20.1.11/32 via 172.20.1.11 dev tunl0 table 1107 proto static'],
    ],
    [
      'IPv6, which has a metric by itself',
      { routes: [{ dst: 'fd00:42:1::/64', gateway: 'fd00:4::2', dev: 'kilo0', metric: 1024, ...onlink }] },
      ['ip -6 route del fd00:42:1::/64 via fd00:4::2 dev kilo0 table 254 proto static'],
    ],
    [
      "over the underlay, as Kilo's chain confirms",
      { routes: [{ dst: '10.42.1.0/24', gateway: '172.20.1.11', dev: 'eth0', ...onlink }], saved: { 'iptables-nft': KILO_NAT } },
      ['ip route del 10.42.1.0/24 via 172.20.1.11 dev eth0 table 254 proto static', ...FLUSH],
    ],
    [
      'over the underlay, as our plan confirms',
      {
        routes: [{ dst: '10.42.1.0/24', gateway: '172.20.1.11', dev: 'eth0', ...onlink }],
        known: { prefixes: new Set(['10.42.1.0/24']), nodes: new Set(['172.20.1.11']) },
      },
      ['ip route del 10.42.1.0/24 via 172.20.1.11 dev eth0 table 254 proto static'],
    ],
  ])('%s', (_what, sketch, expected) => {
    expect(removal(sketch)).toEqual(expected);
  });

  test.each<[string, Sketch]>([
    [
      'over the underlay, unconfirmed: a network manager writes the same',
      { routes: [{ dst: '10.42.1.0/24', gateway: '172.20.1.11', dev: 'eth0', ...onlink }] },
    ],
    [
      'over the underlay, to another gateway',
      {
        routes: [{ dst: '10.42.1.0/24', gateway: '172.20.1.99', dev: 'eth0', ...onlink }],
        known: { prefixes: new Set(['10.42.1.0/24']), nodes: new Set(['172.20.1.11']) },
      },
    ],
    ['by kilo0 with a metric', { routes: [{ dst: '10.42.1.0/24', gateway: '10.4.0.2', dev: 'kilo0', metric: 5, ...onlink }] }],
    ['by kilo0 with a gateway that must be resolved', { routes: [{ dst: '10.42.1.0/24', gateway: '10.4.0.2', dev: 'kilo0', flags: [] }] }],
    [
      'by a kilo0 that is a bridge',
      {
        links: [{ ifname: 'kilo0', linkinfo: { info_kind: 'bridge' } }],
        routes: [{ dst: '10.42.1.0/24', gateway: '10.4.0.2', dev: 'kilo0', ...onlink }],
      },
    ],
    ['to a nexthop object', { routes: [{ dst: '10.42.1.0/24', nhid: 7, dev: 'kilo0', flags: [] }] }],
    ['by kilo0 in a table of somebody', { routes: [{ dst: '10.42.1.0/24', gateway: '10.4.0.2', dev: 'kilo0', table: '200', ...onlink }] }],
    ['of table 1107, to a network', { routes: [{ dst: '10.97.0.0/16', gateway: '172.20.1.1', dev: 'eth0', table: '1107', ...onlink }] }],
    ['of table 1107, without a gateway', { routes: [{ dst: '10.97.0.1', dev: 'eth0', table: '1107', flags: [] }] }],
    ['that refuses', { routes: [{ type: 'unreachable', dst: '10.42.1.0/24', dev: 'lo', flags: [] }] }],
  ])('not one %s', (_what, sketch) => {
    expect(removal(sketch).filter((text) => text.includes('route'))).toEqual([]);
  });
});

describe('rules', () => {
  const rule = { priority: 32765, src: 'all', dst: '172.20.1.11', table: '1107', protocol: 'unspec' };

  test.each([
    [
      'from the own pods',
      { ...rule, src: '10.42.0.0', srclen: 24 },
      'ip rule del priority 32765 from 10.42.0.0/24 to 172.20.1.11/32 table 1107',
    ],
    ['out of the tunnels', { ...rule, iif: 'kilo0' }, 'ip rule del priority 32765 from all to 172.20.1.11/32 iif kilo0 table 1107'],
  ])('%s', (_what, one, expected) => {
    expect(removal({ rules: [one] })).toEqual([expected]);
  });

  test.each([
    ['of an administrator, with a protocol', { ...rule, src: '10.42.0.0', srclen: 24, protocol: 'boot' }],
    ['of ours', { ...rule, priority: 1107, src: '10.42.0.0', srclen: 24, protocol: '107' }],
    ['from everywhere', rule],
    ['to a network', { ...rule, src: '10.42.0.0', srclen: 24, dst: '172.20.0.0', dstlen: 16 }],
    ['from another device', { ...rule, iif: 'eth0' }],
    ['to another table', { ...rule, src: '10.42.0.0', srclen: 24, table: '1108' }],
  ])('not one %s', (_what, one) => {
    expect(removal({ rules: [one] })).toEqual([]);
  });
});

describe('addresses', () => {
  const own = { priority: 32765, src: '10.42.0.0', srclen: 24, dst: '172.20.1.11', table: '1107', protocol: 'unspec' };
  const OWN_RULE = 'ip rule del priority 32765 from 10.42.0.0/24 to 172.20.1.11/32 table 1107';

  test.each<[string, Sketch, readonly string[]]>([
    ["any of kilo0's, not its link-local one", { links: [KILO0] }, ['ip addr del 10.4.0.1/16 dev kilo0']],
    [
      'the first of the own pods on tunl0, which goes down',
      { links: [TUNL0], rules: [own] },
      [OWN_RULE, 'ip addr del 10.42.0.1/32 dev tunl0', 'ip link set tunl0 down'],
    ],
    [
      'not a tunl0 of Calico, which has another address of the pods',
      { links: [{ ...TUNL0, addr_info: [{ local: '10.42.0.77', prefixlen: 32, scope: 'global' }] }], rules: [own] },
      [OWN_RULE],
    ],
    [
      'a tunl0 with somebody else on it stays up',
      { links: [{ ...TUNL0, addr_info: [...TUNL0.addr_info, { local: '192.0.2.1', prefixlen: 32, scope: 'global' }] }], rules: [own] },
      [OWN_RULE, 'ip addr del 10.42.0.1/32 dev tunl0'],
    ],
    ['nothing on a tunl0 where nothing says that Kilo was here', { links: [TUNL0] }, []],
    ['nothing on a kilo0 that is no WireGuard', { links: [{ ...KILO0, linkinfo: { info_kind: 'veth' } }] }, []],
  ])('%s', (_what, sketch, expected) => {
    expect(removal(sketch)).toEqual(expected);
  });
});

describe('iptables', () => {
  const saved = (table: string, ...lines: readonly string[]): string => [`*${table}`, ...lines, 'COMMIT', ''].join('\n');
  const comment = (text: string): string => `-m comment --comment "${text}"`;

  test.each<[string, string, readonly string[]]>([
    [
      'the jump of the pods, and the chain',
      saved(
        'nat',
        ':POSTROUTING ACCEPT [0:0]',
        ':KILO-NAT - [0:0]',
        `-A POSTROUTING -s 10.42.0.0/24 ${comment('Kilo: jump to KILO-NAT chain')} -j KILO-NAT`,
      ),
      [
        '-t nat -D POSTROUTING -s 10.42.0.0/24 -m comment --comment "Kilo: jump to KILO-NAT chain" -j KILO-NAT',
        '-t nat -F KILO-NAT',
        '-t nat -X KILO-NAT',
      ],
    ],
    [
      'the jump of a peer',
      saved('nat', `-A POSTROUTING -s 10.9.0.1/32 ${comment('Kilo: jump to NAT chain')} -j KILO-NAT`),
      ['-t nat -D POSTROUTING -s 10.9.0.1/32 -m comment --comment "Kilo: jump to NAT chain" -j KILO-NAT'],
    ],
    [
      'IPIP',
      saved(
        'filter',
        ':KILO-IPIP - [0:0]',
        `-A INPUT -p ipencap ${comment('Kilo: jump to IPIP chain')} -j KILO-IPIP`,
        `-A INPUT -p 4 ${comment('Kilo: reject other IPIP traffic')} -j DROP`,
      ),
      [
        '-t filter -D INPUT -p ipencap -m comment --comment "Kilo: jump to IPIP chain" -j KILO-IPIP',
        '-t filter -D INPUT -p 4 -m comment --comment "Kilo: reject other IPIP traffic" -j DROP',
        '-t filter -F KILO-IPIP',
        '-t filter -X KILO-IPIP',
      ],
    ],
    [
      'forwarding, apostrophe and all',
      saved(
        'filter',
        `-A FORWARD -s 10.42.0.0/24 ${comment("Kilo: forward packets from the node\\'s pod subnet")} -j ACCEPT`,
        `-A FORWARD -d 10.42.0.0/24 ${comment("Kilo: forward packets to the node's pod subnet")} -j ACCEPT`,
      ),
      [
        '-t filter -D FORWARD -s 10.42.0.0/24 -m comment --comment "Kilo: forward packets from the node\\\'s pod subnet" -j ACCEPT',
        '-t filter -D FORWARD -d 10.42.0.0/24 -m comment --comment "Kilo: forward packets to the node\'s pod subnet" -j ACCEPT',
      ],
    ],
    [
      'a chain that somebody else jumps to is emptied only',
      saved(
        'nat',
        ':KILO-NAT - [0:0]',
        '-A POSTROUTING -s 192.0.2.0/24 -j KILO-NAT',
        `-A KILO-NAT ${comment('Kilo: NAT remaining packets')} -j MASQUERADE`,
      ),
      ['-t nat -F KILO-NAT'],
    ],
    ['and stays so', saved('nat', ':KILO-NAT - [0:0]', '-A POSTROUTING -s 192.0.2.0/24 -j KILO-NAT'), []],
  ])('%s', (_what, text, expected) => {
    for (const variant of ['iptables-nft', 'ip6tables-legacy'] as const) {
      expect(removal({ saved: { [variant]: text } })).toEqual(expected.map((line) => `${variant} ${line}`));
    }
  });

  test.each([
    ['with another comment', saved('filter', `-A INPUT -p ipencap ${comment('Kilo: my own')} -j DROP`)],
    ['with another target', saved('filter', `-A INPUT -p ipencap ${comment('Kilo: reject other IPIP traffic')} -j ACCEPT`)],
    ['in another chain', saved('filter', `-A OUTPUT -p ipencap ${comment('Kilo: reject other IPIP traffic')} -j DROP`)],
    ['in another table', saved('mangle', `-A FORWARD -s 10.42.0.0/24 ${comment('Kilo: forward packets from private IPs')} -j ACCEPT`)],
    ['without a comment', saved('filter', '-A INPUT -p ipencap -j DROP')],
    ['that only quotes Kilo', saved('nat', `-A POSTROUTING ${comment('not Kilo: jump to NAT chain')} -j MASQUERADE`)],
  ])('not a rule %s', (_what, text) => {
    expect(removal({ saved: { 'iptables-nft': text } })).toEqual([]);
  });

  test('a table is changed at once or not at all', () => {
    const { firewalls } = recogniseKilo(
      { addresses: '', routes: '', rules: { inet: '', inet6: '' }, saved: { 'iptables-nft': KILO_NAT } },
      NOTHING_KNOWN,
    );
    expect(kiloRemoval({ routes: [], rules: [], addresses: [], firewalls })).toEqual([
      { kind: 'iptables', variant: 'iptables-nft', input: '*nat\n-F KILO-NAT\n-X KILO-NAT\nCOMMIT\n' },
    ]);
  });
});
