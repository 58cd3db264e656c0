/**
 * A pod in west that keeps requesting a Service of east, fifty times a second, while things happen to hub, gateways, endpoints and Service,
 * on real kubelets and with everything under its real service account.
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { KubeletCluster } from '../lab/kubelet/cluster.js';
import type { KubeletNode } from '../lab/kubelet/node.js';
import { createFaults } from '../lab/network/faults.js';
import { attempt, sleep, start, until } from '../lab/process.js';
import { declareMember, type Example, kubeconfigFileOf, manifestFile } from '../demo/install.js';
import { byHub, difference } from './apiRequests.js';
import { applyShop, nodeOf, podsOf, restarted, startFederation, status, twoGateways, writes } from './kubeletFederation.js';
import type { Requests } from './requestProgram.js';
import { outageMs, type Requester, startRequester } from './requests.js';
import { SHOP_URL } from './shop.js';

/** Half a second, and three quarters where a gateway stops forwarding, are usual: the bench has the figures. */
const MOMENT_MS = 2_000;

let example: Example;
let requester: Requester;
/** The gateway of east's location eu that is in use, and the one that is not, where the servers run. */
let gateway: KubeletNode;
let standby: KubeletNode;
const faults = createFaults();
const all = (): KubeletCluster[] => [example.east, example.west, example.north];

beforeAll(async () => {
  example = await startFederation();
  const { east, west } = example;
  [gateway, standby] = await twoGateways(east, 'eu');
  for (const cluster of [west, example.north]) await cluster.kubectl(['create', 'namespace', 'demo']);
  await applyShop(east, { node: standby.name });
  requester = await startRequester(west, nodeOf(west, 'west-a2'), 'requester', SHOP_URL);
}, 360_000);

afterEach(() => faults.healAll());

afterAll(async () => {
  await Promise.all(all().map((cluster) => cluster.stop()));
}, 60_000);

test('the hub restarts: no request fails, and nothing is written to other members', async () => {
  const others = [example.east, example.west];
  const before = await Promise.all(others.map(writes));
  unharmed(await requester.during(() => restarted(example.north, 'deployment/kilofed-hub')));
  const after = await Promise.all(others.map(writes));
  expect(after.map((counts, index) => byHub(difference(before[index] ?? new Map(), counts)))).toEqual([{}, {}]);
}, 240_000);

test('the active one of two replicas of the hub is lost: no request fails, and the other one writes nothing that was there', async () => {
  const { north } = example;
  const hub = ['-n', 'kilofed', 'scale', 'deployment/kilofed-hub'];
  const active = async (): Promise<string> =>
    (await north.kubectl(['-n', 'kilofed', 'get', 'lease', 'kilofed-hub-active', '-o', 'jsonpath={.spec.holderIdentity}'])).replace(
      /^default./,
      '',
    );
  await north.kubectl([...hub, '--replicas=2']);
  await north.kubectl(['-n', 'kilofed', 'rollout', 'status', 'deployment/kilofed-hub', '--timeout=60s'], { timeoutMs: 70_000 });
  const others = [example.east, example.west];
  const [before, first] = [await Promise.all(others.map(writes)), await active()];
  const seen = await requester.during(async () => {
    await north.kubectl(['-n', 'kilofed', 'delete', 'pod', first, '--force', '--grace-period=0']);
    await until('the other one to be active', 30_000, async () => {
      const now = await active();
      return now !== '' && now !== first ? true : undefined;
    });
    await until('the members to be its', 30_000, async () => ((await status(north)).code === 0 ? true : undefined));
  });
  unharmed(seen);
  const after = await Promise.all(others.map(writes));
  expect(after.map((counts, index) => byHub(difference(before[index] ?? new Map(), counts)))).toEqual([{}, {}]);
  await north.kubectl([...hub, '--replicas=1']);
}, 240_000);

test('Redis restarts: no request fails', async () => {
  const hub = ['-n', 'kilofed', 'exec', 'deployment/kilofed-hub', '-c', 'redis', '--'];
  const seen = await requester.during(async () => {
    await example.north.kubectl([...hub, 'redis-cli', '-s', '/run/redis/redis.sock', 'shutdown', 'nosave']).catch(() => '');
    await example.north.kubectl(['-n', 'kilofed', 'rollout', 'status', 'deployment/kilofed-hub', '--timeout=60s'], { timeoutMs: 70_000 });
    await sleep(3_000);
  });
  unharmed(seen);
}, 120_000);

test('endpoints roll: no request fails, and all are answered by the new pods in the end', async () => {
  const seen = await requester.during(() => applyShop(example.east, { node: standby.name, version: '2' }));
  unharmed(seen);
  const { servers } = await requester.during(() => sleep(1_000));
  expect(Object.keys(servers).toSorted()).toEqual((await podsOf(example.east, 'version=2')).toSorted());
}, 120_000);

test('a port is renamed: no request fails', async () => {
  const seen = await requester.during(async () => {
    await applyShop(example.east, { node: standby.name, version: '2', portName: 'renamed' });
    await until('west to follow', 10_000, async () =>
      (await example.west.kubectl(['-n', 'demo', 'get', 'service', 'shop', '-o', 'jsonpath={.spec.ports[0].name}'])) === 'renamed'
        ? true
        : undefined,
    );
    await sleep(1_000);
  });
  unharmed(seen);
}, 60_000);

test('a gateway drains: no request fails', async () => {
  await untilInUse();
  const { east } = example;
  const seen = await requester.during(async () => {
    await east.kubectl(['annotate', 'node', gateway.name, 'kilofed.io/drain=true']);
    await sleep(1_500);
    await faults.silence(gateway);
    await sleep(2_000);
  });
  await faults.healAll();
  await east.kubectl(['annotate', 'node', gateway.name, 'kilofed.io/drain-']);
  unharmed(seen);
}, 200_000);

test('a gateway dies: requests fail for a moment only', async () => {
  await untilInUse();
  const seen = await requester.during(async () => {
    await faults.silence(gateway);
    await sleep(3_000);
  }, 900);
  expect(seen.failed.length).toBeGreaterThan(0);
  expect(outageMs(seen)).toBeLessThan(MOMENT_MS);
}, 200_000);

test('a gateway stops forwarding: requests fail for a moment only', async () => {
  await untilInUse();
  const seen = await requester.during(async () => {
    await gateway.exec(['nft', 'add table inet fault; add chain inet fault f { type filter hook forward priority -500; policy drop; }']);
    await sleep(4_000);
    await gateway.exec(['nft', 'delete table inet fault']);
  }, 900);
  expect(seen.failed.length).toBeGreaterThan(0);
  expect(outageMs(seen)).toBeLessThan(MOMENT_MS);
}, 200_000);

test('I2: a second hub of the federation, which knows west alone, joins: no request fails, and nothing is deleted', async () => {
  const before = await standing();
  unharmed(await requester.during(() => besideHub([], () => sleep(15_000))));
  expect(await standing()).toEqual(before);
}, 90_000);

test('I2: a hub of another federation joins: no request fails, it touches nothing, and says so', async () => {
  const before = await standing();
  let said = '';
  const seen = await requester.during(() =>
    besideHub(['--federation', 'other'], async (ask) => {
      await sleep(15_000);
      said = await ask();
    }),
  );
  unharmed(seen);
  expect(await standing()).toEqual(before);
  expect(said).toMatch(/federation default/);
}, 90_000);

test('I2: the namespace of the hub is lost, and made anew Secret by Secret: no request fails, and nothing is deleted', async () => {
  const { east, west, north } = example;
  const before = await standing();
  const seen = await requester.during(async () => {
    await north.kubectl(['delete', 'namespace', 'kilofed', '--timeout=60s'], { timeoutMs: 70_000 });
    await north.kubectl(['apply', ...['cluster.yaml', 'member.yaml', 'hub-redis.yaml'].flatMap((file) => ['-f', manifestFile(file)])]);
    await declareMember(north, west);
    await sleep(20_000);
    await declareMember(north, east);
    await declareMember(north, north);
    await north.kubectl(['-n', 'kilofed', 'rollout', 'status', 'deployment/kilofed-hub', '--timeout=60s'], { timeoutMs: 70_000 });
    await sleep(5_000);
  });
  unharmed(seen);
  expect(await standing()).toEqual(before);
  await until('the status to be good', 60_000, async () => ((await status(north)).code === 0 ? true : undefined));
}, 240_000);

test('I10: the Secret of a member is deleted, and made anew half a minute later: no request fails, and nothing is deleted', async () => {
  const { east, north } = example;
  const before = await standing();
  const seen = await requester.during(async () => {
    await north.kubectl(['-n', 'kilofed', 'delete', 'secret', 'member-east']);
    await sleep(30_000);
    await declareMember(north, east);
    await sleep(5_000);
  });
  unharmed(seen);
  expect(await standing()).toEqual(before);
}, 120_000);

// From now on west has a Service of its own.
test('I3: the same manifests are applied in west: no request fails, and west keeps its own pods when east un-exports', async () => {
  const { east, west } = example;
  const own = nodeOf(west, 'west-a1').name;
  const seen = await requester.during(async () => {
    await applyShop(west, { node: own, portName: 'renamed' });
    await sleep(5_000);
  });
  unharmed(seen);
  const pods = await podsOf(west, 'app=shop');
  const { servers } = await requester.during(() => sleep(3_000));
  expect(Object.keys(servers)).toEqual(expect.arrayContaining([...pods]));
  const after = await requester.during(async () => {
    await east.kubectl(['-n', 'demo', 'annotate', 'service', 'shop', 'kilofed.io/export-']);
    await sleep(5_000);
  });
  unharmed(after);
  const { servers: left } = await requester.during(() => sleep(1_000));
  expect(Object.keys(left).toSorted()).toEqual(pods.toSorted());
}, 180_000);

// As docs/export-a-service.md says. It follows the one above.
test('I5: the Service of west is moved to east, and back: no request fails', async () => {
  const { east, west } = example;
  const demo = ['-n', 'demo'];
  const standIn = 'jsonpath={.metadata.annotations.multicluster\\.kubernetes\\.io/derived-service}';
  const there = await requester.during(async () => {
    await east.kubectl([...demo, 'annotate', 'service', 'shop', 'kilofed.io/export=true']);
    await until('the mirror beside it', 20_000, async () =>
      (await west.kubectl([...demo, 'get', 'serviceimport', 'shop', '--ignore-not-found', '-o', standIn])).startsWith('derived-')
        ? true
        : undefined,
    );
    await west.kubectl([...demo, 'annotate', 'service', 'shop', 'kilofed.io/hand-over=true']);
    await west.kubectl([
      ...demo,
      'wait',
      'service',
      'shop',
      '--for=jsonpath={.metadata.annotations.kilofed\\.io/hand-over}=done',
      '--timeout=20s',
    ]);
    await west.kubectl([...demo, 'delete', 'endpoints', 'shop', '--ignore-not-found']);
    const others = 'endpointslice.kubernetes.io/managed-by!=kilofed-hub';
    await west.kubectl([...demo, 'delete', 'endpointslices', '-l', `kubernetes.io/service-name=shop,${others}`]);
    await west.kubectl([...demo, 'delete', 'deployment', 'shop']);
    await sleep(5_000);
  });
  unharmed(there);
  const { servers } = await requester.during(() => sleep(1_000));
  expect(Object.keys(servers).toSorted()).toEqual((await podsOf(east, 'app=shop')).toSorted());

  const back = await requester.during(async () => {
    await applyShop(west, { node: nodeOf(west, 'west-a1').name, portName: 'renamed' });
    await sleep(5_000);
  });
  unharmed(back);
  const { servers: own } = await requester.during(() => sleep(1_000));
  expect(Object.keys(own).toSorted()).toEqual((await podsOf(west, 'app=shop')).toSorted());
}, 180_000);

/** Nothing failed, of enough requests to say so. */
function unharmed(seen: Requests): void {
  expect(seen.failed).toEqual([]);
  expect(seen.answered).toBeGreaterThan(100);
}

/** Traffic from the requester's node takes the gateway, which it does again some seconds after the gateway came back. */
async function untilInUse(): Promise<void> {
  const [server = ''] = await podsOf(example.east, 'app=shop', '.status.podIP');
  await until('the gateway to be in use', 170_000, async () =>
    (await nodeOf(example.west, 'west-a2').exec(['ip', 'route', 'get', server])).includes('dev kilo0') ? true : undefined,
  );
}

/** What the hub has written in west: Peers, Services and slices by UID, and the Services' addresses. */
async function standing(): Promise<readonly string[]> {
  const path = 'jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.uid} {.spec.clusterIP}{"\\n"}{end}';
  const selector = ['-l', 'kilofed.io/managed-by=kilofed-hub'];
  return (await example.west.kubectl(['get', 'peers,services,endpointslices,serviceimports', '-A', ...selector, '-o', path]))
    .trim()
    .split('\n')
    .toSorted();
}

/** Runs a hub outside of all clusters that knows west alone, while `act` runs; `ask` gives what `kilofed status` says of it. */
async function besideHub(options: readonly string[], act: (ask: () => Promise<string>) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kilofed-hub-'));
  copyFileSync(kubeconfigFileOf(example.west), join(folder, 'west'));
  const listen = ['--listen', '127.0.0.1:18080', '--listen-metrics', '127.0.0.1:18081'];
  const hub = start([process.execPath, 'dist/kilofed.js', 'hub', '--kubeconfig-dir', folder, ...listen, ...options]);
  try {
    await act(async () => (await attempt([process.execPath, 'dist/kilofed.js', 'status', '--hub', 'http://127.0.0.1:18080'])).stdout);
    // Otherwise it did nothing, and nothing is shown.
    expect(hub.exitCode).toBeNull();
  } finally {
    hub.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
}
