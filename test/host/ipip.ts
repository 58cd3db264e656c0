/**
 * IPIP between two nodes of a location whose networks differ: what it carries, and what it lets in.
 */
import { until } from '../lab/process.js';
import { createNamespace, type Namespace } from '../bare/namespace.js';
import { createLan, createWan, type Lan, plug } from '../bare/network.js';
import { type AgentProcess, type NodeDescription, saveInputs, startAgent, untilMatched } from './agentProcess.js';

export interface Ipip {
  readonly reached: boolean;
  /** Packets between the nodes, on the receiver's underlay: of protocol 4, and of pods in clear. */
  readonly wire: { readonly ipip: number; readonly clear: number };
  /** Packets of IPIP that a stranger sent to the receiver, and what reached the pod of it. */
  readonly stranger: { readonly arrived: number; readonly passed: number };
  /** What the agent of a host says where somebody else has an IPIP device with our local address. */
  readonly taken: string;
}

const NODES: readonly NodeDescription[] = [
  { name: 'a', location: 'one', address: '172.20.1.10', podCIDR: '10.101.0.0/24', meshAddress: '10.4.0.1', slot: 0 },
  { name: 'b', location: 'one', address: '172.20.2.10', podCIDR: '10.101.1.0/24', meshAddress: '10.4.0.2', slot: 1 },
];
const [POD_A, POD_B] = ['10.101.0.5', '10.101.1.5'];
const STRANGER = '10.101.0.77';

export async function ipip(): Promise<Ipip> {
  await createWan();
  const lans = [await createLan(1), await createLan(2)] as const;
  const folders = Object.fromEntries(NODES.map(({ name }) => [name, `/var/lib/kilofed/${name}`]));
  await saveInputs(folders, NODES, { encapsulation: 'always', encapsulationType: 'ipip' });
  const a = await host('a', lans[0], 10, POD_A);
  const b = await host('b', lans[1], 10, POD_B);
  const s = await host('s', lans[0], 66, STRANGER);
  await b.exec(['nft', '-f', '-'], { input: COUNTERS });
  await untilMatched(agentOf('a', a));
  // Before its own: the kernel has one device for each pair of ends.
  await b.exec(['ip', 'link', 'add', 'theirs', 'type', 'ipip', 'local', '172.20.2.10']);
  const other = agentOf('b', b);
  const taken = await until('the agent to say what is taken', 20_000, async () => {
    const text = await other.health();
    return text.includes('File exists') ? text : undefined;
  }).catch((error: unknown) => `${String(error)}\n${other.output()}`);
  await b.exec(['ip', 'link', 'del', 'theirs']);
  await untilMatched(other);
  const reached = await until('the pods to reach each other', 20_000, () =>
    a.exec(['ping', '-c1', '-W1', '-I', POD_A, POD_B]).then(() => true),
  ).catch(() => false);
  const wire = { ipip: await count(b, 'ipip'), clear: await count(b, 'clear') };
  return { reached, wire, stranger: await strangeOf(s, b), taken };
}

/** What comes in, before anything judges it; and what the host takes for the pod. */
const COUNTERS = `table ip seen {
  counter ipip { }
  counter clear { }
  counter stranger { }
  counter passed { }
  chain in { type filter hook prerouting priority -350;
    iifname "eth0" ip protocol 4 ip saddr 172.20.1.10 counter name ipip
    iifname "eth0" ip daddr 10.101.0.0/16 counter name clear
    iifname "eth0" ip protocol 4 ip saddr 172.20.1.66 counter name stranger
    ip saddr ${STRANGER} counter name passed
  }
}
`;

async function count(space: Namespace, name: string): Promise<number> {
  return Number(/packets (\d+)/.exec(await space.exec(['nft', 'list', 'counter', 'ip', 'seen', name]))?.[1] ?? Number.NaN);
}

async function host(name: string, lan: Lan, number: number, pod: string): Promise<Namespace> {
  const space = await createNamespace(name, `/var/lib/kilofed/${name}`);
  await plug(space, lan, number);
  await space.exec(['ip', 'addr', 'add', pod, 'dev', 'lo']);
  return space;
}

function agentOf(name: string, space: Namespace): AgentProcess {
  return startAgent({ name, stateDir: '/var/lib/kilofed', enter: space.inside([]) });
}

/** It sends as if it were a pod of the mesh. */
async function strangeOf(s: Namespace, b: Namespace): Promise<Ipip['stranger']> {
  await s.exec(['ip', '-batch', '-'], {
    input: `link add tunnel type ipip local 172.20.1.66 remote 172.20.2.10
      link set tunnel up
      route add 10.101.1.0/24 dev tunnel\n`,
  });
  await s.exec(['ping', '-c3', '-i0.2', '-W1', '-I', STRANGER, POD_B]).catch(() => undefined);
  return { arrived: await count(b, 'stranger'), passed: await count(b, 'passed') };
}
