/**
 * What is done on purpose, and costs nobody a packet: drain, restart, kill, upgrade, a key replaced somewhere else.
 */
import { cpSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { PROGRAM, type BareNode } from '../bare/cluster.js';
import { sleep, until } from '../lab/process.js';
import { gatewayInUse } from './crashes.js';
import { losses, NONE_LOST, repeat, type Row } from './row.js';
import { manyFlows, watch } from './watch.js';
import type { World } from './world.js';

interface Plan {
  readonly name: string;
  /** Does it to a gateway in use; resolves when nothing more is to come. */
  act(world: World, gateway: BareNode): Promise<void>;
  /** Nodes whose own traffic is not spared. */
  readonly concerned?: readonly string[];
  /** Traffic of the gateway's own pods goes with it. */
  readonly powerOff?: boolean;
}

/** How long a drained gateway is given, and how long the end of everything is watched. */
const DRAIN_MS = 1_500;
const AFTER_MS = 1_500;

const PLANS: readonly Plan[] = [
  {
    name: 'drain by annotation, then power off',
    powerOff: true,
    act: (world, gateway) => drain(world, gateway, { annotations: { 'kilofed.io/drain': 'true' } }),
  },
  { name: 'drain by cordon, then power off', powerOff: true, act: (world, gateway) => drain(world, gateway, { unschedulable: true }) },
  {
    name: 'drain by SIGTERM, then power off',
    powerOff: true,
    async act(world, gateway) {
      await gateway.killAgent('SIGTERM');
      await powerOff(world, gateway);
    },
  },
  { name: 'agent restart', act: async (_world, gateway) => restart(gateway, 'SIGTERM') },
  { name: 'agent killed', act: async (_world, gateway) => restart(gateway, 'SIGKILL') },
  { name: 'agent upgrade', act: async (world, gateway) => restart(gateway, 'SIGTERM', nextBuild(world)) },
  {
    name: 'another peer gets a new key',
    concerned: ['east-b2'],
    async act(world) {
      const other = world.node('east-b2');
      await other.killAgent('SIGTERM');
      rmSync(`${world.federation.dir}/east/nodes/${other.name}/key`);
      other.startAgent();
      await matched(other);
      await sleep(AFTER_MS);
    },
  },
];

export const planned: readonly Row[] = PLANS.map(({ name, act, concerned = [], powerOff: off = false }) => ({
  name,
  seconds: (rounds) => rounds * 7,
  async run(context) {
    const { world } = context;
    const observed = await repeat(name, context, {
      anew: off,
      async once() {
        const gateway = await gatewayInUse(world);
        return watch(world, manyFlows([...concerned, ...(off ? [gateway] : [])]), () => act(world, world.node(gateway)));
      },
      failed: ({ report }) => report.lost > 0,
    });
    return losses(`${name}: lost`, observed, NONE_LOST);
  },
}));

async function drain(
  world: World,
  gateway: BareNode,
  how: { readonly unschedulable?: true; readonly annotations?: Readonly<Record<string, string>> },
): Promise<void> {
  await world.east.instruct(gateway.name, how);
  await sleep(DRAIN_MS);
  await powerOff(world, gateway);
  await world.east.instruct(gateway.name, {});
}

/** Whatever still went by it is lost. It is healed as all faults are, and its agent started, when calm is asked for. */
async function powerOff(world: World, gateway: BareNode): Promise<void> {
  await world.faults.silence(gateway);
  await sleep(AFTER_MS);
}

async function restart(node: BareNode, signal: 'SIGTERM' | 'SIGKILL', program?: string): Promise<void> {
  await node.killAgent(signal);
  node.startAgent(program);
  await matched(node);
  await sleep(AFTER_MS);
}

export async function matched(node: BareNode): Promise<void> {
  await until(`the agent of ${node.name} to match its host`, 20_000, async () =>
    (await node.health()).startsWith('matched') ? true : undefined,
  );
}

/** The same programs at another place, as another version's would be. */
export function nextBuild(world: World): string {
  const folder = `${world.federation.dir}/next`;
  cpSync(dirname(PROGRAM), folder, { recursive: true });
  return `${folder}/kilofed.js`;
}
