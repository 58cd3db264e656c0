/**
 * Kilo's annotations on Nodes, on real parts: who leads, where a node is, at which address, and what keeps a gateway behind NAT
 * open. (`force-endpoint` is in federation.test.ts, `allowed-location-ips` in granularity.test.ts.) One plane, so that slots are scarce.
 */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { MeshNode } from '../../core/api/meshNode.js';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { type BareCluster, type BareNode, startBareCluster } from '../bare/cluster.js';
import { reaches } from '../bare/flow.js';
import { createLan, createWan, type Lan } from '../bare/network.js';
import { run, sleep, until } from '../lab/process.js';

const DIR = '/tmp/kilofed-annotations';
/** Seconds that the NAT remembers a flow without packets. */
const NAT_SECONDS = 3;

let cluster: BareCluster;
let home: Lan;
let far: Lan;

beforeAll(async () => {
  rmSync(DIR, { recursive: true, force: true });
  await createWan();
  [home, far] = [await createLan(1), await createLan(2)];
  cluster = await startBareCluster({
    name: 'east',
    dir: DIR,
    address: '172.16.1.1',
    meshCIDRs: ['10.4.0.0/16'],
    podPrefixes: ['10.42'],
    serviceCIDR: '10.96.0.0/16',
    meshSpec: { planes: 1 },
  });
  await add('home1', home, 11);
  await slotOf('home1', 0);
  await add('home2', home, 12);
  await add('home3', home, 13, { leader: 'true' });
  await add('far1', far, 11, { 'persistent-keepalive': '1' });
}, 120_000);

afterAll(async () => {
  await cluster.stop();
}, 30_000);

/** On the LAN, in the location of that name, annotated before its agent starts. */
async function add(name: string, lan: Lan, host: number, annotations: Readonly<Record<string, string>> = {}): Promise<void> {
  await annotate(name, annotations);
  await cluster.addNode(name, { location: lan === home ? 'home' : 'far', lan, host });
}

async function annotate(name: string, annotations: Readonly<Record<string, string>>): Promise<void> {
  await cluster.instruct(name, {
    annotations: Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`kilo.squat.ai/${key}`, value])),
  });
}

function node(name: string): BareNode {
  const found = cluster.nodes.get(name);
  if (found === undefined) throw new Error(`no node ${name}`);
  return found;
}

async function meshNode(name: string): Promise<MeshNode | undefined> {
  return cluster.get<MeshNode & KubeObject>(RESOURCE.meshNode, name);
}

async function slotOf(name: string, slot: number): Promise<void> {
  await until(`${name} to have slot ${slot}`, 20_000, async () => ((await meshNode(name))?.status?.slot === slot ? true : undefined));
}

/** By its own address, there and back. */
async function reached(from: string, to: string, ms = 20_000): Promise<void> {
  expect(await until(`${from} to reach ${to}`, ms, () => reaches(node(from).pod, node(to).pod, 500))).toBe(node(from).pod.address);
}

async function wayTo(from: string, to: string): Promise<string> {
  return node(from).namespace.exec(['ip', 'route', 'get', node(to).pod.address]);
}

test('leader: takes the slot that is left, before others of a lower name', async () => {
  await reached('home2', 'far1');
  await cluster.removeNode('home1');
  await slotOf('home3', 0);
  expect((await meshNode('home2'))?.status?.slot).toBeUndefined();
  await reached('home2', 'far1');
  expect(await wayTo('home2', 'far1')).toContain(`via ${node('home3').address}`);
}, 60_000);

test('location: says another than the label, and is reached by a tunnel even from the same LAN', async () => {
  await add('moved1', home, 14, { location: 'other' });
  await slotOf('moved1', 0);
  expect((await meshNode('moved1'))?.spec.location).toBe('other');
  for (const from of ['home2', 'home3', 'far1']) await reached(from, 'moved1');
  expect(await wayTo('home3', 'moved1')).toContain('dev kilo0');
}, 60_000);

test('force-internal-ip: is the address by which its neighbours send', async () => {
  const address = `${home.prefix}.77`;
  await node('home2').namespace.exec(['ip', 'addr', 'add', `${address}/24`, 'dev', 'eth0']);
  await annotate('home2', { 'force-internal-ip': `${address}/24` });
  await until('the gateway to send there', 10_000, async () =>
    (await wayTo('home3', 'home2')).includes(`via ${address}`) ? true : undefined,
  );
  // Others go by the Node's word before its agent has said the same.
  await until('its MeshNode to say so', 10_000, async () =>
    (await meshNode('home2'))?.spec.internalIPs.join() === `${address}/24` ? true : undefined,
  );
  await reached('home2', 'far1');
  await reached('far1', 'home2');
}, 60_000);

test('persistent-keepalive: a gateway behind NAT is reached after a silence of all agents, by who speaks first from outside', async () => {
  await run([
    'sysctl',
    '-qw',
    `net.netfilter.nf_conntrack_udp_timeout=${NAT_SECONDS}`,
    `net.netfilter.nf_conntrack_udp_timeout_stream=${NAT_SECONDS}`,
  ]);
  // Nothing comes in that was not asked for, and what goes out has the router's address, and another port.
  await run(['nft', '-f', '-'], {
    input: `table ip lab_nat {
      chain forward { type filter hook forward priority 0; ip daddr ${node('far1').address} ct state new drop; }
      chain postrouting {
        type nat hook postrouting priority srcnat
        ip saddr ${node('far1').address} ip protocol udp masquerade to :40000-49999
      }
    }\n`,
  });
  await run(['conntrack', '-F']).catch(() => '');
  await until('the gateway to receive it from the router', 40_000, async () =>
    /\t172\.20\.1\.1:4\d{4}/.test(await node('home3').namespace.exec(['wg', 'show', 'kilo0', 'endpoints'])) ? true : undefined,
  );
  await reached('home2', 'far1');
  // No probe is sent any more.
  for (const name of ['far1', 'home3', 'moved1', 'home2']) await node(name).killAgent('SIGKILL');
  await sleep((NAT_SECONDS + 2) * 1000);
  await reached('home2', 'far1', 1_000);
}, 90_000);
