import { describe, expect, test } from '@jest/globals';
import { elementChanges, firewallFacts, firewallText } from './firewall.js';
import { parseFirewall } from './parseFirewall.js';
import type { Firewall, Nat } from '../mesh/plan.js';

const firewall: Firewall = {
  clampInterfaces: ['kilo0', 'kilo1'],
  encapsulation: { kind: 'vxlan', port: 51819, from: ['10.0.1.7', 'fd00:0:0::7'] },
};
const nat: Nat = {
  from: ['10.42.1.0/24', '10.9.0.1/32', 'fd42:1::/64'],
  known: ['10.42.0.0/23', '10.4.0.1/32', '10.9.0.1/32', 'fd42::/48', 'fd04::1/128'],
  location: ['192.168.7.0/24'],
};

test('the table is replaced in one transaction', () => {
  expect(firewallText(firewall)).toBe(`table inet kilofed
delete table inet kilofed
table inet kilofed {
  set clamp { type ifname; elements = { "kilo0", "kilo1" }; }
  set vtep4 { type ipv4_addr; elements = { 10.0.1.7 }; }
  set vtep6 { type ipv6_addr; elements = { fd00::7 }; }
  chain forward {
    type filter hook forward priority mangle; policy accept;
    oifname @clamp tcp flags syn / syn,rst tcp option maxseg size set rt mtu comment "kilofed: clamp mss to route mtu, oifname"
    iifname @clamp tcp flags syn / syn,rst tcp option maxseg size set rt mtu comment "kilofed: clamp mss to route mtu, iifname"
  }
  chain input {
    type filter hook input priority filter; policy accept;
    udp dport 51819 ip saddr != @vtep4 drop comment "kilofed: ip vxlan 51819 only from the location"
    udp dport 51819 ip6 saddr != @vtep6 drop comment "kilofed: ip6 vxlan 51819 only from the location"
  }
}
`);
});

test.each<[string, Firewall['encapsulation']]>([
  ['vxlan', { kind: 'vxlan', port: 51819, from: ['10.0.1.7'] }],
  ['ipip', { kind: 'ipip', local: '10.0.1.2', from: ['10.0.1.7'] }],
])('no name stands for two things, with all that a node can have and %s', (_kind, encapsulation) => {
  const all: Firewall = {
    clampInterfaces: ['kilo0'],
    ...(encapsulation !== undefined && { encapsulation }),
    tunnels: { ports: [51820], addresses: ['10.4.0.1', 'fd04::1'] },
    probes: ['10.4.0.1', '10.0.1.7'],
    nat,
    kept: { pods: ['10.42.0.0/16', 'fd42::/56'], remote: ['10.43.0.0/16', 'fd43::/56'] },
    members: {
      audit: false,
      members: [{ name: 'north', ranges: ['10.43.0.0/16', 'fd43::/64'], exported: ['10.42.1.7 TCP 80'] }],
      exported: ['10.42.1.7 TCP 80'],
      open: ['10.42.1.0/24'],
      elsewhere: ['10.42.2.0/24'],
    },
  };
  const named = [...firewallText(all).matchAll(/^ {2}(?:set|map|chain|counter) (\w+) /gm)].map(([, name]) => name);
  expect(named).toContain('from4');
  expect(named).toContain('judge4');
  expect(named).toContain('remote4');
  expect(named).toEqual([...new Set(named)]);
});

test('tunnels stay out of tunnels', () => {
  const tunnels: Firewall = { clampInterfaces: ['kilo0'], tunnels: { ports: [51820], addresses: ['10.4.0.1', 'fd04:0::1'] } };
  const [, sets = '', chains = ''] = /^[^]*?\{\n([^]*?)\n( {2}chain [^]*)$/.exec(firewallText(tunnels)) ?? [];
  expect(sets).toBe(`  set clamp { type ifname; elements = { "kilo0" }; }
  set wgport { type inet_service; elements = { 51820 }; }
  set self4 { type ipv4_addr; elements = { 10.4.0.1 }; }
  set self6 { type ipv6_addr; elements = { fd04::1 }; }`);
  expect(chains).toContain(`  chain input {
    type filter hook input priority filter; policy accept;
    iifname @clamp udp dport @wgport drop comment "kilofed: no tunnel out of a tunnel"
  }
  chain output {
    type filter hook output priority filter; policy accept;
    oifname @clamp udp sport @wgport drop comment "kilofed: no tunnel into a tunnel"
    udp sport @wgport ip saddr @self4 drop comment "kilofed: ip no tunnel from a mesh address"
    udp sport @wgport ip6 saddr @self6 drop comment "kilofed: ip6 no tunnel from a mesh address"
  }
`);
  expect(elementChanges(firewallFacts(tunnels), { ...tunnels, tunnels: { ports: [51820, 51821], addresses: ['10.4.0.1'] } })).toBe(
    'delete element inet kilofed self6 { fd04::1 }\nadd element inet kilofed wgport { 51821 }\n',
  );
});

test('translation: known prefixes first, and as many rules for thousands of them', () => {
  expect(firewallText({ clampInterfaces: [], nat })).toBe(`table inet kilofed
delete table inet kilofed
table inet kilofed {
  set from4 { type ipv4_addr; flags interval; elements = { 10.42.1.0/24, 10.9.0.1 }; }
  set from6 { type ipv6_addr; flags interval; elements = { fd42:1::/64 }; }
  set known4 { type ipv4_addr; flags interval; elements = { 10.42.0.0/23, 10.4.0.1, 10.9.0.1 }; }
  set known6 { type ipv6_addr; flags interval; elements = { fd42::/48, fd04::1 }; }
  set location4 { type ipv4_addr; flags interval; elements = { 192.168.7.0/24 }; }
  set location6 { type ipv6_addr; flags interval; }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip daddr @known4 return comment "kilofed: ip keep the sender inside the mesh"
    ip saddr @known4 ip daddr @location4 masquerade fully-random comment "kilofed: ip masquerade from the mesh to networks of the location"
    ip saddr @from4 masquerade fully-random comment "kilofed: ip masquerade pods and peers to the outside"
    ip6 daddr @known6 return comment "kilofed: ip6 keep the sender inside the mesh"
    ip6 saddr @known6 ip6 daddr @location6 masquerade fully-random \
comment "kilofed: ip6 masquerade from the mesh to networks of the location"
    ip6 saddr @from6 masquerade fully-random comment "kilofed: ip6 masquerade pods and peers to the outside"
  }
}
`);
});

test('sources that are kept are set before plugins set them, and what kube-proxy masquerades is left to it', () => {
  const [, chain = ''] =
    /\n {2}chain source \{\n([^]*?)\n {2}\}/.exec(
      firewallText({ clampInterfaces: [], kept: { pods: ['10.42.0.0/16'], remote: ['10.43.0.0/24', '10.9.0.1/32'] } }),
    ) ?? [];
  const lines = chain.split('\n').map((line) => line.trim().replace(/ comment .*/, ''));
  expect(lines.slice(0, 5)).toEqual([
    'type nat hook postrouting priority srcnat - 10; policy accept;',
    'ct status & dnat == 0 ip saddr @pods4 ip daddr @pods4 snat ip to ip saddr',
    'ct status & dnat == 0 ip saddr @remote4 ip daddr @pods4 snat ip to ip saddr',
    'ct status & dnat == 0 ip saddr @remote4 ip daddr @remote4 snat ip to ip saddr',
    'meta mark & 0x4000 == 0 ip saddr @pods4 ip daddr @remote4 snat ip to ip saddr',
  ]);
  expect(lines).toHaveLength(9);
});

describe('elementChanges', () => {
  const before = firewallFacts({ ...firewall, nat });
  test.each<[string, Firewall, string | undefined]>([
    [
      'a prefix joins',
      { ...firewall, nat: { ...nat, known: [...nat.known, '10.43.0.0/24'] } },
      'add element inet kilofed known4 { 10.43.0.0/24 }\n',
    ],
    ['one goes', { ...firewall, nat: { ...nat, known: nat.known.slice(1) } }, 'delete element inet kilofed known4 { 10.42.0.0/23 }\n'],
    [
      'one grows: the narrower makes room first',
      { ...firewall, nat: { ...nat, known: ['10.42.0.0/22', ...nat.known.slice(1)] } },
      'delete element inet kilofed known4 { 10.42.0.0/23 }\nadd element inet kilofed known4 { 10.42.0.0/22 }\n',
    ],
    [
      'an interface comes',
      { ...firewall, clampInterfaces: ['kilo0', 'kilo1', 'kilovx'], nat },
      'add element inet kilofed clamp { "kilovx" }\n',
    ],
    ['a rule goes too', { ...firewall }, undefined],
    ['a rule changes', { ...firewall, encapsulation: { kind: 'vxlan', port: 1, from: ['10.0.1.7', 'fd00:0:0::7'] }, nat }, undefined],
  ])('%s', (_what, wanted, text) => {
    expect(elementChanges(before, wanted)).toBe(text);
  });

  test("somebody else's rule is no matter of elements", () => {
    expect(elementChanges([...before, 'rule input: not ours'], { ...firewall, nat })).toBeUndefined();
  });
});

test('IPIP is taken at our own address from the neighbours only', () => {
  const ipip: Firewall = { clampInterfaces: [], encapsulation: { kind: 'ipip', local: '10.0.0.2', from: ['10.0.1.7', '10.0.1.8'] } };
  expect(firewallText(ipip)).toBe(`table inet kilofed
delete table inet kilofed
table inet kilofed {
  set ipip4 { type ipv4_addr; elements = { 10.0.1.7, 10.0.1.8 }; }
  chain ipip {
    type filter hook input priority filter; policy accept;
    ip daddr 10.0.0.2 ip protocol 4 ip saddr != @ipip4 drop comment "kilofed: ipip to 10.0.0.2 only from the location"
  }
}
`);
  expect(
    elementChanges(firewallFacts(ipip), { clampInterfaces: [], encapsulation: { kind: 'ipip', local: '10.0.0.2', from: ['10.0.1.7'] } }),
  ).toBe('delete element inet kilofed ipip4 { 10.0.1.8 }\n');
  expect(
    elementChanges(firewallFacts(ipip), { clampInterfaces: [], encapsulation: { kind: 'ipip', local: '10.0.0.3', from: ['10.0.1.7'] } }),
  ).toBeUndefined();
});

test('no tunnels, no clamp; no VXLAN, no filter; neither, no table', () => {
  expect(firewallText({ clampInterfaces: [] })).toBe('table inet kilofed\ndelete table inet kilofed\ntable inet kilofed {\n}\n');
  expect(firewallFacts({ clampInterfaces: [] })).toEqual([]);
});

describe('parseFirewall', () => {
  /** As nft 1.0.6 prints it, without what does not matter. */
  const listing = {
    nftables: [
      { metainfo: { version: '1.0.6', json_schema_version: 1 } },
      { table: { family: 'inet', name: 'kilofed', handle: 2 } },
      { set: { family: 'inet', name: 'clamp', table: 'kilofed', type: 'ifname', handle: 2, elem: ['kilo1', 'kilo0'] } },
      { set: { family: 'inet', name: 'vtep6', table: 'kilofed', type: 'ipv6_addr', handle: 4, elem: ['fd00::7'] } },
      { set: { family: 'inet', name: 'vtep4', table: 'kilofed', type: 'ipv4_addr', handle: 3, elem: ['10.0.1.7'] } },
      {
        chain: {
          family: 'inet',
          table: 'kilofed',
          name: 'forward',
          handle: 1,
          type: 'filter',
          hook: 'forward',
          prio: -150,
          policy: 'accept',
        },
      },
      {
        rule: {
          family: 'inet',
          table: 'kilofed',
          chain: 'forward',
          handle: 5,
          comment: 'kilofed: clamp mss to route mtu, oifname',
          expr: [],
        },
      },
      {
        rule: {
          family: 'inet',
          table: 'kilofed',
          chain: 'forward',
          handle: 5,
          comment: 'kilofed: clamp mss to route mtu, iifname',
          expr: [],
        },
      },
      {
        rule: {
          family: 'inet',
          table: 'kilofed',
          chain: 'input',
          handle: 6,
          comment: 'kilofed: ip vxlan 51819 only from the location',
          expr: [],
        },
      },
      {
        rule: {
          family: 'inet',
          table: 'kilofed',
          chain: 'input',
          handle: 7,
          comment: 'kilofed: ip6 vxlan 51819 only from the location',
          expr: [],
        },
      },
    ],
  };

  test('finds in a listing the facts that the table was made of', () => {
    expect(parseFirewall(JSON.stringify(listing))).toEqual(firewallFacts(firewall));
  });

  test('a rule of somebody else in our table is a difference', () => {
    const more = { nftables: [...listing.nftables, { rule: { chain: 'input', expr: [{ accept: null }] } }] };
    expect(parseFirewall(JSON.stringify(more))).not.toEqual(firewallFacts(firewall));
  });
});

test('M6: probes come in from nodes of the mesh only', () => {
  const text = firewallText({ clampInterfaces: [], probes: ['10.4.0.0/16', '10.60.0.9/32', 'fd04::/64'] });
  expect(text).toContain('set prober4 { type ipv4_addr; flags interval; elements = { 10.4.0.0/16, 10.60.0.9 }; }');
  expect(text).toContain('set prober6 { type ipv6_addr; flags interval; elements = { fd04::/64 }; }');
  expect(text).toContain('udp dport 51810-51818 ip saddr != @prober4 drop');
  expect(text).toContain('udp dport 51810-51818 ip6 saddr != @prober6 drop');
  expect(text).toContain('iifname "kilo*" udp dport 51809 ip saddr @prober4 reject');
  expect(text).toContain('iifname "kilo*" udp dport 51809 ip6 saddr @prober6 reject');
});
