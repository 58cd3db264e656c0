/**
 * What other members reach at a node, on a real kernel: a gateway with a pod, servers of its own, and translations as kube-proxy and
 * flannel make them.
 *
 * The outside is two members, a stranger, and the machine of another node of the cluster.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { MemberFilter, NodePlan } from '../../core/mesh/plan.js';
import { reaches, startFlow, type FlowReport, withFlows } from '../bare/flow.js';
import { type Attempt, connect, knock, type Outcome, serve } from '../bare/knock.js';
import { createNamespace, type Namespace } from '../bare/namespace.js';
import { createPod, createPodBridge } from '../bare/pod.js';
import { run } from '../lab/process.js';
import { createWorkbench, INTERNAL_IP, type Workbench, worldAsNode } from './bench.js';
import { gatewayPlan } from './plans.js';

export interface MembersScenario {
  readonly failures: readonly string[];
  /** By mode, then by who asks: what became of each of DOORS. */
  readonly reached: Readonly<Record<string, Readonly<Record<string, readonly Outcome[]>>>>;
  /** What the pod is answered by a member that may reach nothing. */
  readonly asked: readonly Outcome[];
  /** What was changed from one mode to the next, and once more for the same. */
  readonly commands: { readonly exported: readonly string[]; readonly again: readonly string[] };
  /** A pod of another node, where the plugin masquerades what is forwarded: whom it sees. */
  readonly masqueraded: { readonly without: Outcome; readonly within: readonly Outcome[] };
  /** Milliseconds from the change until connections under way ended; undefined: they went on. */
  readonly cut: {
    readonly pod: number | undefined;
    readonly node: number | undefined;
    /** Of a server that goes on to answer by UDP. */
    readonly udp: number | undefined;
    /** To another port, which stays exported. */
    readonly kept: number | undefined;
  };
  /** A flow that is allowed, while the rules are replaced again and again. */
  readonly replaced: FlowReport;
  readonly counted: { readonly before: Readonly<Record<string, number>>; readonly after: Readonly<Record<string, number>> };
}

export const WHO = { west: '10.43.0.1', south: '10.44.0.1', stranger: '10.0.0.1' } as const;
const POD = '10.42.0.9';
const OTHER_POD = '10.42.0.10';
const THERE = '10.42.2.1';

/** Where they knock, by what is there. */
export const DOORS: Readonly<Record<string, Attempt>> = {
  'an exported pod': { to: POD, port: 8080 },
  'the same by UDP': { to: POD, port: 8080, protocol: 'udp' },
  'a pod that is exported to west': { to: POD, port: 8081 },
  'another port of it': { to: POD, port: 9090 },
  'another port of it by UDP': { to: POD, port: 9090, protocol: 'udp' },
  'another pod at the exported port': { to: OTHER_POD, port: 8080 },
  'an exported port of the node': { to: INTERNAL_IP, port: 7000 },
  'another port of the node': { to: INTERNAL_IP, port: 10_250 },
  "the node at its bridge's address": { to: '10.42.0.1', port: 10_250 },
  'the ClusterIP of the exported pod': { to: '10.96.0.1', port: 80 },
  'the ClusterIP of another pod': { to: '10.96.0.2', port: 80 },
  'the ClusterIP of the node': { to: '10.96.0.3', port: 80 },
  'the ClusterIP of a pod on another node': { to: '10.96.0.4', port: 80 },
  'a NodePort of another pod': { to: INTERNAL_IP, port: 30_080 },
  'a pod on another node': { to: THERE, port: 8080 },
  'what is beside the nodes': { to: '192.168.7.1', port: 8080 },
};

export async function members(): Promise<MembersScenario> {
  const bench = await createWorkbench();
  const { outside, sibling } = await createSurroundings();
  await createPodBridge(worldAsNode(), ['10.42.0.0/24'], 1500);
  const [pod, other] = [
    await createPod(worldAsNode(), ['10.42.0.0/24'], { host: 9, mtu: 1500 }),
    await createPod(worldAsNode(), ['10.42.0.0/24'], { host: 10, mtu: 1500 }),
  ];
  await Promise.all([
    serve(pod.namespace, [8080, 8081, 9090]),
    serve(other.namespace, [8080]),
    serve(sibling, [8080]),
    serve(outside, [7777]),
    serve(worldAsNode(), [7000, 10_250]),
  ]);
  const failures: string[] = [];
  const go = async (filter: MemberFilter | undefined): Promise<readonly string[]> => {
    const step = await bench.go(planOf(filter));
    failures.push(...step.failures);
    return step.commands;
  };
  const reached: Record<string, Record<string, readonly Outcome[]>> = {};
  const knockAll = async (mode: string): Promise<void> => {
    reached[mode] = Object.fromEntries(
      await Promise.all(
        Object.entries(WHO).map(
          async ([who, from]) =>
            [
              who,
              await knock(
                outside,
                Object.values(DOORS).map((door) => ({ ...door, from })),
              ),
            ] as const,
        ),
      ),
    );
  };

  await go(undefined);
  await knockAll('all');
  await go(filterOf('pods'));
  await knockAll('pods');
  const commands = await go(filterOf('exported'));
  const again = await go(filterOf('exported'));
  await knockAll('exported');
  const before = await denied();
  await go({ ...filterOf('exported'), audit: true });
  await knockAll('audit');
  const after = await denied();
  await go(filterOf('none'));
  await knockAll('none');
  const asked = await knock(pod.namespace, [
    { to: WHO.west, port: 7777 },
    { to: WHO.west, port: 7777, protocol: 'udp' },
  ]);

  const masqueraded = await masquerades(go, outside);
  const cut = await cuts(go, outside);
  const replaced = await replacing(go, outside, bench);
  return { failures, reached, asked, commands: { exported: commands, again }, masqueraded, cut, replaced, counted: { before, after } };
}

type Go = (filter: MemberFilter | undefined) => Promise<readonly string[]>;

/** As flannel does it (its --ip-masq): whatever comes from outside of the cluster's pods. */
async function masquerades(go: Go, outside: Namespace): Promise<MembersScenario['masqueraded']> {
  await run(['nft', '-f', '-'], {
    input: `table ip flannel {
      chain leaving {
        type nat hook postrouting priority srcnat
        ip saddr != 10.42.0.0/16 ip daddr 10.42.2.0/24 masquerade
      }
    }\n`,
  });
  const door: Attempt = { to: THERE, port: 8080, from: WHO.west };
  await go(undefined);
  const [without = ''] = await knock(outside, [door]);
  await go(filterOf('exported'));
  const within = await knock(outside, [door, { ...door, from: WHO.stranger }]);
  await run(['nft', 'delete', 'table', 'ip', 'flannel']);
  return { without, within };
}

async function cuts(go: Go, outside: Namespace): Promise<MembersScenario['cut']> {
  await go(filterOf('exported'));
  const doors: readonly Attempt[] = [
    { to: POD, port: 8080 },
    { to: INTERNAL_IP, port: 7000 },
    { to: POD, port: 8080, protocol: 'udp' },
    { to: POD, port: 8081 },
  ];
  const connections = await Promise.all(doors.map((door) => connect(outside, { ...door, from: WHO.west })));
  const began = performance.now();
  await go({ ...filterOf('exported'), exported: [] });
  const [pod, node, udp, kept] = await Promise.all(
    connections.map(({ ended }) => Promise.race([ended.then((at) => at - began), sleep(1500).then(() => undefined)])),
  );
  return { pod, node, udp, kept };
}

/** The whole table each time. */
async function replacing(go: Go, outside: Namespace, bench: Workbench): Promise<FlowReport> {
  const pod = await withFlows(await createPod(worldAsNode(), ['10.42.0.0/24'], { host: 11, mtu: 1500 }));
  const west = await withFlows({ address: WHO.west, addresses: [WHO.west], namespace: outside });
  const open: MemberFilter = { ...filterOf('exported'), exported: [`${pod.address} UDP 7000`] };
  await go(open);
  await bench.look();
  if ((await reaches(west, pod)) !== WHO.west) throw new Error('the flow does not get through at all');
  const flow = await startFlow(west, pod, 500);
  for (let round = 0; round < 10; round += 1) {
    await go({ ...open, audit: round % 2 === 0 });
    await sleep(50);
  }
  return flow.stop();
}

async function denied(): Promise<Readonly<Record<string, number>>> {
  const listed = JSON.parse(await run(['nft', '-j', 'list', 'counters', 'table', 'inet', 'kilofed'])) as {
    readonly nftables: readonly { readonly counter?: { readonly name: string; readonly packets: number } }[];
  };
  return Object.fromEntries(listed.nftables.flatMap(({ counter }) => (counter === undefined ? [] : [[counter.name, counter.packets]])));
}

function filterOf(mode: 'pods' | 'exported' | 'none'): MemberFilter {
  return {
    audit: false,
    members: [
      { name: 'south', ranges: ['10.44.0.0/24'], exported: [] },
      {
        name: 'west',
        ranges: ['10.43.0.0/24', '10.43.7.7/32', 'fd43::/64'],
        exported: mode === 'none' ? [] : [`${POD} TCP 8081`, 'fd42::9 TCP 8081'],
      },
    ],
    exported: mode === 'none' ? [] : [`${POD} TCP 8080`, `${POD} UDP 8080`, `${INTERNAL_IP} TCP 7000`],
    open: mode === 'pods' ? ['10.42.0.0/16'] : [],
    elsewhere: ['10.0.0.3/32', '10.42.2.0/24'],
  };
}

function planOf(filter: MemberFilter | undefined): NodePlan {
  return {
    ...gatewayPlan({ planes: 0, remotes: [] }),
    firewall: { clampInterfaces: ['eth0'], ...(filter === undefined ? {} : { members: filter }) },
  };
}

/** Behind eth0: members and a stranger. Behind eth1: another node with a pod. */
async function createSurroundings(): Promise<{ readonly outside: Namespace; readonly sibling: Namespace }> {
  const [outside, sibling] = await Promise.all([createNamespace('outside'), createNamespace('sibling')]);
  await run(['ip', 'link', 'set', 'far', 'netns', String(outside.pid)]);
  await outside.exec(['ip', '-batch', '-'], {
    input: `link set far name eth0
      link set eth0 up
      addr add 10.0.0.1/24 dev eth0
      addr add ${WHO.west}/32 dev lo
      addr add ${WHO.south}/32 dev lo
      route add default via ${INTERNAL_IP}
      route add 10.42.0.0/24 via ${INTERNAL_IP} src ${WHO.west}\n`,
  });
  await run(['ip', '-batch', '-'], {
    input: `link add eth1 type veth peer name eth0 netns ${sibling.pid}
      link set eth1 up
      addr add 10.0.1.2/24 dev eth1
      route add 10.43.0.0/24 via ${WHO.stranger}
      route add 10.44.0.0/24 via ${WHO.stranger}
      route add 10.42.2.0/24 via 10.0.1.3
      route add 192.168.7.0/24 via 10.0.1.3\n`,
  });
  await sibling.exec(['ip', '-batch', '-'], {
    input: `link set eth0 up
      addr add 10.0.1.3/24 dev eth0
      addr add ${THERE}/32 dev lo
      addr add 192.168.7.1/32 dev lo
      route add default via 10.0.1.2\n`,
  });
  await run(['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
  // As kube-proxy has it: whoever is none of the cluster's pods is masqueraded on the way to a Service.
  await run(['nft', '-f', '-'], {
    input: `table ip kube {
      chain services {
        type nat hook prerouting priority dstnat
        ip daddr 10.96.0.1 tcp dport 80 dnat to ${POD}:8080
        ip daddr 10.96.0.2 tcp dport 80 dnat to ${POD}:9090
        ip daddr 10.96.0.3 tcp dport 80 dnat to ${INTERNAL_IP}:10250
        ip daddr 10.96.0.4 tcp dport 80 dnat to ${THERE}:8080
        ip daddr ${INTERNAL_IP} tcp dport 30080 dnat to ${OTHER_POD}:8080
      }
      chain leaving {
        type nat hook postrouting priority srcnat
        ct status dnat ip saddr != 10.42.0.0/16 masquerade
      }
    }\n`,
  });
  return { outside, sibling };
}
