/**
 * The node-agent's host half on a real kernel: real devices, routes, nexthop groups and nft, each scenario in a world of
 * its own.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Container } from './container.js';
import type { Forward } from './forward.js';
import type { HostFirewall } from './hostFirewall.js';
import type { Masquerade } from './masquerade.js';
import { DOORS, type MembersScenario, WHO } from './members.js';
import type { KiloCleanUp, TakeOver } from './kilo.js';
import type { NatScenario } from './nat.js';
import type { Repeated, Scale } from './scale.js';
import { kernelHasLegacyTables, kernelHasWireguard } from '../lab/kernel.js';
import { runScenario, TIMEOUT_MS } from './runScenario.js';
import { describeWireguard } from './wireguardCases.js';
import { describeOnHost } from './world.js';

describeOnHost('the host half of the node-agent, with userspace WireGuard', () => describeWireguard('userspace'));
describeOnHost('the host half of the node-agent, with WireGuard in the kernel', () => describeWireguard('kernel'), {
  'WireGuard in the kernel': kernelHasWireguard,
});

describeOnHost('the host half of the node-agent', () => {
  test(
    'userspace WireGuard outlives the container that started it',
    async () => {
      const result = await runScenario<Container>('container');
      expect(result.mountOfHost).toBe(true);
      expect(result.program).toBe('/var/lib/kilofed/bin/wireguard-go');
      expect(result.cgroups.filter((line) => line.endsWith('/pod'))).toEqual([]);
      expect(result.killed).toBeGreaterThan(1);
      expect(result).toMatchObject({ aliveAfter: true, answersAfter: true });
    },
    TIMEOUT_MS,
  );

  describeForward('nft');

  describe('a firewall of others is', () => {
    const OPEN = { tunnel: true, toPod: true, fromPod: true };
    const CLOSED = { tunnel: false, toPod: false, fromPod: false };
    let result: HostFirewall;
    beforeAll(async () => {
      result = await runScenario<HostFirewall>('hostFirewall');
    }, TIMEOUT_MS);

    test.each([['none'], ['firewalld-open'], ['kube-proxy'], ['calico']])('not named where it drops nothing: %s', (name) => {
      expect(result[name]?.before).toEqual({ passes: OPEN, told: [] });
    });

    test.each([
      ['nft', 'incoming', 'passing', 'inet fw (policy drop)'],
      ['iptables', 'INPUT', 'FORWARD', 'ip filter (policy drop)'],
      ['ufw', 'INPUT', 'FORWARD', 'ip filter (policy drop)'],
      ['firewalld-default', 'filter_IN_public', 'filter_FWD_public', 'inet firewalld'],
    ])('named where it drops: %s', (name, input, forward, table) => {
      expect(result[name]?.before).toEqual({
        passes: CLOSED,
        told: [
          `FirewallDrops: drops UDP 7000 (a tunnel): chain ${input} of the nft table ${table}`,
          `FirewallDrops: drops UDP 51810 (probes): chain ${input} of the nft table ${table}`,
          'FirewallDrops: drops what is forwarded from kilo0 to its pods and what is forwarded from its pods to kilo0: ' +
            `chain ${forward} of the nft table ${table}`,
        ],
      });
    });

    test('suspected where some may pass: docker', () => {
      expect(result['docker']?.before.passes).toEqual({ tunnel: true, toPod: false, fromPod: false });
      expect(result['docker']?.before.told).toEqual([
        expect.stringMatching(
          /^FirewallSuspected: may drop what is forwarded .* chain FORWARD of the nft table ip filter \(policy drop\)$/,
        ),
      ]);
    });

    test.each([['nft'], ['iptables'], ['docker']])('opened by the command that is given: %s', (name) => {
      expect(result[name]?.after).toEqual({ passes: OPEN, told: [] });
    });
  });

  describe('M14: other members reach', () => {
    let result: MembersScenario;
    beforeAll(async () => {
      result = await runScenario<MembersScenario>('members');
    }, TIMEOUT_MS);

    const names = Object.keys(DOORS);
    /** The doors that were open to `who`; the others answered at once. */
    const openTo = (who: keyof typeof WHO, mode: string): readonly string[] => {
      const outcomes = result.reached[mode]?.[who] ?? [];
      expect(outcomes.filter((outcome) => outcome === 'lost')).toEqual([]);
      return names.filter((_, index) => outcomes[index]?.startsWith('seen') === true);
    };
    const NODE = ['another port of the node', "the node at its bridge's address", 'the ClusterIP of the node', 'what is beside the nodes'];
    const EXPORTED = [
      'an exported pod',
      'the same by UDP',
      'an exported port of the node',
      'the ClusterIP of the exported pod',
      // That node judges it.
      'a pod on another node',
    ];
    const PODS = names.filter((name) => !NODE.includes(name));

    test.each<[string, readonly string[], readonly string[]]>([
      ['all', names, names],
      ['pods', PODS, PODS],
      ['exported', [...EXPORTED, 'a pod that is exported to west'], EXPORTED],
      ['none', ['a pod on another node'], ['a pod on another node']],
      ['audit', names, names],
    ])('in mode %s what they may, and are told at once of the rest', (mode, west, south) => {
      expect(result.failures).toEqual([]);
      expect([openTo('west', mode).toSorted(), openTo('south', mode).toSorted()]).toEqual([west.toSorted(), south.toSorted()]);
      expect(openTo('stranger', mode)).toEqual(names);
    });

    test('is answered where this cluster asked, even in mode none', () => {
      expect(result.asked).toEqual(['seen as 10.42.0.9', 'seen as 10.42.0.9']);
    });

    test('a mode costs elements and no rule, and is found again without a change', () => {
      expect(result.commands).toEqual({ exported: ['nft delete element inet kilofed open4 { 10.42.0.0/16 }'], again: [] });
    });

    test('a gateway whose plugin masquerades leaves members their source, so that the node behind can judge', () => {
      expect(result.masqueraded).toEqual({ without: 'seen as 10.0.1.2', within: [`seen as ${WHO.west}`, 'seen as 10.0.1.2'] });
    });

    test('what is not exported any more is cut within a second, by TCP and UDP, and nothing else is', () => {
      const { pod, node, udp, kept } = result.cut;
      expect([pod, node, udp].map((ms) => ms !== undefined && ms < 1000)).toEqual([true, true, true]);
      expect(kept).toBeUndefined();
    });

    test('rules are replaced without a lost packet', () => {
      expect(result.replaced.sent).toBeGreaterThan(200);
      expect(result.replaced.lost).toBe(0);
    });

    test('what they may not reach is counted by member, also in audit', () => {
      expect(Object.keys(result.counted.after)).toEqual(['denied_south', 'denied_west']);
      for (const counts of Object.values(result.counted)) expect(counts['denied_south']).toBeGreaterThan(counts['denied_west'] ?? 0);
      expect(result.counted.before['denied_west']).toBeGreaterThan(5);
    });
  });

  test(
    'translates pods on their way out, nobody inside the mesh, and forgets a translation when its destination joins',
    async () => {
      const result = await runScenario<NatScenario>('nat');
      expect(result.failures).toEqual([]);
      expect(result.seen).toEqual({ untranslated: '10.42.0.9', outside: '10.0.0.2', known: '10.42.0.9' });
      expect(result.six).toMatchObject({ outside: true, known: true });
      expect(result.six.translated).toContain('dst=fd00::1');
      expect(result.six.translated).not.toContain('dst=fd43::1');
      expect(result.commands).toContain(
        'nft add element inet kilofed known4 { 10.43.0.0/24 }; add element inet kilofed known6 { fd43::/64 }',
      );
      expect(result.commands.at(-1)).toBe('conntrack -D -d 10.43.0.0/24,fd43::/64 (translated only)');
      // Of the two seconds since it joined, the first may be lost.
      expect(result.early.seenAs).toEqual(['10.42.0.9']);
      expect(result.early.received).toBeGreaterThan(100);
      expect(result.other).toMatchObject({ lost: 0, seenAs: ['10.0.0.2'] });
      expect(result.received).toBe('still here\n');
      expect(result.again).toEqual([]);
    },
    TIMEOUT_MS,
  );

  describeMasquerade('nft');
  describeMasquerade('iptables-nft');

  test(
    "a node that Kilo left is taken over under 100 packets/s: same key, same session, none lost, nothing of Kilo's left",
    async () => {
      const result = await runScenario<TakeOver>('kiloTakeOver');
      // The last one may be under way when ping is told to end.
      for (const { sent, received } of result.flows) expect([sent > 300, sent - received <= 1]).toEqual([true, true]);
      expect(result.handshakes[1]).toBe(result.handshakes[0]);
      expect(result.keys[1]).toBe(result.keys[0]);
      expect(result.planned).toMatch(
        /Then this node is taken over from Kilo[^]*iptables-nft -t nat -X KILO-NAT\n[^]*ip addr del 10\.4\.0\.1\/16 dev kilo0/,
      );
      expect(result.planned).not.toContain('ip link add kilo0');
      expect(result.left.trim()).toMatch(/^kilo0 +UNKNOWN$/);
      expect(result.again).toBe('Nothing to change.\n');
      expect(result.log).toContain('Took this node over from Kilo');
    },
    TIMEOUT_MS,
  );

  test(
    '2,000 peers: found as planned at once, and one change stays one change',
    async () => {
      const result = await runScenario<Scale>('scale', '2000');
      expect(result).toMatchObject({ peers: 2000, failures: 0, adoptChanges: 0 });
      // Changes are counted; what they take is a benchmark's (make bench ONLY=cost).
      const counts = ({ commands }: Repeated): number[] => commands.map(({ length }) => length);
      expect(counts(result.endpoint)).toEqual(Array.from({ length: 20 }, () => 2));
      // The first takes back what was done before. A peer comes with its route, the guard below it, and what is forgotten.
      expect(counts(result.peer).slice(1)).toEqual(Array.from({ length: 19 }, (_, round) => (round % 2 === 0 ? 4 : 3)));
      expect(counts(result.group).slice(1)).toEqual(Array.from({ length: 19 }, () => 1));
    },
    TIMEOUT_MS,
  );
});

describeOnHost(
  'the host half of the node-agent, beside iptables-legacy',
  () => {
    describeForward('legacy');
    describeMasquerade('iptables-legacy');

    test(
      'clean-up from nothing removes what Kilo left, and nothing that looks like it',
      async () => {
        const result = await runScenario<KiloCleanUp>('kiloCleanUp');
        expect(result.before).toContain('KILO-IPIP');
        expect(result.output).toMatch(/^Removed 1 things, and [0-9]+ that Kilo left\.\n$/);
        expect(result.after.split('\n')).toEqual([
          '-A INPUT -m comment --comment "Kilo: jump to IPIP chain" -j ACCEPT',
          '32763:\tfrom all to 10.97.0.0/16 lookup 1107',
        ]);
        expect(result.again).toBe('Removed 0 things.\n');
        expect(result.foreign).toContain('10.97.0.0/16 via 172.20.1.1 dev eth0 table 1107');
        expect(result.foreign).toContain('10.98.0.0/16 via 172.20.1.1 dev eth0 proto static');
        expect(result.foreign).not.toMatch(/KILO-|kilo0/);
      },
      TIMEOUT_MS,
    );
  },
  { 'the tables of iptables-legacy in the kernel': kernelHasLegacyTables },
);

function describeForward(kind: 'nft' | 'legacy'): void {
  test(
    `where the FORWARD chain of iptables-${kind} drops, lets the mesh through, and nobody else`,
    async () => {
      const result = await runScenario<Forward>('forward', kind);
      expect(result.failures).toEqual([]);
      expect(result.reached).toEqual([false, true, false]);
      expect(result.stranger).toBe(false);
      expect(result.again).toEqual([]);
      const [before, during, after] = result.chain;
      expect(during).toContain('-A FORWARD -i kilo+ -m comment --comment "kilofed: forward in kilo" -j ACCEPT');
      expect(during.trim().split('\n')).toHaveLength(before.trim().split('\n').length + 4);
      expect(result.six).toContain('--comment "kilofed: forward from fd42::/64"');
      expect(after).toBe(before);
    },
    TIMEOUT_MS,
  );
}

function describeMasquerade(kind: string): void {
  test(
    `report 17: where a network plugin masquerades by ${kind}, everybody in the mesh is seen as himself, and all else is as it was`,
    async () => {
      const result = await runScenario<Masquerade>('masquerade', kind);
      expect(result.failures).toEqual([]);
      const as = (address: string): string => `seen as ${address}`;
      const untouched = {
        'a pod by itself behind a Service': as('10.42.0.1'),
        'a pod by a node of the location': as('10.0.1.2'),
        'a pod by what is outside': as('10.0.0.2'),
        'a pod of another node by what is outside': as('10.0.0.2'),
        'a member by a pod of another node behind a NodePort': as('10.0.1.2'),
        'what is outside by a pod of another node': as('10.0.1.2'),
      };
      expect(result.alone).toEqual({
        ...untouched,
        'a pod by a member': as('10.0.0.2'),
        'a pod by a member, in IPv6': as('fd00::2'),
        'a pod by a member behind a Service': as('10.0.0.2'),
        'a pod by a laptop': as('10.0.0.2'),
        'a pod of another node by a member': as('10.0.0.2'),
        'a pod of another node by one of another location': as('10.0.0.2'),
        'a member by a pod of another node': as('10.0.1.2'),
        'a pod of another location by one of another node': as('10.0.1.2'),
        'a laptop by a pod of another node': as('10.0.1.2'),
      });
      const kept = {
        ...untouched,
        'a pod by a member': as('10.42.0.9'),
        'a pod by a member, in IPv6': as('fd42::9'),
        'a pod by a member behind a Service': as('10.42.0.9'),
        'a pod by a laptop': as('10.42.0.9'),
        'a pod of another node by a member': as('10.42.2.1'),
        'a pod of another node by one of another location': as('10.42.2.1'),
        'a member by a pod of another node': as('10.43.0.1'),
        'a pod of another location by one of another node': as('10.42.3.1'),
        'a laptop by a pod of another node': as('10.9.0.1'),
      };
      expect(result.kept).toEqual(kept);
      expect(result.restarted).toEqual(kept);
      expect(result.again).toEqual([]);
    },
    TIMEOUT_MS,
  );
}
