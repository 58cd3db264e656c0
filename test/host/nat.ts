/**
 * A pod, a node and the world outside: who is seen as whom, and a flow that was under way before its destination joined.
 *
 * The outside stands for the far end of a tunnel, too: to 10.43.0.1 it lets only senders of the mesh through, as WireGuard does.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodePlan } from '../../core/mesh/plan.js';
import { NEXTHOP_BASE, ROUTE_METRIC } from '../../core/mesh/reserved.js';
import { type FlowPod, type FlowReport, reaches, startFlow, withFlows } from '../bare/flow.js';
import { createNamespace, type Namespace } from '../bare/namespace.js';
import { createPod, createPodBridge } from '../bare/pod.js';
import { run } from '../lab/process.js';
import { createWorkbench, INTERNAL_IP, worldAsNode } from './bench.js';
import { gatewayPlan } from './plans.js';

export interface NatScenario {
  readonly failures: readonly string[];
  /** Under which address the pod is seen: before anything is translated, then outside, and by a known prefix. */
  readonly seen: { readonly untranslated: string | undefined; readonly outside: string | undefined; readonly known: string | undefined };
  readonly six: { readonly outside: boolean; readonly known: boolean; readonly translated: string };
  /** A flow of 100 packets/s to a prefix that is unknown for its first second, and known for its last two. */
  readonly early: FlowReport;
  /** One to the outside, all the while. */
  readonly other: FlowReport;
  /** What a TCP connection that was answered under the translated address still hears when its prefix has joined. */
  readonly received: string;
  /** What the second prefix cost. */
  readonly commands: readonly string[];
  readonly again: readonly string[];
}

const OUTSIDE = '10.0.0.1';
const FAR = '10.43.0.1';
const OPEN = '10.43.0.2';
const TCP_PORT = 7001;

export async function nat(): Promise<NatScenario> {
  const bench = await createWorkbench();
  const outside = await createOutside();
  await createPodBridge(worldAsNode(), ['10.42.0.0/24', 'fd42::/64'], 1500);
  const pod = await withFlows(await createPod(worldAsNode(), ['10.42.0.0/24', 'fd42::/64'], { host: 9, mtu: 1500 }));
  await run(['ip', '-batch', '-'], { input: `addr add fd00::2/64 dev eth0 nodad\nroute add default via fd00::1\n` });
  const world = await withFlows({ address: OUTSIDE, addresses: [OUTSIDE], namespace: outside });
  const far: FlowPod = { ...world, address: FAR };
  await run(['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
  const untranslated = await reaches(pod, world, 500);

  const alone = await bench.go(planOf(['10.42.0.0/24', 'fd42::/64']));
  const seenOutside = await reaches(pod, world);
  const other = await startFlow(pod, world, 100);
  const early = await startFlow(pod, far, 100);
  const server = outside.exec(['bash', '-c', `(sleep 3; echo still here) | busybox nc -l -p ${TCP_PORT}`]);
  const received = pod.namespace.exec(
    ['bash', '-c', `for try in 1 2 3 4 5; do busybox nc ${OPEN} ${TCP_PORT} < <(sleep 5) && break; sleep 0.1; done`],
    { timeoutMs: 10_000 },
  );
  await sleep(1000);
  const joined = await bench.go(planOf(['10.42.0.0/24', 'fd42::/64', '10.43.0.0/24', 'fd43::/64']));
  await sleep(2000);
  const reports = await Promise.all([early.stop(), other.stop()]);
  const seenKnown = await reaches(pod, far);
  const ping = (address: string): Promise<boolean> =>
    pod.namespace.exec(['busybox', 'ping', '-6', '-c1', '-W1', address]).then(
      () => true,
      () => false,
    );
  const six = {
    outside: await ping('fd00::1'),
    known: await ping('fd43::1'),
    translated: await run(['conntrack', '-L', '-f', 'ipv6', '-q', 'fd00::2']),
  };
  const again = await bench.go(planOf(['10.42.0.0/24', 'fd42::/64', '10.43.0.0/24', 'fd43::/64']));
  return {
    failures: [alone, joined, again].flatMap(({ failures }) => failures),
    seen: { untranslated, outside: seenOutside, known: seenKnown },
    six,
    early: reports[0],
    other: reports[1],
    received: await Promise.all([received, server]).then(([text]) => text),
    commands: joined.commands,
    again: again.commands,
  };
}

/** Behind eth0: knows the way to the pods, and answers by it whoever asks from there. */
async function createOutside(): Promise<Namespace> {
  const outside = await createNamespace('outside');
  await run(['ip', 'link', 'set', 'far', 'netns', String(outside.pid)]);
  await outside.exec(['ip', '-batch', '-'], {
    input: `link set far name eth0
      link set eth0 up
      addr add ${OUTSIDE}/24 dev eth0
      addr add ${FAR}/32 dev lo
      addr add ${OPEN}/32 dev lo
      addr add fd00::1/64 dev eth0 nodad
      addr add fd43::1/128 dev lo
      route add 10.42.0.0/24 via ${INTERNAL_IP}
      route add fd42::/64 via fd00::2\n`,
  });
  await outside.exec(['nft', '-f', '-'], {
    input: `table inet far {
      chain c {
        type filter hook input priority 0
        ip daddr ${FAR} ip saddr != 10.42.0.0/16 drop
        ip6 daddr fd43::1 ip6 saddr != fd42::/16 drop
      }
    }\n`,
  });
  return outside;
}

/** A member with routes to the known prefixes but its own, over the underlay. */
function planOf(known: readonly string[]): NodePlan {
  const ids = { inet: NEXTHOP_BASE + 1, inet6: NEXTHOP_BASE + 2 };
  const remote = known.filter((prefix) => prefix.includes('43'));
  return {
    ...gatewayPlan({ planes: 0, remotes: [] }),
    meshAddresses: ['10.4.0.1', 'fd04::1'],
    nexthops:
      remote.length === 0
        ? []
        : [
            { id: ids.inet, name: 'node/far', dev: 'underlay', via: OUTSIDE, family: 'inet' },
            { id: ids.inet6, name: 'node/far', dev: 'underlay', via: 'fd00::1', family: 'inet6' },
          ],
    routes: remote.map((dst) => ({
      dst,
      table: 254,
      metric: ROUTE_METRIC,
      to: { kind: 'nexthop', id: ids[dst.includes(':') ? 'inet6' : 'inet'] },
    })),
    firewall: { clampInterfaces: [], nat: { from: ['10.42.0.0/24', 'fd42::/64'], known, location: [] } },
  };
}
