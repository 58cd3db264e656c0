import { describe, expect, test } from '@jest/globals';
import type { Firewall, MemberFilter } from '../mesh/plan.js';
import { elementChanges, firewallFacts, firewallText } from './firewall.js';
import { deniedCounter } from './memberRules.js';
import { parseFirewall } from './parseFirewall.js';

const FILTER: MemberFilter = {
  audit: false,
  members: [
    { name: 'a-b', ranges: ['10.43.0.0/16', '10.44.1.1/32', 'fd43::/64'], exported: ['10.42.1.7 TCP 80', 'fd42::7 UDP 53'] },
    { name: 'north', ranges: ['10.45.0.0/16'], exported: [] },
  ],
  exported: ['10.42.1.8 SCTP 9'],
  open: [],
  elsewhere: ['10.42.2.0/24'],
};
const firewall = (members: Partial<MemberFilter>): Firewall => ({ clampInterfaces: [], members: { ...FILTER, ...members } });
const changes = (to: Partial<MemberFilter>): string | undefined => elementChanges(firewallFacts(firewall({})), firewall(to));

test('M14: what leads to another node is left to it, also an answer to what another gateway sent', () => {
  const [, forwarded = ''] = /chain forwarded \{([^}]*)\}/.exec(firewallText(firewall({}))) ?? [];
  expect(forwarded.match(/^.*daddr @elsewhere4 accept(?= comment)/gm)?.map((line) => line.trim())).toEqual([
    'ct status & dnat == 0 ip daddr @elsewhere4 accept',
    'ct state invalid,untracked ip daddr @elsewhere4 accept',
  ]);
});

test('M14: the sets, and the chain of a member', () => {
  const text = firewallText(firewall({}));
  expect(text.match(/^ {2}(set|map|counter) .*$/gm)).toEqual([
    '  counter denied_a_b { }',
    '  counter denied_north { }',
    '  set members4 { type ipv4_addr; flags interval; elements = { 10.43.0.0/16, 10.44.1.1, 10.45.0.0/16 }; }',
    '  set members6 { type ipv6_addr; flags interval; elements = { fd43::/64 }; }',
    '  set open4 { type ipv4_addr; flags interval; }',
    '  set open6 { type ipv6_addr; flags interval; }',
    '  set elsewhere4 { type ipv4_addr; flags interval; elements = { 10.42.2.0/24 }; }',
    '  set elsewhere6 { type ipv6_addr; flags interval; }',
    '  set exported4 { type ipv4_addr . inet_proto . inet_service; elements = { 10.42.1.8 . 132 . 9 }; }',
    '  set exported6 { type ipv6_addr . inet_proto . inet_service; }',
    '  set exported_a_b_4 { type ipv4_addr . inet_proto . inet_service; elements = { 10.42.1.7 . 6 . 80 }; }',
    '  set exported_a_b_6 { type ipv6_addr . inet_proto . inet_service; elements = { fd42::7 . 17 . 53 }; }',
    '  set exported_north_4 { type ipv4_addr . inet_proto . inet_service; }',
    '  set exported_north_6 { type ipv6_addr . inet_proto . inet_service; }',
    '  map judge4 { type ipv4_addr : verdict; flags interval; elements = ' +
      '{ 10.43.0.0/16 : jump from_a_b, 10.44.1.1 : jump from_a_b, 10.45.0.0/16 : jump from_north }; }',
    '  map judge6 { type ipv6_addr : verdict; flags interval; elements = { fd43::/64 : jump from_a_b }; }',
  ]);
  expect(/ {2}chain from_north \{[^}]*\}/.exec(text)?.[0]).toBe(`  chain from_north {
    ip daddr . meta l4proto . th dport @exported_north_4 accept comment "kilofed: ip daddr @exported_north_4 accept"
    ip6 daddr . meta l4proto . th dport @exported_north_6 accept comment "kilofed: ip6 daddr @exported_north_6 accept"
    ip saddr . meta l4proto . th sport @exported_north_4 accept comment "kilofed: ip saddr @exported_north_4 accept"
    ip6 saddr . meta l4proto . th sport @exported_north_6 accept comment "kilofed: ip6 saddr @exported_north_6 accept"
    ip saddr @members4 counter name denied_north comment "kilofed: ip saddr @members4 counter name denied_north"
    ip6 saddr @members6 counter name denied_north comment "kilofed: ip6 saddr @members6 counter name denied_north"
    meta l4proto tcp reject with tcp reset comment "kilofed: meta l4proto tcp reject with tcp reset"
    reject with icmpx type admin-prohibited comment "kilofed: reject with icmpx type admin-prohibited"
  }`);
});

describe('M14: what changes by elements alone', () => {
  test.each<[string, Partial<MemberFilter>, string | undefined]>([
    ['nothing', {}, ''],
    [
      'an endpoint comes',
      { exported: [...FILTER.exported, '10.42.1.9 TCP 1'] },
      'add element inet kilofed exported4 { 10.42.1.9 . 6 . 1 }\n',
    ],
    ['one goes', { exported: [] }, 'delete element inet kilofed exported4 { 10.42.1.8 . 132 . 9 }\n'],
    ['pods open', { open: ['10.42.0.0/16'] }, 'add element inet kilofed open4 { 10.42.0.0/16 }\n'],
    ['audit', { audit: true }, undefined],
    ['a member comes', { members: [...FILTER.members, { name: 'south', ranges: [], exported: [] }] }, undefined],
  ])('%s', (_what, to, text) => {
    expect(changes(to)).toBe(text);
  });

  test("a member's range comes: to all sets that know it", () => {
    const [first, north] = FILTER.members;
    const members = [first, { ...north, ranges: ['10.45.0.0/16', '10.46.0.0/16'] }] as MemberFilter['members'];
    expect(changes({ members })).toBe(
      'add element inet kilofed judge4 { 10.46.0.0/16 : jump from_north }\nadd element inet kilofed members4 { 10.46.0.0/16 }\n',
    );
  });
});

test('M14: no text of a member gets into the rules, and different ids stay different', () => {
  const ids = ['a-b', 'a_b', 'a.b', 'ab', 'A', '" } ; flush ruleset', 'ü\n'];
  expect(new Set(ids.map(deniedCounter)).size).toBe(ids.length);
  for (const id of ids) expect(deniedCounter(id)).toMatch(/^denied_[a-z0-9_X]+$/);
});

test('M14: facts are found again in what nft lists, whether it knows protocols by name or not', () => {
  const listing = (protocol: string | number): string =>
    JSON.stringify({
      nftables: [
        { counter: { name: 'denied_north', packets: 7, bytes: 700 } },
        { set: { name: 'exported4', elem: [{ concat: ['10.42.1.7', protocol, 80] }] } },
        { map: { name: 'judge4', elem: [[{ prefix: { addr: '10.43.0.0', len: 16 } }, { jump: { target: 'from_north' } }]] } },
      ],
    });
  const facts = ['element exported4: 10.42.1.7 . 6 . 80', 'element judge4: 10.43.0.0/16 : jump from_north'];
  expect([parseFirewall(listing('tcp')), parseFirewall(listing(6))]).toEqual([facts, facts]);
});

test('M14: comments and names fit what nft takes, however long an id is', () => {
  const long = `a${'-'.repeat(61)}b`;
  const text = firewallText({
    ...firewall({ members: [{ name: long, ranges: ['10.43.0.0/16'], exported: [] }] }),
    tunnels: { ports: [51820], addresses: [] },
  });
  const comments = [...text.matchAll(/comment "([^"]*)"/g)].map(([, comment = '']) => comment);
  expect(comments.length).toBeGreaterThan(30);
  expect(comments.filter((comment) => comment.length > 128)).toEqual([]);
  expect(new Set(text.match(/chain \S+/g)).size).toBe(text.match(/chain \S+/g)?.length);
});
