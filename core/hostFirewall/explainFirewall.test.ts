/**
 * Rulesets in test/fakes/rulesets are what `nft -t list table` prints of those that the programs themselves, or iptables-nft with their
 * rules, have made.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { explainFirewall, type MeshTraffic } from './explainFirewall.js';
import { parseTable } from './ruleset.js';

const BROKEN: MeshTraffic = {
  node: 'a',
  ports: [51820, 51821],
  devices: ['kilo0', 'kilo1'],
  underlay: ['eth0'],
  hasVxlan: true,
  podCIDRs: ['10.42.0.0/24'],
  families: ['ip'],
  meshFamilies: ['ip'],
  tunnelsFail: 'all',
  insideFails: 'all',
};
const WELL: MeshTraffic = { ...BROKEN, tunnelsFail: 'none', insideFails: 'none' };

function explain(text: string, traffic: MeshTraffic = BROKEN): readonly string[] {
  const parsed = parseTable(text);
  if (parsed === undefined) throw new Error('no table');
  return explainFirewall([parsed], traffic).map(({ reason, message, remedy }) => `${reason}: ${message}: ${remedy}`);
}

function made(name: string): string {
  return readFileSync(`test/fakes/rulesets/${name}.nft`, 'utf8');
}

function table(head: string, ...rules: readonly string[]): string {
  const chains = head.startsWith('chain')
    ? head
    : `chain input {\n type filter hook input priority filter; ${head}\n${rules.join('\n')}\n}`;
  return `table inet filter {\n${chains}\n}\n`;
}

const CUT = 'its pods are cut off from other locations';
const BOTH = 'what is forwarded from kilo0 to its pods and what is forwarded from its pods to kilo0';

describe('as programs make them', () => {
  test('firewalld', () => {
    const input = (symptom: string, what: string, ports: string): string =>
      `FirewallDrops: ${symptom}, and its host's firewall drops UDP ${what}: ` +
      'chain filter_IN_public of the nft table inet firewalld: ' +
      `open it with firewall-cmd --permanent --zone=public --add-port=${ports}/udp && firewall-cmd --reload`;
    expect(explain(made('firewalld-default'))).toEqual([
      input('no tunnel works', '51820 (a tunnel)', '51820'),
      input('no tunnel works', '51821 (a tunnel)', '51821'),
      input('no tunnel works', '51810 (probes)', '51810-51818'),
      input('no gateway of its location answers', '51810 (probes)', '51810-51818'),
      input('no gateway of its location answers', '51819 (VXLAN)', '51819'),
      `FirewallDrops: ${CUT}, and its host's firewall drops ${BOTH}: chain filter_FWD_public of the nft table inet firewalld: ` +
        'open it with firewall-cmd --permanent --zone=trusted --add-interface=kilo0 --add-interface=kilo1 --add-source=10.42.0.0/24 && ' +
        'firewall-cmd --reload',
    ]);
  });

  test('firewalld, after these commands', () => {
    expect(explain(made('firewalld-open'))).toEqual([]);
  });

  test('ufw', () => {
    expect(explain(made('ufw'), { ...BROKEN, ports: [51820], insideFails: 'none' })).toEqual([
      "FirewallDrops: no tunnel works, and its host's firewall drops UDP 51820 (a tunnel): " +
        'chain INPUT of the nft table ip filter (policy drop): open it with ufw allow 51820/udp',
      "FirewallDrops: no tunnel works, and its host's firewall drops UDP 51810 (probes): " +
        'chain INPUT of the nft table ip filter (policy drop): open it with ufw allow 51810:51818/udp',
      `FirewallDrops: ${CUT}, and its host's firewall drops ${BOTH}: chain FORWARD of the nft table ip filter (policy drop): ` +
        'open it with ufw route allow in on kilo0 && ufw route allow out on kilo0 && ufw route allow in on kilo1 && ' +
        'ufw route allow out on kilo1',
    ]);
  });

  test('Docker: nothing is said of its host but what it forwards, and that even while all works', () => {
    const told = [
      `FirewallSuspected: ${CUT}, and its host's firewall may drop ${BOTH}: chain FORWARD of the nft table ip filter (policy drop): ` +
        'open it with iptables -I DOCKER-USER -i kilo+ -j ACCEPT && iptables -I DOCKER-USER -o kilo+ -j ACCEPT, ' +
        'or spec.forwardRules: true in the Mesh',
    ];
    expect(explain(made('docker'))).toEqual(told);
    expect(explain(made('docker'), WELL)).toEqual(told);
  });

  test.each([['kube-proxy'], ['calico'], ['cilium'], ['kube-proxy-nftables']])('%s: nothing', (name) => {
    expect(explain(made(name))).toEqual([]);
  });
});

/** Of rules in a chain of policy drop for what comes in. */
describe('UDP 51820 and a chain of policy drop', () => {
  const verdict = (...rules: readonly string[]): string => {
    const told = explain(table('policy drop;', ...rules), { ...WELL, tunnelsFail: 'all', ports: [51820] });
    const tunnel = told.filter((text) => text.includes('51820'));
    return tunnel.length === 0 ? 'nothing' : tunnel[0]?.includes('firewall drops') === true ? 'drops' : 'may drop';
  };

  test.each([
    ['drops', []],
    ['drops', ['ct state established,related accept', 'iif "lo" accept', 'tcp dport 22 accept', 'icmp type echo-request accept']],
    ['drops', ['ct state { established, related } accept', 'ct state vmap { established : accept, related : accept, invalid : drop }']],
    [
      'drops',
      ['iifname "kilo*" accept', 'meta l4proto { icmp, ipv6-icmp } accept', 'ip6 saddr fe80::/10 accept', 'ip protocol tcp accept'],
    ],
    ['drops', ['udp dport { 53, 51821 } accept', 'udp dport 51821-51830 accept', 'udp dport != 51820 accept']],
    ['drops', ['fib daddr type multicast accept', 'fib daddr type != local accept', 'ip daddr 224.0.0.0/4 accept']],
    ['drops', ['udp dport 51820 drop', 'udp dport 51820 accept']],
    ['drops', ['log prefix "accept " level warn', 'counter packets 1 bytes 2', 'meta mark set 0x00000001', 'limit rate 3/minute log']],
    ['nothing', ['udp dport 51820 accept']],
    ['nothing', ['udp dport { 51810-51821 } counter packets 0 bytes 0 accept comment "mesh"']],
    ['nothing', ['meta l4proto udp accept']],
    ['nothing', ['ct state new,established accept']],
    ['nothing', ['meta l4proto vmap { tcp : drop, udp : accept }']],
    ['nothing', ['iifname != "lo" accept']],
    ['nothing', ['counter packets 0 bytes 0 accept']],
    ['nothing', ['meta mark set 0x00000001 accept']],
    ['nothing', ['fib daddr type local accept']],
    ['may drop', ['iifname "eth0" accept']],
    ['may drop', ['ip saddr 198.51.100.0/24 accept']],
    ['may drop', ['ip saddr @friends udp dport 51820 accept']],
    ['may drop', ['udp dport @open accept', 'tcp dport 22 accept']],
    ['may drop', ['udp dport vmap @doors']],
    ['may drop', ['iifname vmap { "lo" : accept, "eth0" : jump elsewhere }']],
    ['may drop', ['meta mark & 0x00004000 == 0x00004000 accept']],
    ['may drop', ['ip saddr . udp dport { 198.51.100.7 . 51820 } accept']],
    ['may drop', ['meta l4proto . th dport { udp . 51820 } accept']],
    ['may drop', ['meta l4proto . th dport vmap { udp . 51820 : accept }']],
    ['drops', ['ct state established ip saddr . udp dport @friends accept', 'ip daddr . tcp dport @doors accept']],
    ['may drop', ['xt match recent counter packets 0 bytes 0 accept']],
    ['may drop', ['xt target "SOMETHING"']],
    ['may drop', ['jump a chain that is not listed']],
    ['may drop', ['limit rate 3/minute accept']],
    ['may drop', ['ct state untracked accept']],
    ['may drop', ['something new in nft accept']],
    ['may drop', ['udp sport 53 accept']],
  ] as const)('%s: %j', (expected, rules) => {
    expect(verdict(...rules)).toBe(expected);
  });
});

describe('a drop that is not for all', () => {
  test.each([
    ['for some senders', ['ip saddr @bad drop', 'ip saddr 198.51.100.0/24 reject', 'iifname "eth1" drop']],
    ['by a limit', ['limit rate over 10/second drop', 'xt match hashlimit counter packets 0 bytes 0 drop']],
    [
      'for other protocols and states',
      ['tcp dport 51820 drop', 'ct state invalid drop', 'ip6 nexthdr icmpv6 reject', 'udp dport 51822 drop'],
    ],
    ['behind an accept', ['accept', 'drop']],
  ])('%s is none', (_what, rules) => {
    expect(explain(table('policy accept;', ...rules), { ...BROKEN, podCIDRs: [] })).toEqual([]);
  });

  test('of one family is told of that family', () => {
    const text = table('policy accept;', 'meta nfproto ipv6 udp dport 51820 drop');
    const one = { ...BROKEN, ports: [51820], podCIDRs: [] };
    expect(explain(text, one)).toEqual([]);
    expect(explain(text, { ...one, families: ['ip', 'ip6'] })).toHaveLength(1);
  });
});

describe('chains that lead to others', () => {
  const chains = (rules: string, ...more: readonly string[]): string =>
    `table inet filter {\nchain input {\n type filter hook input priority filter; policy drop;\n${rules}\n}\n${more.join('\n')}\n}\n`;
  const only: MeshTraffic = { ...WELL, tunnelsFail: 'all', ports: [51820], devices: [] };

  test.each([
    ['an accept there', chains('jump open', 'chain open {\n udp dport 51820 accept\n}'), 'nothing'],
    ['one that returns', chains('jump open', 'chain open {\n return\n accept\n}'), 'drops'],
    ['one that is left for good', chains('goto open\naccept', 'chain open {\n tcp dport 1 accept\n}'), 'drops'],
    ['one that may be entered', chains('iifname "eth0" jump open', 'chain open {\n accept\n}'), 'may drop'],
    ['one that may be left early', chains('jump open\naccept', 'chain open {\n ip saddr @x return\n drop\n}'), 'may drop'],
    ['a ring', chains('jump one', 'chain one {\n jump two\n}', 'chain two {\n jump one\n}'), 'may drop'],
  ])('%s', (_what, text, expected) => {
    const told = explain(text, only);
    expect(told.length === 0 ? 'nothing' : told[0]?.includes('firewall drops') === true ? 'drops' : 'may drop').toBe(expected);
  });
});

describe('what is forwarded', () => {
  const forward = (...rules: readonly string[]): string =>
    `table inet fw {\nchain fwd {\ntype filter hook forward priority filter; policy drop;\n${rules.join('\n')}\n}\n}\n`;
  const NFT = `nft insert rule inet fw fwd iifname '"kilo*"' accept && nft insert rule inet fw fwd oifname '"kilo*"' accept`;

  test('in both directions', () => {
    expect(
      explain(forward('ct state established accept', 'ip daddr 10.43.0.0/16 accept'), { ...WELL, podCIDRs: ['10.42.0.0/24'] }),
    ).toEqual([
      `FirewallSuspected: ${CUT}, and its host's firewall may drop ${BOTH}: chain fwd of the nft table inet fw (policy drop): ` +
        `open it with ${NFT}`,
    ]);
    expect(explain(forward('iifname "kilo*" accept', 'oifname "kilo*" accept'), WELL)).toEqual([]);
    expect(explain(forward('ip saddr 10.42.0.0/16 accept', 'ip daddr 10.42.0.0/16 accept'), WELL)).toEqual([]);
  });

  test('in one direction is no proof: somebody may want it so', () => {
    expect(explain(forward('oifname "kilo*" accept'), WELL)).toEqual([
      `FirewallSuspected: ${CUT}, and its host's firewall drops what is forwarded from kilo0 to its pods: ` +
        `chain fwd of the nft table inet fw (policy drop): open it with ${NFT}`,
    ]);
  });

  test('is not asked about where there is no mesh, or no pod', () => {
    expect(explain(forward(), { ...WELL, devices: [] })).toEqual([]);
    expect(explain(forward(), { ...WELL, podCIDRs: [] })).toEqual([]);
  });
});

test('what is sent is looked at, too', () => {
  const rules = 'type filter hook output priority filter; policy drop;\noifname "lo" counter packets 0 bytes 0 accept';
  const text = `table ip filter {\nchain OUTPUT {\n${rules}\n}\n}\n`;
  expect(explain(text, { ...WELL, tunnelsFail: 'some' })).toEqual([
    "FirewallSuspected: some tunnels do not work, and its host's firewall drops UDP that this host sends (its tunnels): " +
      'chain OUTPUT of the nft table ip filter (policy drop): open it with iptables -I OUTPUT -p udp -j ACCEPT',
  ]);
});
