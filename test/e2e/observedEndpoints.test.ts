/**
 * Locations that are both behind NAT find each other, as long as a third one observes them once. Bare nodes with the programs as they ship.
 */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { MeshNode } from '../../core/api/meshNode.js';
import { RESOURCE } from '../../core/api/resources.js';
import { type BareCluster, type BareNode, startBareCluster } from '../bare/cluster.js';
import { reaches, startFlow } from '../bare/flow.js';
import type { Namespace } from '../bare/namespace.js';
import { createHome, createLan, createWan, type Lan } from '../bare/network.js';
import { sleep, until } from '../lab/process.js';

const DIR = '/tmp/kilofed-observed';

let cluster: BareCluster;
let lan: Lan;
let routers: readonly Namespace[] = [];
let here: BareNode;
let there: BareNode;
let third: BareNode;

/** Two homes. The router of one keeps ports, that of the other does not. */
beforeAll(async () => {
  rmSync(DIR, { recursive: true, force: true });
  await createWan();
  lan = await createLan(1);
  const [keeps, changes] = [await createHome(2, lan, 32), await createHome(3, lan, 33, { ports: { 51820: 41820 } })];
  routers = [keeps.router, changes.router];
  cluster = await startBareCluster({
    name: 'east',
    dir: DIR,
    address: '172.16.1.1',
    meshCIDRs: ['10.4.0.0/16'],
    podPrefixes: ['10.42'],
    serviceCIDR: '10.96.0.0/16',
  });
  here = await cluster.addNode('here', { location: 'here', lan: keeps.lan, host: 11 });
  there = await cluster.addNode('there', { location: 'there', lan: changes.lan, host: 11 });
}, 60_000);

afterAll(async () => {
  await cluster.stop();
  for (const router of routers) router.stop();
}, 30_000);

async function shown(node: BareNode, what: 'endpoints' | 'latest-handshakes'): Promise<string> {
  return (await node.namespace.exec(['wg', 'show', 'kilo0', what])).split('\t')[1]?.trim() ?? '';
}

test('alone they have a peer, and no tunnel', async () => {
  await until('both to have a peer', 20_000, async () =>
    (await shown(here, 'endpoints').catch(() => '')) !== '' && (await shown(there, 'endpoints').catch(() => '')) !== '' ? true : undefined,
  );
  await sleep(6_000);
  expect(await reaches(here.pod, there.pod)).toBeUndefined();
  expect([await shown(here, 'latest-handshakes'), await shown(there, 'latest-handshakes')]).toEqual(['0', '0']);
}, 40_000);

test('once a third node observes both they have one, from pod to pod', async () => {
  third = await cluster.addNode('third', { location: 'public', lan, host: 11 });
  await until('the third to reach both', 20_000, async () =>
    (await reaches(third.pod, here.pod, 500)) !== undefined && (await reaches(third.pod, there.pod, 500)) !== undefined ? true : undefined,
  );
  const began = performance.now();
  await until('the two to reach each other', 40_000, async () =>
    (await reaches(here.pod, there.pod, 500)) === undefined ? undefined : true,
  );
  expect(performance.now() - began).toBeLessThan(30_000);
  expect(await reaches(there.pod, here.pod)).toBe(there.pod.address);
  const { observedEndpoints } = ((await cluster.get(RESOURCE.meshNode, 'third')) as MeshNode).spec;
  expect(observedEndpoints?.map(({ plane, host, port }) => [plane, host, port]).toSorted()).toEqual([
    [0, '172.20.1.32', 51820],
    [0, '172.20.1.33', 41820],
  ]);
}, 80_000);

test('which goes on without the third node, and when an agent starts again', async () => {
  const flow = await startFlow(here.pod, there.pod, 100);
  await third.killAgent('SIGKILL');
  third.namespace.stop();
  await sleep(3_000);
  await here.killAgent('SIGKILL');
  here.startAgent();
  await sleep(5_000);
  expect(await flow.stop()).toMatchObject({ lost: 0 });
}, 30_000);
