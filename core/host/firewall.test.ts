import { describe, expect, test } from '@jest/globals';
import { firewallFacts, firewallText } from './firewall.js';
import { parseFirewall } from './parseFirewall.js';

const firewall = { clampInterfaces: ['kilo0', 'kilo1'], vxlan: { port: 51819, from: ['10.0.1.7', 'fd00:0:0::7'] } };

test('the table is replaced in one transaction', () => {
  expect(firewallText(firewall)).toBe(`table inet kilofed
delete table inet kilofed
table inet kilofed {
  set clamp { type ifname; elements = { "kilo0", "kilo1" }; }
  chain forward {
    type filter hook forward priority mangle; policy accept;
    oifname @clamp tcp flags syn / syn,rst tcp option maxseg size set rt mtu comment "kilofed: clamp mss to route mtu"
  }
  set vtep4 { type ipv4_addr; elements = { 10.0.1.7 }; }
  set vtep6 { type ipv6_addr; elements = { fd00::7 }; }
  chain input {
    type filter hook input priority filter; policy accept;
    udp dport 51819 ip saddr != @vtep4 drop comment "kilofed: ip vxlan 51819 only from the location"
    udp dport 51819 ip6 saddr != @vtep6 drop comment "kilofed: ip6 vxlan 51819 only from the location"
  }
}
`);
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
      { chain: { family: 'inet', table: 'kilofed', name: 'forward', handle: 1, type: 'filter', hook: 'forward', prio: -150, policy: 'accept' } },
      { rule: { family: 'inet', table: 'kilofed', chain: 'forward', handle: 5, comment: 'kilofed: clamp mss to route mtu', expr: [] } },
      { rule: { family: 'inet', table: 'kilofed', chain: 'input', handle: 6, comment: 'kilofed: ip vxlan 51819 only from the location', expr: [] } },
      { rule: { family: 'inet', table: 'kilofed', chain: 'input', handle: 7, comment: 'kilofed: ip6 vxlan 51819 only from the location', expr: [] } },
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
