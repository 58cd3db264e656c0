/**
 * A pod in west that keeps requesting a Service which west, east and north export, fifty times a second, while who serves it changes: on
 * real kubelets and with everything under its real service account.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Example } from '../demo/install.js';
import type { KubeletCluster } from '../lab/kubelet/cluster.js';
import type { KubeletNode } from '../lab/kubelet/node.js';
import { run, sleep, until } from '../lab/process.js';
import { applyShop, nodeOf, podsOf, scaleHub, startFederation, twoGateways } from './kubeletFederation.js';
import { linkFaults, type LinkFaults } from './linkFaults.js';
import type { Requests } from './requestProgram.js';
import { outageMs, type Requester, startRequester } from './requests.js';
import { SHOP_URL } from './shop.js';

let example: Example;
let faults: LinkFaults;
/** Of east's location eu, by slot. */
let gateways: readonly [KubeletNode, KubeletNode];
let requester: Requester;
/** On a machine that runs three clusters it took 0.2 to 2 s after a pod was killed, and 1.5 to 5 s after a cluster was cut off. */
const FEW_MS = 8_000;

beforeAll(async () => {
  example = await startFederation();
  const { east, west, north } = example;
  gateways = await twoGateways(east, 'eu');
  faults = linkFaults(example, gateways);
  await applyShop(west, { node: nodeOf(west, 'west-a1').name, replicas: 1, annotations: { 'kilofed.io/affinity': 'local' } });
  await applyShop(north, { replicas: 1, annotations: {} });
  await applyShop(east, { node: gateways[1].name, annotations: {} });
  // When all are there: a mirror that comes while kubectl creates a Service of its name would be in the way.
  for (const cluster of [west, north, east]) await cluster.kubectl(['-n', 'demo', 'annotate', 'service', 'shop', 'kilofed.io/export=true']);
  requester = await startRequester(west, nodeOf(west, 'west-a2'), 'requester', SHOP_URL);
}, 360_000);

afterEach(() => faults.healAll());

afterAll(async () => {
  await Promise.all([example.east, example.west, example.north].map((cluster) => cluster.stop()));
}, 60_000);

test('affinity local: the own pods go in order and return: no request fails, and they are answered elsewhere meanwhile', async () => {
  await untilServedBy(() => [example.west]);
  const away = await requester.during(() => scaleOwn(0));
  unharmed(away);
  await untilServedBy(() => [example.east, example.north]);
  unharmed(await requester.during(() => scaleOwn(1)));
  await untilServedBy(() => [example.west]);
}, 90_000);

test('affinity none, preferences and weights change: no request fails', async () => {
  const seen = await requester.during(async () => {
    await annotate('affinity=none');
    await untilChosen('"affinity":"none"');
    await annotate('prefer=north,east');
    await untilChosen('"prefer":[["north"],["east"]]');
    await annotate('prefer=east,north');
    await untilChosen('"prefer":[["east"],["north"]]');
    await annotate('weights=east=1,north=1', 'prefer-');
    await untilChosen('"weights":{"east":1,"north":1}');
    await annotate('weights-');
  });
  unharmed(seen);
  await untilServedBy(() => [example.west, example.east, example.north]);
}, 90_000);

test('affinity none, and a cluster that exports dies: requests fail for a few seconds only', async () => {
  const seen = await requester.during(cutEast, 900);
  expect(seen.failed.length).toBeGreaterThan(0);
  expect(failingMs(seen)).toBeLessThan(FEW_MS);
  await faults.healAll();
  await untilServedBy(() => [example.west, example.east, example.north]);
}, 90_000);

test('a member is drained by its command, and comes back: no request fails', async () => {
  await annotate('affinity=none');
  await untilServedBy(() => [example.west, example.east, example.north]);
  const drained = await requester.during(async () => {
    expect(await kilofed('drain', 'member', 'east')).toMatch(/^east is drained: /);
    await sleep(1_000);
  });
  unharmed(drained);
  await untilServedBy(() => [example.west, example.north]);
  const back = await requester.during(async () => {
    expect(await kilofed('uncordon', 'member', 'east')).toBe('east takes part again\n');
    await sleep(3_000);
  });
  unharmed(back);
  await untilServedBy(() => [example.west, example.east, example.north]);
}, 120_000);

test('by the ClusterIP of east: its pods answer, on other nodes than the gateway and on itself', async () => {
  await annotate('affinity=local', 'prefer=east,north');
  await scaleOwn(0);
  await untilServedBy(() => [example.east]);
  const moved = await requester.during(async () => {
    await askForClusterIP('clusterip');
    await untilEndpointsOf('east', (addresses) => addresses.length === 1 && addresses.every((each) => each.startsWith('10.91.')));
    await sleep(1_500);
  });
  unharmed(moved);
  await untilServedBy(() => [example.east]);
  const annotations = { 'kilofed.io/export': 'true', 'kilofed.io/endpoints': 'clusterip' };
  for (const node of [nodeOf(example.east, 'east-us1'), gateways[0], gateways[1]]) {
    await applyShop(example.east, { node: node.name, annotations });
    await untilServedBy(() => [example.east]);
  }
  const back = await requester.during(async () => {
    await askForClusterIP('pods');
    await untilEndpointsOf('east', (addresses) => addresses.length === 2);
    await sleep(1_500);
  });
  unharmed(back);
}, 180_000);

describe.each([
  { who: 'by the hub', hub: true },
  { who: 'with the hub stopped', hub: false },
])('$who', ({ hub }) => {
  beforeAll(async () => {
    await annotate('affinity=local', 'prefer=east,north');
    await scaleOwn(1);
    await untilServedBy(() => [example.west]);
    if (hub) return;
    await scaleHub(example.north, 0);
    // After which the cluster-agent takes a hub that has ended for away.
    await sleep(3_000);
  }, 90_000);

  test('affinity local, and the last of the own pods is killed: requests fail for a few seconds only', async () => {
    const seen = await requester.during(async () => {
      await Promise.all([
        nodeOf(example.west, 'west-a1').exec(['pkill', '-9', '-f', '[p]rocess.env.HOSTNAME']),
        example.west.kubectl(['-n', 'demo', 'delete', 'pod', '-l', 'app=shop', '--force', '--grace-period=0', '--wait=false']),
      ]);
      await example.west.kubectl(['-n', 'demo', 'scale', 'deployment/shop', '--replicas=0']);
      await sleep(3_000);
    }, 900);
    expect(outageMs(seen)).toBeLessThan(FEW_MS);
    await untilServedBy(() => [example.east]);
  }, 60_000);

  test('the cluster that is preferred dies: requests fail for a few seconds only', async () => {
    const seen = await requester.during(cutEast, 900);
    expect(seen.failed.length).toBeGreaterThan(0);
    expect(outageMs(seen)).toBeLessThan(FEW_MS);
    await untilServedBy(() => [example.north]);
    await faults.healAll();
    await untilServedBy(() => [example.east]);
  }, 90_000);
});

/** What a command says to somebody at the hub's cluster. */
function kilofed(...words: readonly string[]): Promise<string> {
  return run([process.execPath, 'dist/kilofed.js', ...words, '--kubeconfig', example.north.kubeconfigFile]);
}

async function cutEast(): Promise<void> {
  await faults.cutEast();
  await sleep(5_000);
}

/** Nothing failed, of enough requests to say so. */
function unharmed(seen: Requests): void {
  expect(seen.failed).toEqual([]);
  expect(seen.answered).toBeGreaterThan(100);
}

/** From the first that failed to the last, milliseconds. */
function failingMs({ failed }: Requests): number {
  const began = failed.map(({ beganMs }) => beganMs);
  return began.length === 0 ? 0 : Math.max(...began) - Math.min(...began);
}

/** All pods of these clusters answer, and no others. */
async function untilServedBy(clusters: () => readonly KubeletCluster[]): Promise<void> {
  let seen: readonly [readonly string[], readonly string[]] = [[], []];
  await until('others to serve', 30_000, async () => {
    const { servers } = await requester.during(() => sleep(500), 500);
    const pods = (await Promise.all(clusters().map((cluster) => podsOf(cluster, 'app=shop')))).flat();
    seen = [Object.keys(servers).toSorted(), pods.toSorted()];
    return JSON.stringify(seen[0]) === JSON.stringify(seen[1]) ? true : undefined;
  }).catch(() => undefined);
  expect(seen[0]).toEqual(seen[1]);
}

/** On west's own Service. */
async function annotate(...values: readonly string[]): Promise<void> {
  const annotations = values.map((value) => `kilofed.io/${value}`);
  await example.west.kubectl(['-n', 'demo', 'annotate', '--overwrite', 'service', 'shop', ...annotations]);
}

/** Of east, whose Service ranges are declared from then on. */
async function askForClusterIP(endpoints: 'clusterip' | 'pods'): Promise<void> {
  const declared = ['annotate', '--overwrite', 'secret', 'member-east', 'kilofed.io/service-cidrs=10.91.0.0/16'];
  await example.north.kubectl(['-n', 'kilofed', ...declared]);
  await example.east.kubectl(['-n', 'demo', 'annotate', '--overwrite', 'service', 'shop', `kilofed.io/endpoints=${endpoints}`]);
}

/** In west, behind the name that the ServiceImport gives. */
async function untilEndpointsOf(member: string, isSo: (addresses: readonly string[]) => boolean): Promise<void> {
  const label = `kilofed.io/cluster=${member},multicluster.kubernetes.io/service-name=shop,kubernetes.io/service-name!=shop`;
  const path = 'jsonpath={.items[*].endpoints[*].addresses[*]}';
  await until(`other endpoints of ${member}`, 20_000, async () => {
    const found = await example.west.kubectl(['-n', 'demo', 'get', 'endpointslices', '-l', label, '-o', path]);
    return isSo(found.split(' ').filter((each) => each !== '')) ? true : undefined;
  });
}

async function untilChosen(part: string): Promise<void> {
  const path = 'jsonpath={.metadata.annotations.kilofed\\.io/choice}';
  await until(`the choice of ${part}`, 10_000, async () =>
    (await example.west.kubectl(['-n', 'demo', 'get', 'serviceimport', 'shop', '-o', path])).includes(part) ? true : undefined,
  );
  await sleep(1_500);
}

/** Resolves when west has so many pods of its own, ready, and none that end. */
async function scaleOwn(replicas: 0 | 1): Promise<void> {
  const { west } = example;
  await west.kubectl(['-n', 'demo', 'scale', 'deployment/shop', `--replicas=${replicas}`]);
  await west.kubectl(['-n', 'demo', 'rollout', 'status', 'deployment/shop', '--timeout=60s'], { timeoutMs: 70_000 });
  if (replicas === 0)
    await west.kubectl(['-n', 'demo', 'wait', '--for=delete', 'pod', '-l', 'app=shop', '--timeout=40s'], { timeoutMs: 50_000 });
  await sleep(1_500);
}
