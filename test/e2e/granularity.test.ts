/**
 * Meshes in which nodes are segments, on real parts: a cluster that is plain inside its locations, one that is not even that, a
 * network beside a node, and a change of granularity while all runs.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { MeshNode } from '../../core/api/meshNode.js';
import type { Peer } from '../../core/api/peer.js';
import { type KubeObject, RESOURCE, resourcePath } from '../../core/api/resources.js';
import { listObjects } from '../../kube/wire/apply.js';
import type { BareCluster, BareNode } from '../bare/cluster.js';
import { type FlowPod, reaches, withFlows } from '../bare/flow.js';
import { createNamespace } from '../bare/namespace.js';
import { plug } from '../bare/network.js';
import { until } from '../lab/process.js';
import { type Federation, startFederation, untilAllReach } from './federation.js';

const BESIDE = '192.168.178.0/24';
const PRINTER = '192.168.178.7';
/** The node's own address there. */
const DOOR = '192.168.178.1';

let federation: Federation;
let east: BareCluster;
let west: BareCluster;

beforeAll(async () => {
  federation = await startFederation(
    [
      { name: 'east', index: 1, locations: { eu: 2, us: 1 }, meshSpec: { granularity: 'cross' } },
      { name: 'west', index: 2, locations: { a: 2 }, meshSpec: { granularity: 'full' } },
    ],
    { dir: '/tmp/kilofed-granularity' },
  );
  east = federation.cluster('east');
  west = federation.cluster('west');
}, 120_000);

afterAll(() => federation.stop(), 30_000);

const node = (name: string): BareNode => federation.nodes().find((each) => each.name === name) as BareNode;

/** The peers of a node's interfaces, by node or `?`. Keys come from the MeshNodes: a node's interfaces may be made anew meanwhile. */
async function tunnelsOf(name: string): Promise<string[]> {
  const meshNodes = (await Promise.all([east, west].map((cluster) => listAll<MeshNode & KubeObject>(cluster, RESOURCE.meshNode)))).flat();
  const keys = new Map(meshNodes.map(({ spec, metadata }) => [spec.publicKey, metadata.name]));
  const lines = (await node(name).namespace.exec(['wg', 'show', 'all', 'peers']))
    .trim()
    .split('\n')
    .filter((line) => line !== '');
  return lines
    .map((line) => line.split('\t'))
    .map(([device, key = '']) => `${device} ${keys.get(key) ?? '?'}`)
    .toSorted((a, b) => (a < b ? -1 : 1));
}

const peersFrom = (cluster: BareCluster, member: string): Promise<readonly Peer[]> =>
  listAll<Peer & KubeObject>(cluster, RESOURCE.peer, `kilofed.io/cluster=${member}`);

async function listAll<T extends KubeObject>(
  { client }: BareCluster,
  resource: (typeof RESOURCE)['peer' | 'meshNode'],
  labelSelector?: string,
): Promise<readonly T[]> {
  const list = await listObjects<T>(client, resource, labelSelector === undefined ? {} : { labelSelector });
  if (!list.ok) throw new Error(list.error.message);
  return list.value;
}

test('every pod reaches every other, of both clusters, as itself', async () => {
  expect(await untilAllReach(federation)).toEqual([]);
}, 90_000);

test('every node has a tunnel to each node that it does not reach plainly, on one plane', async () => {
  expect(await tunnelsOf('east-eu1')).toEqual(['kilo0 east-us1', 'kilo0 west-a1', 'kilo0 west-a2']);
  expect(await tunnelsOf('west-a1')).toEqual(['kilo0 east-eu1', 'kilo0 east-eu2', 'kilo0 east-us1', 'kilo0 west-a2']);
  expect((await peersFrom(west, 'east')).map(({ spec }) => spec.allowedIPs.length)).toEqual([2, 2, 2]);
}, 20_000);

test('a network beside a node is reached from the whole cluster, under the address of the node, and from no other member', async () => {
  const printer = await printerBeside('east-us1');
  await patch(RESOURCE.node, 'east-us1', { metadata: { annotations: { 'kilo.squat.ai/allowed-location-ips': ` ${BESIDE},` } } });
  await until('the printer', 20_000, async () => (await reaches(node('east-eu2').pod, printer, 500)) ?? undefined);
  expect(await reaches(node('east-eu2').pod, printer, 1_500)).toBe(DOOR);
  expect(await reaches(node('west-a1').pod, printer, 1_000)).toBeUndefined();
  printer.namespace.stop();
}, 40_000);

test('granularity is changed while all runs: afterwards everybody reaches everybody by gateways', async () => {
  await patch(RESOURCE.mesh, 'default', { spec: { granularity: 'location' } }, west);
  await until(
    'Peers of the gateways',
    20_000,
    async () => (await peersFrom(east, 'west')).some(({ metadata }) => metadata.annotations?.['kilofed.io/slot'] === '1') || undefined,
  );
  // Nodes follow the change one after the other, and while some have not, every pod may still be reached by the tunnels of before.
  const changed = /^kilo0 east-us1 kilo0 west-a. kilo1 west-a.$/;
  await until('tunnels to the gateways', 20_000, async () => changed.test((await tunnelsOf('east-eu1')).join(' ')) || undefined);
  await until('an end of the tunnel inside', 20_000, async () => !(await tunnelsOf('west-a1')).includes('kilo0 west-a2') || undefined);
  expect(await untilAllReach(federation)).toEqual([]);
}, 120_000);

/** A machine beside the node `name`, in a network of theirs, that knows no way anywhere else. */
async function printerBeside(name: string): Promise<FlowPod> {
  const namespace = await createNamespace('printer');
  const lan = federation.lans.find(({ prefix }) => node(name).address.startsWith(`${prefix}.`));
  if (lan === undefined) throw new Error(`no LAN of ${name}`);
  await plug(namespace, lan, 99);
  await namespace.exec(['ip', '-batch', '-'], { input: `addr flush dev eth0\naddr add ${PRINTER}/24 dev eth0\n` });
  await node(name).namespace.exec(['ip', 'addr', 'add', `${DOOR}/24`, 'dev', 'eth0']);
  return withFlows({ address: PRINTER, addresses: [PRINTER], namespace });
}

async function patch(resource: (typeof RESOURCE)['node' | 'mesh'], name: string, body: object, cluster: BareCluster = east): Promise<void> {
  const answer = await cluster.client.call({
    method: 'PATCH',
    path: resourcePath(resource, undefined, name),
    contentType: 'application/merge-patch+json',
    body,
  });
  if (!answer.ok) throw new Error(answer.error.message);
}
