/**
 * Traffic for a remote prefix never leaves its location in clear, whatever is down: the router is watched while each part of the
 * federation is killed under traffic.
 *
 * After a boot and before an agent has started once, nobody keeps what pods send from the default route; from the agent's
 * first pass on it is kept. After `--clean-up` the mesh promises nothing.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { VXLAN_PORT } from '../../core/api/ports.js';
import type { BareNode } from '../bare/cluster.js';
import { deleteDevices } from '../bare/devices.js';
import { manyFlows, watch } from '../scenarios/watch.js';
import { startWorld, type World } from '../scenarios/world.js';
import { type ClearWatch, startClearWatch } from '../lab/network/clearWatch.js';
import { sleep, until } from '../lab/process.js';

let world: World;
let clear: ClearWatch;

beforeAll(async () => {
  world = await startWorld('/tmp/kilofed-e2e-leaks');
  clear = await startClearWatch(VXLAN_PORT);
}, 120_000);

afterAll(async () => {
  await clear.stop();
  await world.stop();
}, 30_000);

const FLOWS = manyFlows();
const GATEWAYS = ['east-a1', 'east-a2'];
const nodes = (names: readonly string[]): readonly BareNode[] => names.map((name) => world.node(name));
const all = async (names: readonly string[], act: (node: BareNode) => Promise<unknown>): Promise<void> =>
  void (await Promise.all(nodes(names).map(act)));

const federationNodes = (): readonly BareNode[] => world.federation.nodes();
const killAgents = (names: readonly string[]): Promise<void> => all(names, (node) => node.killAgent('SIGKILL'));
const endTunnels = (names: readonly string[]): Promise<void> => all(names, ({ namespace }) => deleteDevices(namespace, /^kilo\d+$/));
/** Only gateways of this world have devices of ours: its locations are networks of one hop. */
const endEverything = (names: readonly string[]): Promise<void> => all(names, ({ namespace }) => deleteDevices(namespace, /^kilo/));

test('the watch sees a packet that goes round the mesh: every other answer of this file depends on it', async () => {
  await clear.take();
  const { namespace } = world.node('east-a3');
  const { address } = world.node('west-c3').pod;
  await namespace.exec(['ip', 'route', 'add', `${address}/32`, 'via', world.lanOf('east-a3').gateway]);
  await watch(world, [{ from: 'east-b1', to: 'east-a3', packetsPerSecond: 100, direction: 'one-way' }], async () => {
    await world
      .node('east-a3')
      .pod.namespace.exec(['busybox', 'ping', '-c1', '-W1', address])
      .catch(() => '');
  });
  await namespace.exec(['ip', 'route', 'del', `${address}/32`, 'via', world.lanOf('east-a3').gateway]);
  expect((await clear.take()).filter((seen) => seen.includes(address))).toHaveLength(1);
  expect(await clear.take()).toEqual([]);
}, 30_000);

interface Deed {
  act(): Promise<void>;
  readonly seconds: number;
  /** Packets get lost, or nothing was done. */
  readonly loses?: true;
  /** What `calm` does not do by itself. */
  undo?(): Promise<void>;
}

test.each<[string, Deed]>([
  ['nothing', { act: async () => undefined, seconds: 1 }],
  ['agents are killed', { act: () => killAgents(['east-a1', 'east-a3', 'west-c1']), seconds: 1 }],
  [
    'agents are killed, and start again',
    {
      act: async () => {
        await killAgents(GATEWAYS);
        for (const node of nodes(GATEWAYS)) node.startAgent();
      },
      seconds: 2,
    },
  ],
  ['agents are told to end', { act: () => all(['east-a1', 'east-a3', 'west-c1'], (node) => node.killAgent('SIGTERM')), seconds: 1 }],
  ['userspace WireGuard ends under a running agent', { act: () => endTunnels(GATEWAYS), seconds: 2, loses: true }],
  [
    'it ends with the agent, on both gateways',
    {
      act: async () => {
        await killAgents(GATEWAYS);
        await endTunnels(GATEWAYS);
      },
      seconds: 1.5,
      loses: true,
    },
  ],
  [
    'every device of ours is deleted everywhere in a location',
    {
      act: async () => {
        await killAgents([...GATEWAYS, 'east-a3']);
        await endEverything(GATEWAYS);
      },
      seconds: 1.5,
      loses: true,
    },
  ],
  ['a gateway is silent', { act: async () => void (await world.faults.silence(world.node('east-a1'))), seconds: 2, loses: true }],
  [
    'both gateways of a location are silent',
    {
      act: async () => {
        for (const node of nodes(GATEWAYS)) await world.faults.silence(node);
      },
      seconds: 3,
      loses: true,
    },
  ],
  [
    'both gateways lose the LAN',
    {
      act: async () => {
        for (const node of nodes(GATEWAYS)) await world.faults.cutFromLan(node);
      },
      seconds: 3,
      loses: true,
    },
  ],
  ['hub, cluster-agents and API servers are killed', { act: () => world.stopControl(), seconds: 2, undo: () => world.startControl() }],
])(
  '%s: nothing in clear',
  async (_what, { act, seconds, loses, undo }) => {
    await world.calm();
    await clear.take();
    const observed = await watch(world, FLOWS, async () => {
      await act();
      await sleep(seconds * 1000);
    });
    const seen = await clear.take();
    await undo?.();
    expect(seen).toEqual([]);
    // There was something to leak, all the time.
    expect(observed.filter(({ report, packetsPerSecond }) => report.sent < packetsPerSecond * seconds * 0.5)).toEqual([]);
    if (loses) expect(observed.some(({ report }) => report.lost > 0)).toBe(true);
  },
  90_000,
);

test('a tunnel whose far end is reached through another tunnel for a while does not run into itself', async () => {
  await world.calm();
  const { namespace } = world.node('east-a1');
  const route = [
    `${world.node('east-b1').address}/32`,
    'dev',
    'kilo1',
    'src',
    (await namespace.exec(['bash', '-c', "ip -o -4 addr show dev kilo0 | awk '{print $4}' | cut -d/ -f1"])).trim(),
  ];
  await namespace.exec(['ip', 'route', 'add', ...route]);
  await watch(world, FLOWS, () => sleep(8_000));
  await namespace.exec(['ip', 'route', 'del', ...route]);
  for (const { name, namespace: each } of federationNodes())
    expect([name, await each.exec(['wg', 'show', 'all', 'endpoints'])]).toEqual([name, expect.not.stringContaining('\t10.')]);
}, 60_000);

test('a node that boots without an API server: nothing in clear from its first pass on', async () => {
  await world.calm();
  const names = [...GATEWAYS, 'east-a3'];
  await sleep(500);
  await world.stopControl();
  await killAgents(names);
  await endEverything(GATEWAYS);
  await all(names, ({ namespace }) => namespace.exec(['bash', '-c', BOOT]));
  for (const node of nodes(names)) node.startAgent();
  await all(names, (node) =>
    until(`the first pass of ${node.name}`, 20_000, async () => ((await node.health()).includes('matched') ? true : undefined)),
  );
  await clear.take();
  const observed = await watch(world, FLOWS, () => sleep(2_000));
  const seen = await clear.take();
  await world.startControl();
  expect(seen).toEqual([]);
  // They do get through, and not by silence.
  expect(observed.filter(({ report }) => report.received === 0)).toEqual([]);
}, 90_000);

/** What a boot leaves of a mesh in the kernel beside devices: nothing. Files stay. */
const BOOT = `
ip route flush proto 107; ip -6 route flush proto 107; ip nexthop flush proto 107
while ip rule del proto 107 2>/dev/null; do :; done
for t in $(nft list tables | awk '/kilofed/ {print $2 "/" $3}'); do nft delete table \${t%/*} \${t#*/}; done
for a in $(ip -o -4 addr show dev lo scope global | awk '{print $4}'); do ip addr del $a dev lo; done`;
