/**
 * A host whose FORWARD chain drops, by iptables-nft or by the older tables: what the mesh forwards gets through where that is
 * asked for, nothing else does, and clean-up leaves the chain as it was.
 */
import { emptyPlan } from '../../core/host/emptyPlan.js';
import type { NodePlan } from '../../core/mesh/plan.js';
import { reaches, withFlows } from '../bare/flow.js';
import { createNamespace } from '../bare/namespace.js';
import { createPod, createPodBridge } from '../bare/pod.js';
import { run } from '../lab/process.js';
import { createWorkbench, INTERNAL_IP, worldAsNode } from './bench.js';
import { gatewayPlan } from './plans.js';

export interface Forward {
  readonly failures: readonly string[];
  /** Does a pod reach the outside, as it was, with our rules, and after clean-up? */
  readonly reached: readonly boolean[];
  /** Does what is not ours? */
  readonly stranger: boolean;
  readonly again: readonly string[];
  /** The chain in iptables' own words. */
  readonly chain: readonly [string, string, string];
  readonly six: string;
}

/** `argument`: nft or legacy. */
export async function forward(argument: string): Promise<Forward> {
  const iptables = `iptables-${argument}`;
  const bench = await createWorkbench();
  const outside = await createNamespace('outside');
  await run(['ip', 'link', 'set', 'far', 'netns', String(outside.pid)]);
  await outside.exec(['ip', '-batch', '-'], {
    input: `link set far name eth0\nlink set eth0 up\naddr add 10.0.0.1/24 dev eth0\nroute add default via ${INTERNAL_IP}\n`,
  });
  const node = worldAsNode();
  await createPodBridge(node, ['10.42.0.0/24', '10.77.0.0/24'], 1500);
  const pod = await withFlows(await createPod(node, ['10.42.0.0/24'], { host: 9, mtu: 1500 }));
  const other = await withFlows(await createPod(node, ['10.77.0.0/24'], { host: 8, mtu: 1500 }));
  const world = await withFlows({ address: '10.0.0.1', addresses: ['10.0.0.1'], namespace: outside });
  await run(['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
  // As Docker leaves it.
  for (const program of [iptables, iptables.replace('ip', 'ip6')]) {
    await run([program, '-P', 'FORWARD', 'DROP']);
    await run([program, '-A', 'FORWARD', '-i', 'docker0', '-m', 'comment', '--comment', 'theirs', '-j', 'ACCEPT']);
  }
  const chain = async (program: string): Promise<string> => run([program, '-S', 'FORWARD']);
  const tries = async (): Promise<boolean> => (await reaches(pod, world, 500)) !== undefined;
  const plan: NodePlan = { ...gatewayPlan({ planes: 0, remotes: [] }), forward: { podCIDRs: ['10.42.0.0/24', 'fd42::/64'] } };

  const before = [await tries(), await chain(iptables)] as const;
  const set = await bench.go(plan);
  const during = [await tries(), await chain(iptables), await chain(iptables.replace('ip', 'ip6'))] as const;
  const stranger = (await reaches(other, world, 500)) !== undefined;
  const again = await bench.go(plan);
  const cleaned = await bench.go(emptyPlan('a'));
  const after = [await tries(), await chain(iptables)] as const;
  return {
    failures: [set, again, cleaned].flatMap(({ failures }) => failures),
    reached: [before[0], during[0], after[0]],
    stranger,
    again: again.commands,
    chain: [before[1], during[1], after[1]],
    six: during[2],
  };
}
