/**
 * A gateway whose network plugin masquerades as flannel does with --ip-masq: who is seen as whom, with rules of ours and without, by
 * iptables-nft, iptables-legacy or flannel's own nft tables.
 *
 * On one side is another node of the location, with a pod. On the other one is all that tunnels lead to: a member, a pod of another
 * location, a laptop; and what is outside of the mesh.
 */
import type { KeptSources, NodePlan } from '../../core/mesh/plan.js';
import { type Attempt, knock, type Outcome, serve } from '../bare/knock.js';
import { createNamespace, type Namespace } from '../bare/namespace.js';
import { createPod, createPodBridge } from '../bare/pod.js';
import { run } from '../lab/process.js';
import { createWorkbench, INTERNAL_IP, worldAsNode } from './bench.js';
import { gatewayPlan } from './plans.js';

/** By TCP: these servers answer from one address of several. */
type Seen = Readonly<Record<string, Outcome>>;

export interface Masquerade {
  readonly failures: readonly string[];
  /** With the plugin's rules alone; with ours; when the plugin has started anew. */
  readonly alone: Seen;
  readonly kept: Seen;
  readonly restarted: Seen;
  readonly again: readonly string[];
}

const POD = '10.42.0.9';
const THERE = '10.42.2.1';
const ELSEWHERE = '10.42.3.1';
const WEST = '10.43.0.1';
const LAPTOP = '10.9.0.1';
const SIX = { pod: 'fd42::9', west: 'fd43::1' } as const;
const OUTSIDE = '10.0.0.1';
const SIBLING = '10.0.1.3';
const PORT = 8080;

type Rules = 'nft' | 'iptables-nft' | 'iptables-legacy';

export async function masquerade(argument: string): Promise<Masquerade> {
  const rules = argument as Rules;
  const bench = await createWorkbench();
  const { outside, sibling } = await createSurroundings();
  await createPodBridge(worldAsNode(), ['10.42.0.0/24', 'fd42::/64'], 1500);
  const pod = await createPod(worldAsNode(), ['10.42.0.0/24', 'fd42::/64'], { host: 9, mtu: 1500 });
  await run(['bridge', 'link', 'set', 'dev', 'pod9', 'hairpin', 'on']);
  await run(['ip', 'addr', 'add', 'fd00::2/64', 'dev', 'eth0', 'nodad']);
  await run(['ip', 'route', 'add', 'fd43::/64', 'via', 'fd00::1']);
  await run(['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']);
  await Promise.all([pod.namespace, outside, sibling].map((each) => serve(each, [PORT])));
  await layKubeProxy();
  await layFlannel(rules);

  const look = async (): Promise<Seen> => {
    const seen: Record<string, Outcome> = {};
    const ask = async (who: Namespace, doors: Readonly<Record<string, Attempt>>): Promise<void> => {
      const outcomes = await knock(who, Object.values(doors));
      for (const [index, name] of Object.keys(doors).entries()) seen[name] = outcomes[index] ?? '';
    };
    await ask(pod.namespace, {
      'a pod by a member': { to: WEST, port: PORT },
      'a pod by a member, in IPv6': { to: SIX.west, port: PORT },
      'a pod by a member behind a Service': { to: '10.96.0.1', port: 80 },
      'a pod by a laptop': { to: LAPTOP, port: PORT },
      'a pod by itself behind a Service': { to: '10.96.0.2', port: 80 },
      'a pod by a node of the location': { to: SIBLING, port: PORT },
      'a pod by what is outside': { to: OUTSIDE, port: PORT },
    });
    await ask(sibling, {
      'a pod of another node by a member': { to: WEST, port: PORT, from: THERE },
      'a pod of another node by one of another location': { to: ELSEWHERE, port: PORT, from: THERE },
      'a pod of another node by what is outside': { to: OUTSIDE, port: PORT, from: THERE },
    });
    await ask(outside, {
      'a member by a pod of another node': { to: THERE, port: PORT, from: WEST },
      'a member by a pod of another node behind a NodePort': { to: INTERNAL_IP, port: 30_080, from: WEST },
      'a pod of another location by one of another node': { to: THERE, port: PORT, from: ELSEWHERE },
      'a laptop by a pod of another node': { to: THERE, port: PORT, from: LAPTOP },
      'what is outside by a pod of another node': { to: THERE, port: PORT, from: OUTSIDE },
    });
    return seen;
  };

  const first = await bench.go(planOf(undefined));
  const alone = await look();
  const second = await bench.go(planOf(KEPT));
  const kept = await look();
  await removeFlannel(rules);
  await layFlannel(rules);
  const restarted = await look();
  const again = await bench.go(planOf(KEPT));
  return {
    failures: [first, second, again].flatMap(({ failures }) => failures),
    alone,
    kept,
    restarted,
    again: again.commands,
  };
}

const KEPT: KeptSources = {
  pods: ['10.42.0.0/24', '10.42.2.0/23', 'fd42::/64'],
  remote: [`${LAPTOP}/32`, '10.43.0.0/24', 'fd43::/64'],
};

function planOf(kept: KeptSources | undefined): NodePlan {
  return { ...gatewayPlan({ planes: 0, remotes: [] }), firewall: { clampInterfaces: [], ...(kept === undefined ? {} : { kept }) } };
}

/** Behind eth0: what tunnels lead to, and what is outside. Behind eth1: another node with a pod. */
async function createSurroundings(): Promise<{ readonly outside: Namespace; readonly sibling: Namespace }> {
  const [outside, sibling] = await Promise.all([createNamespace('outside'), createNamespace('sibling')]);
  await run(['ip', 'link', 'set', 'far', 'netns', String(outside.pid)]);
  const far = [WEST, ELSEWHERE, LAPTOP];
  await outside.exec(['ip', '-batch', '-'], {
    input: `link set far name eth0
      link set eth0 up
      link set lo up
      addr add ${OUTSIDE}/24 dev eth0
      addr add fd00::1/64 dev eth0 nodad
      addr add ${SIX.west}/128 dev lo
      ${far.map((address) => `addr add ${address}/32 dev lo`).join('\n')}
      route add default via ${INTERNAL_IP}
      route add fd42::/64 via fd00::2\n`,
  });
  await run(['ip', '-batch', '-'], {
    input: `link add eth1 type veth peer name eth0 netns ${sibling.pid}
      link set eth1 up
      addr add 10.0.1.2/24 dev eth1
      route add 10.42.2.0/24 via ${SIBLING}
      ${far.map((address) => `route add ${address}/32 via ${OUTSIDE}`).join('\n')}\n`,
  });
  await sibling.exec(['ip', '-batch', '-'], {
    input: `link set eth0 up
      link set lo up
      addr add ${SIBLING}/24 dev eth0
      addr add ${THERE}/32 dev lo
      route add default via 10.0.1.2\n`,
  });
  return { outside, sibling };
}

/** It marks what it is to masquerade: who is none of the cluster's pods, and who is led back to itself. */
async function layKubeProxy(): Promise<void> {
  await run(['nft', '-f', '-'], {
    input: `table ip kube {
      chain services {
        type nat hook prerouting priority dstnat
        ip daddr 10.96.0.0/16 ip saddr != 10.42.0.0/16 meta mark set meta mark | 0x4000
        ip daddr ${INTERNAL_IP} th dport 30080 meta mark set meta mark | 0x4000
        ip daddr 10.96.0.2 ip saddr ${POD} meta mark set meta mark | 0x4000
        meta l4proto { tcp, udp } ip daddr 10.96.0.1 th dport 80 dnat to ${WEST}:${PORT}
        meta l4proto { tcp, udp } ip daddr 10.96.0.2 th dport 80 dnat to ${POD}:${PORT}
        meta l4proto { tcp, udp } ip daddr ${INTERNAL_IP} th dport 30080 dnat to ${THERE}:${PORT}
      }
      chain leaving {
        type nat hook postrouting priority srcnat
        meta mark & 0x4000 == 0 return
        meta mark set meta mark ^ 0x4000
        masquerade fully-random
      }
    }\n`,
  });
}

/** flannel pkg/trafficmngr, for a cluster of 10.42.0.0/16 and this node's 10.42.0.0/24. */
async function layFlannel(rules: Rules): Promise<void> {
  if (rules === 'nft') {
    await run(['nft', '-f', '-'], { input: FAMILIES.map(nftRules).join('') });
    return;
  }
  for (const { program, cluster, pods, multicast } of FAMILIES) {
    const iptables = program + rules.slice('iptables'.length);
    const to = async (...rule: string[]): Promise<void> => void (await run([iptables, '-w', '-t', 'nat', '-A', ...rule]));
    await run([iptables, '-w', '-t', 'nat', '-N', CHAIN]);
    await to('POSTROUTING', '-j', CHAIN);
    await to(CHAIN, '-m', 'mark', '--mark', '0x4000/0x4000', '-j', 'RETURN');
    await to(CHAIN, '-s', pods, '-d', cluster, '-j', 'RETURN');
    await to(CHAIN, '-s', cluster, '-d', pods, '-j', 'RETURN');
    await to(CHAIN, '!', '-s', cluster, '-d', pods, '-j', 'RETURN');
    await to(CHAIN, '-s', cluster, '!', '-d', multicast, '-j', 'MASQUERADE', '--random-fully');
    await to(CHAIN, '!', '-s', cluster, '-d', cluster, '-j', 'MASQUERADE', '--random-fully');
  }
}

async function removeFlannel(rules: Rules): Promise<void> {
  for (const { program, ip, six } of FAMILIES) {
    if (rules === 'nft') {
      await run(['nft', 'delete', 'table', ip, `flannel-ipv${six}`]);
      continue;
    }
    const iptables = [program + rules.slice('iptables'.length), '-w', '-t', 'nat'];
    await run([...iptables, '-D', 'POSTROUTING', '-j', CHAIN]);
    await run([...iptables, '-F', CHAIN]);
    await run([...iptables, '-X', CHAIN]);
  }
}

const CHAIN = 'FLANNEL-POSTRTG';
const FAMILIES = [
  { program: 'iptables', ip: 'ip', six: '4', cluster: '10.42.0.0/16', pods: '10.42.0.0/24', multicast: '224.0.0.0/4' },
  { program: 'ip6tables', ip: 'ip6', six: '6', cluster: 'fd42::/56', pods: 'fd42::/64', multicast: 'ff00::/8' },
] as const;

function nftRules({ ip, six, cluster, pods, multicast }: (typeof FAMILIES)[number]): string {
  return `table ${ip} flannel-ipv${six} {
    chain postrtg {
      type nat hook postrouting priority srcnat
      meta mark 0x4000 return
      ${ip} saddr ${pods} ${ip} daddr ${cluster} return
      ${ip} saddr ${cluster} ${ip} daddr ${pods} return
      ${ip} saddr ${cluster} ${ip} daddr != ${multicast} masquerade fully-random
      ${ip} saddr != ${cluster} ${ip} daddr ${cluster} masquerade fully-random
    }
  }\n`;
}
