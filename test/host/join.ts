/**
 * Three nodes, two locations, an agent on each: traffic between pods through WireGuard, over both planes, and switched from
 * one to the other under load.
 */
import { until } from '../lab/process.js';
import { createNamespace, type Namespace } from '../bare/namespace.js';
import { createLan, createWan, plug } from '../bare/network.js';
import { pingFlow, type PingFlow } from './pingFlow.js';
import { saveInputs, startAgent, untilMatched, type AgentProcess, type NodeDescription } from './agentProcess.js';

export interface Join {
  /** Whether each pair of pods reached each other. */
  readonly pings: Readonly<Record<string, boolean>>;
  readonly switched: { readonly sent: number; readonly received: number; readonly switches: number };
  /** Packets that crossed each plane of the switching node while it was in use. */
  readonly bothPlanesUsed: boolean;
  /** The agent of the switching node is killed and started under load. */
  readonly restarted: { readonly sent: number; readonly received: number; readonly changes: number | undefined };
}

const NODES: readonly NodeDescription[] = [
  { name: 'a', location: 'one', address: '172.20.1.10', podCIDR: '10.101.0.0/24', meshAddress: '10.4.0.1', slot: 0 },
  { name: 'b', location: 'two', address: '172.20.2.10', podCIDR: '10.101.1.0/24', meshAddress: '10.4.0.2', slot: 0 },
  { name: 'c', location: 'two', address: '172.20.2.11', podCIDR: '10.101.2.0/24', meshAddress: '10.4.0.3', slot: 1 },
];

export async function join(): Promise<Join> {
  await createWan();
  const lans = { one: await createLan(1), two: await createLan(2) };
  const spaces: Record<string, Namespace> = {};
  const agents: Record<string, AgentProcess> = {};
  const folders = Object.fromEntries(NODES.map(({ name }) => [name, `/var/lib/kilofed/${name}`]));
  await saveInputs(folders, NODES);
  for (const node of NODES) {
    const space = await createNamespace(node.name, folders[node.name]);
    await plug(space, node.location === 'one' ? lans.one : lans.two, Number(node.address.split('.')[3]));
    // A pod is an address: nothing of what is tried here depends on its device.
    await space.exec(['ip', 'addr', 'add', podOf(node), 'dev', 'lo']);
    spaces[node.name] = space;
    agents[node.name] = startAgent(agentOptions(node.name, space));
  }
  for (const agent of Object.values(agents)) await untilMatched(agent);
  const pings: Record<string, boolean> = {};
  for (const from of NODES) {
    for (const to of NODES) if (from !== to) pings[`${from.name}-${to.name}`] = await pingsSoon(spaces[from.name], podOf(from), podOf(to));
  }
  const a = spaces['a'];
  if (a === undefined) throw new Error('no namespace a');
  const switched = await switchUnderLoad(a);
  const bothPlanesUsed = (await Promise.all(['kilo0', 'kilo1'].map((name) => a.exec(['wg', 'show', name, 'transfer'])))).every((text) =>
    text.split('\n').some((line) => Number(line.split('\t')[2]) > 5000),
  );
  const restarted = await restartUnderLoad(a, agents);
  return { pings, switched, bothPlanesUsed, restarted };
}

function agentOptions(
  name: string,
  space: Namespace,
): { readonly name: string; readonly stateDir: string; readonly enter: readonly string[] } {
  return { name, stateDir: '/var/lib/kilofed', enter: space.inside([]) };
}

function podOf(node: NodeDescription | undefined): string {
  return (node?.podCIDR ?? '').replace('.0/24', '.5');
}

async function pingsSoon(from: Namespace | undefined, source: string, to: string): Promise<boolean> {
  return until(`${source} to reach ${to}`, 10_000, () =>
    from?.exec(['ping', '-c1', '-W1', '-I', source, to]).then(
      () => true,
      () => undefined,
    ),
  ).catch(() => false);
}

/** 200 packets/s for 4 s from a pod of `a` to one of `b`, while the group of the remote segment goes to and fro. */
async function switchUnderLoad(a: Namespace): Promise<Join['switched']> {
  const { group, active, planes } = await groupOf(a, podOf(NODES[1]));
  const other = planes.find((plane) => plane !== active) ?? '';
  let switches = 0;
  const flow = startPing(a, 800);
  for (let round = 0; round < 20; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 150));
    await a.exec(['ip', 'nexthop', 'replace', 'id', group, 'group', round % 2 === 0 ? other : active, 'protocol', '107']);
    switches += 1;
  }
  return { ...(await flow), switches };
}

async function restartUnderLoad(a: Namespace, agents: Readonly<Record<string, AgentProcess>>): Promise<Join['restarted']> {
  const flow = startPing(a, 800);
  await new Promise((resolve) => setTimeout(resolve, 300));
  agents['a']?.child.kill('SIGKILL');
  await new Promise((resolve) => setTimeout(resolve, 300));
  const again = startAgent(agentOptions('a', a));
  await untilMatched(again);
  const changes = await again.metric('kilofed_node_changes_total');
  return { ...(await flow), changes };
}

function startPing(a: Namespace, count: number): Promise<PingFlow> {
  return pingFlow((argv, options) => a.exec(argv, options), ['-I', podOf(NODES[0]), podOf(NODES[1])], count);
}

/** The group that leads to `address`, the nexthop it leads through, and those of both planes. */
async function groupOf(
  a: Namespace,
  address: string,
): Promise<{ readonly group: string; readonly active: string; readonly planes: readonly string[] }> {
  const route = await a.exec(['ip', 'route', 'show', 'match', address, 'proto', '107']);
  const group = /nhid ([0-9]+)/.exec(route)?.[1] ?? '';
  const active = /group ([0-9]+)/.exec(await a.exec(['ip', 'nexthop', 'get', 'id', group]))?.[1] ?? '';
  const planes = (await a.exec(['ip', '-4', 'nexthop']))
    .split('\n')
    .filter((line) => / dev kilo[0-9] scope /.test(line))
    .map((line) => line.split(' ')[1] ?? '');
  return { group, active, planes };
}
