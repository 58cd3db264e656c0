/**
 * Both gateways of a location at work at a time (Mesh.spec.activeGateways: all), on real parts.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { BareNode } from '../bare/cluster.js';
import { type Flow, type FlowReport, startFlow } from '../bare/flow.js';
import { createFaults } from '../lab/network/faults.js';
import { sleep, until } from '../lab/process.js';
import { type Federation, startFederation, unreachablePairs } from './federation.js';

const PACKETS = 100;
const meshSpec = { activeGateways: 'all' };
const faults = createFaults();
let federation: Federation;

const node = (name: string): BareNode => federation.nodes().find((each) => each.name === name) as BareNode;

beforeAll(async () => {
  federation = await startFederation(
    [
      { name: 'east', index: 1, locations: { a: 3 }, meshSpec },
      { name: 'west', index: 2, locations: { b: 3 }, meshSpec },
    ],
    { dir: '/tmp/kilofed-spread' },
  );
  await until('all pairs', 60_000, async () => ((await unreachablePairs(federation.nodes(), 1_500)).length === 0 ? true : undefined));
  await until('both ways in use everywhere', 40_000, async () => ((await Promise.all(['east-a3', 'west-b3', 'east-a1', 'west-b2'].map(groups))).every((members) => members === 2) ? true : undefined));
}, 120_000);

afterAll(async () => {
  await faults.healAll();
  await federation.stop();
}, 30_000);

test('flows spread over both gateways, and those of a gateway that dies move within a second', async () => {
  const flows = await Promise.all(Array.from({ length: 12 }, (_, index) => startOne(index % 2 === 0 ? ['east-a3', 'west-b3'] : ['west-b3', 'east-a3'])));
  const before = await tunnelled();
  await sleep(3_000);
  const shares = (await tunnelled()).map((packets, index) => packets - (before[index] ?? 0));
  const fault = await faults.silence({ name: 'east-a1', address: node('east-a1').address });
  await sleep(3_000);
  const reports = await stopAll(flows);
  await fault.heal();
  // Both carried something; which flow goes where is the kernel's hash.
  expect(Math.min(...shares)).toBeGreaterThan(2 * PACKETS);
  const hurt = reports.filter(({ lost }) => lost > 0);
  expect(hurt.length).toBeGreaterThan(0);
  expect(hurt.length).toBeLessThan(reports.length);
  expect(Math.max(...reports.map(({ outageMs }) => outageMs))).toBeLessThan(2_000);
}, 60_000);

test('the gateway comes back, and nothing is lost', async () => {
  const flows = await Promise.all(Array.from({ length: 8 }, () => startOne(['east-a3', 'west-b3'])));
  await until('both ways in use again', 40_000, async () => ((await groups('east-a3')) === 2 ? true : undefined));
  await sleep(1_000);
  expect((await stopAll(flows)).map(({ lost }) => lost)).toEqual(flows.map(() => 0));
}, 90_000);

const startOne = ([from, to]: readonly [string, string]): Promise<Flow> => startFlow(node(from).pod, node(to).pod, PACKETS, 'one-way');
const stopAll = (flows: readonly Flow[]): Promise<FlowReport[]> => Promise.all(flows.map((flow) => flow.stop()));

/** How many ways the node's one group of ways has in use. */
async function groups(name: string): Promise<number> {
  const listed = JSON.parse(await node(name).namespace.exec(['ip', '-json', 'nexthop', 'show', 'protocol', '107'])) as { readonly type?: string; readonly group?: readonly unknown[] }[];
  return listed.find(({ type }) => type === 'resilient')?.group?.length ?? 0;
}

/** Packets that each gateway of east has sent into its tunnels. */
async function tunnelled(): Promise<readonly number[]> {
  return Promise.all(['east-a1', 'east-a2'].map(async (name) => {
    const links = JSON.parse(await node(name).namespace.exec(['ip', '-json', '-stats', 'link'])) as { readonly ifname: string; readonly stats64: { readonly tx: { readonly packets: number } } }[];
    return links.filter(({ ifname }) => /^kilo\d$/.test(ifname)).reduce((sum, { stats64 }) => sum + stats64.tx.packets, 0);
  }));
}
