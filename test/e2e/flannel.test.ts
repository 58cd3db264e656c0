/**
 * Beside flannel itself: the example federation on kubelets whose pods have their network from flannel, with --ip-masq. East has it as k3s
 * (rules of iptables), west as RKE2 (device flannel.4096), with rules of nftables.
 *
 * All of ours inside a location goes by flannel's device (`encapsulation: always`), and one node of east is no gateway.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type FlowEnd, reaches, startFlow } from '../bare/flow.js';
import type { Example } from '../demo/install.js';
import { clientAddress, fetchWeb, startWorkloads } from '../demo/steps.js';
import type { KubeletCluster } from '../lab/kubelet/cluster.js';
import type { KubeletNode } from '../lab/kubelet/node.js';
import { sleep, until } from '../lab/process.js';
import { nodeOf, startFederation, twoGateways } from './kubeletFederation.js';
import { podOn, startProbePods } from './podFlows.js';
import { tryAllPairs } from './podPairs.js';

const PROBE = 'app=probe';

let example: Example;
/** Of east's location eu: a gateway, and who is none. */
let gateway: KubeletNode;
let ordinary: KubeletNode;
/** A pod behind a gateway of east, and one of west. */
let near: FlowEnd;
let far: FlowEnd;
const all = (): KubeletCluster[] => [example.east, example.west, example.north];

beforeAll(async () => {
  example = await startFederation({ network: 'flannel', eu: 3 });
  const patch = JSON.stringify({ spec: { encapsulation: 'always', fromMembers: 'pods' } });
  await Promise.all(all().map((cluster) => cluster.kubectl(['patch', 'mesh', 'default', '--type=merge', `--patch=${patch}`])));
  const gateways = await twoGateways(example.east, 'eu');
  const others = [...example.east.nodes.values()].filter((node) => node.name.startsWith('east-eu') && !gateways.includes(node));
  [gateway] = gateways;
  ordinary = others[0] as KubeletNode;
  await Promise.all(all().map(startProbePods));
  [near, far] = await Promise.all([podOn(example.east, ordinary, PROBE), podOn(example.west, nodeOf(example.west, 'west-a2'), PROBE)]);
}, 300_000);

afterAll(async () => {
  await Promise.all(all().map((cluster) => cluster.stop()));
}, 60_000);

test('report 17: a pod of every node reaches a pod of every other node, in all clusters, and is seen by its own address', async () => {
  expect(await tryAllPairs(all())).toEqual({ pods: 7, wrong: [] });
  // That is by flannel inside a location and by tunnels elsewhere, and flannel does translate.
  const { east, west } = example;
  const ways = async (): Promise<string> =>
    [
      await wayTo(ordinary, podOf(gateway)),
      await wayTo(ordinary, podOf(nodeOf(west, 'west-a1'))),
      await wayTo(nodeOf(east, 'east-us1'), podOf(gateway)),
      await wayTo(nodeOf(west, 'west-a1'), await meshAddressOf(west, 'west-a2')),
    ].join(' ');
  const wanted = /^flannel\.1 flannel\.1 kilo\d flannel\.4096$/;
  await until('the ways', 30_000, async () => wanted.test(await ways()) || undefined).catch(() => undefined);
  expect(await ways()).toMatch(wanted);
  expect(await ordinary.exec(['iptables', '-t', 'nat', '-S', 'FLANNEL-POSTRTG'])).toContain('MASQUERADE');
  expect(await nodeOf(west, 'west-a1').exec(['nft', 'list', 'table', 'ip', 'flannel-ipv4'])).toContain('masquerade');
}, 180_000);

test('an exported Service is reached by its name, and sees the client', async () => {
  await startWorkloads(example);
  const page = await until('an answer', 60_000, () => fetchWeb(example.west));
  expect(page.client).toBe(await clientAddress(example.west));
}, 120_000);

test('flannel is restarted on a gateway and behind it: flows go on, and pods keep their address', async () => {
  const inUse = await gatewayTo(far.address);
  const flows = await Promise.all([startFlow(near, far, 100), startFlow(far, near, 100)]);
  await sleep(500);
  await Promise.all([ordinary, inUse].map(restartFlannel));
  await sleep(1_000);
  const reports = await Promise.all(flows.map((flow) => flow.stop()));
  expect(reports.map(({ seenAs }) => seenAs)).toEqual([[near.address], [far.address]]);
  expect(reports.filter(({ outageMs }) => outageMs > 1_000)).toEqual([]);
  expect([await reaches(near, far), await reaches(far, near)]).toEqual([near.address, far.address]);
}, 120_000);

/** Its clean-up takes flannel a second, and what starts it again waits for another one. */
async function restartFlannel(node: KubeletNode): Promise<void> {
  const running = async (): Promise<string> => (await node.exec(['pgrep', '-x', 'flanneld']).catch(() => '')).trim();
  const before = await running();
  await node.exec(['kill', before]);
  await until('flannel to run again', 30_000, async () => (['', before].includes(await running()) ? undefined : true));
  await until(
    'its rules to be there',
    30_000,
    async () => (await node.exec(['iptables', '-t', 'nat', '-S', 'FLANNEL-POSTRTG']).catch(() => '')).includes('MASQUERADE') || undefined,
  );
}

/** The device that a packet to `address` leaves by. */
async function wayTo(node: KubeletNode, address: string): Promise<string | undefined> {
  return / dev (\S+)/.exec(await node.exec(['ip', 'route', 'get', address]))?.[1];
}

/** The gateway that the ordinary node sends to: flannel knows it by the first address of its pods. */
async function gatewayTo(address: string): Promise<KubeletNode> {
  const [, via] = / via (\S+) /.exec(await ordinary.exec(['ip', 'route', 'get', address])) ?? [];
  const found = [...example.east.nodes.values()].find(({ podCIDR }) => podCIDR.split('/')[0] === via);
  if (found === undefined) throw new Error(`${ordinary.name} sends ${address} to ${via}, which is no node`);
  return found;
}

async function meshAddressOf(cluster: KubeletCluster, node: string): Promise<string> {
  return (await cluster.kubectl(['get', 'meshnode', node, '-o', 'jsonpath={.status.meshAddresses[0]}'])).trim();
}

/** An address that a pod there may have. */
function podOf({ podCIDR }: KubeletNode): string {
  return podCIDR.replace(/0\/24$/, '200');
}
