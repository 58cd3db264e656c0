/**
 * The example federation on real kubelets, installed by `kubectl apply` of the shipped files, so that every program runs under
 * its real service account.
 */
import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type FlowEnd, type FlowReport, reaches, startFlow } from '../bare/flow.js';
import { buildImages } from '../lab/kubelet/images.js';
import { containerdTemplate } from '../lab/kubelet/containerdTemplate.js';
import type { KubeletCluster } from '../lab/kubelet/cluster.js';
import type { KubeletNode } from '../lab/kubelet/node.js';
import { createFaults } from '../lab/network/faults.js';
import { currentRun } from '../lab/world/enter.js';
import { runFolder } from '../lab/world/state.js';
import { run, sleep, until } from '../lab/process.js';
import { type Example, installExample, startExample } from '../demo/install.js';
import { clientAddress, fetchWeb, isGone, servers, setExported, startWorkloads } from '../demo/steps.js';
import { podOn } from './podFlows.js';
import { tryAllPairs } from './podPairs.js';

let example: Example;
const all = (): KubeletCluster[] => [example.east, example.west, example.north];

beforeAll(async () => {
  const world = currentRun();
  if (world === undefined) throw new Error('must run in a world: make e2e');
  const silent = (): void => undefined;
  const template = await containerdTemplate(await buildImages(silent), silent);
  example = await startExample({ runId: world, folder: runFolder(world), template });
  await installExample(example, { note: silent });
  // The example's own is tried where Services are.
  await setFromMembers('pods');
}, 300_000);

afterAll(async () => {
  await Promise.all(all().map((cluster) => cluster.stop()));
}, 60_000);

test('a pod of every node reaches a pod of every other node, in all clusters, and is seen by its own address', async () => {
  expect(await tryAllPairs(all())).toEqual({ pods: 6, wrong: [] });
}, 180_000);

test('M14: in the mode of the example, an exported Service is reached, and nothing else of the other cluster', async () => {
  const { east, west } = example;
  await setFromMembers('exported');
  await startWorkloads(example);
  expect((await until('an answer', 60_000, () => fetchWeb(west))).client).toBe(await clientAddress(west));
  const addressOf = (label: string): Promise<string> =>
    east.kubectl(['get', 'pods', '-A', '-l', label, '-o', 'jsonpath={.items[0].status.podIP}']);
  const web = await addressOf('app=web');
  const doors = {
    'another pod': `${await addressOf('app=probe')}:8080`,
    'another port of the exported pod': `${web}:8081`,
  };
  const ask = (url: string): Promise<string> =>
    west.kubectl(['-n', 'demo', 'exec', 'client', '--', 'sh', '-c', `timeout 3 wget -O- http://${url} 2>&1 || true`], {
      timeoutMs: 20_000,
    });
  const said = await Promise.all(Object.values(doors).map(ask));
  expect(said.map((text) => text.includes('refused'))).toEqual([true, true]);
  await setFromMembers('pods');
  await until('the other pod to open', 20_000, async () =>
    (await ask(doors['another pod'])).includes(await clientAddress(west)) ? true : undefined,
  );
}, 180_000);

test('an exported Service is reached by its name, sees the client, follows scale, and goes when un-exported', async () => {
  const { east, west } = example;
  const page = await until('an answer', 60_000, () => fetchWeb(west));
  expect(page.client).toBe(await clientAddress(west));
  await east.kubectl(['-n', 'demo', 'scale', 'deployment/web', '--replicas=2']);
  await until('both endpoints', 60_000, async () => ((await servers(west, 8)).size === 2 ? true : undefined));
  await setExported(east, false);
  await until('the Service to go', 20_000, () => isGone(west));
}, 180_000);

test('M10 M7: the status comes through the API server, with the queue in Redis; the network reaches health and metrics only', async () => {
  const { north } = example;
  const cli = ['node', 'dist/kilofed.js', 'status', '--kubeconfig', north.kubeconfigFile, '-o', 'json'];
  // Exit status 1 means that it has something to tell.
  const { members, problems } = JSON.parse(await until('the status', 30_000, () => run(cli))) as {
    readonly members: readonly { readonly id: string; readonly state: string }[];
    readonly problems: readonly { readonly reason: string }[];
  };
  expect(members.map(({ id, state }) => `${id} ${state}`)).toEqual(['east ready', 'north ready', 'west ready']);
  expect(problems.filter(({ reason }) => reason === 'Degraded')).toEqual([]);
  const hub = ['-n', 'kilofed', 'get', 'pods', '-l', 'app.kubernetes.io/name=kilofed-hub', '-o', 'jsonpath={.items[0].status.podIP}'];
  const address = await north.kubectl(hub);
  const probe = await north.kubectl(['get', 'pods', '-l', 'app=probe', '-o', 'jsonpath={.items[0].metadata.name}']);
  const ask = (url: string): Promise<string> =>
    north.kubectl(['exec', probe, '--', 'sh', '-c', `timeout 3 wget -qO- ${url} || echo refused`], { timeoutMs: 20_000 });
  expect(await ask(`http://${address}:8081/metrics`)).toContain('kilofed_hub_queue_degraded 0');
  expect((await ask(`http://${address}:8080/api/v1/status`)).trim()).toBe('refused');
  expect((await ask(`http://${address}:6379/`)).trim()).toBe('refused');
}, 60_000);

test('the token of a node-agent writes the MeshNode of its own node, and no other', async () => {
  const { east } = example;
  const pod = (
    await east.kubectl([
      '-n',
      'kilofed',
      'get',
      'pods',
      '-l',
      'app.kubernetes.io/name=kilofed-node-agent',
      '-o',
      'jsonpath={.items[0].metadata.name} {.items[0].spec.nodeName}',
    ])
  )
    .trim()
    .split(' ');
  const token = (
    await east.kubectl(['-n', 'kilofed', 'exec', pod[0] ?? '', '--', 'cat', '/var/run/secrets/kubernetes.io/serviceaccount/token'])
  ).trim();
  const own = pod[1] ?? '';
  const other = [...east.nodes.keys()].find((name) => name !== own) ?? '';
  const withToken = async (node: string): Promise<string> => {
    const config = `${east.folder}/stolen.kubeconfig`;
    writeFileSync(config, east.api.kubeconfig('admin').replace(east.api.token('admin'), token), { mode: 0o600 });
    const wanted = `${east.folder}/stolen.json`;
    const metadata = { name: node, labels: { tried: 'yes' } };
    writeFileSync(wanted, JSON.stringify({ apiVersion: 'kilofed.io/v1alpha1', kind: 'MeshNode', metadata }));
    // What the agent itself does: it may not get single objects, which other verbs of kubectl do first.
    return east
      .kubectl([`--kubeconfig=${config}`, 'apply', '--server-side', '--validate=false', '-f', wanted])
      .catch((error: unknown) => String(error));
  };
  expect(await withToken(own)).toContain('serverside-applied');
  expect(await withToken(other)).toContain('a node-agent may write only the MeshNode of its own node');
}, 60_000);

describe('gateways of real nodes', () => {
  const LABEL = 'app=probe';
  const faults = createFaults();
  let victim: KubeletNode;
  let near: FlowEnd;
  let far: FlowEnd;

  /** One way each, so that the one cannot hide what happens to the other. */
  async function flowing(act: () => Promise<void>): Promise<readonly FlowReport[]> {
    const flows = await Promise.all([startFlow(near, far, 100, 'one-way'), startFlow(far, near, 100, 'one-way')]);
    await sleep(500);
    const failed = await act().then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    const reports = await Promise.all(flows.map((flow) => flow.stop()));
    if (failed !== undefined) throw failed.error;
    return reports;
  }

  /** Flows that go by the victim. */
  async function under(act: () => Promise<void>): Promise<readonly FlowReport[]> {
    await untilInUse();
    return flowing(act);
  }

  /** Each failure of late doubles the ten seconds that it must have been good. */
  async function untilInUse(): Promise<void> {
    await until('the victim to be the way', 170_000, async () =>
      (await nodeOf(example.west, 'west-a2').exec(['ip', 'route', 'get', far.address])).includes('dev kilo0') ? true : undefined,
    );
  }

  /** It fails for three seconds, and returns. `fail` resolves to what ends it. */
  async function strike(fail: () => Promise<() => Promise<unknown>>): Promise<void> {
    let heal = (): Promise<unknown> => Promise.resolve();
    const fallen = await under(async () => {
      heal = await fail();
      await sleep(3_000);
    });
    const returned = await flowing(async () => {
      await heal();
      await sleep(3_000);
    });
    // Otherwise it was not in use, and nothing is shown.
    expect(fallen[0]?.lost).toBeGreaterThan(0);
    expect(fallen.filter(({ outageMs }) => outageMs > 2_000)).toEqual([]);
    expect(returned.map(({ losses }) => losses)).toEqual([[], []]);
  }

  const die = (): Promise<void> =>
    strike(async () => {
      await faults.silence(victim);
      return () => faults.healAll();
    });

  beforeAll(async () => {
    const { east, west } = example;
    const slots = (
      await east.kubectl([
        'get',
        'meshnodes',
        '-o',
        'jsonpath={range .items[*]}{.spec.location} {.status.slot} {.metadata.name}{"\\n"}{end}',
      ])
    ).split('\n');
    const inSlot = (slot: number): KubeletNode => nodeOf(east, slots.find((line) => line.startsWith(`eu ${slot} `))?.split(' ')[2] ?? '');
    victim = inSlot(0);
    [near, far] = await Promise.all([podOn(west, nodeOf(west, 'west-a2'), LABEL), podOn(east, inSlot(1), LABEL)]);
  }, 60_000);

  afterEach(() => faults.healAll());

  // Failures come last: after each the others wait longer until they trust the victim again.

  test('the agent of one is killed, and starts again: nobody loses a packet', async () => {
    const agent = async (): Promise<string> => (await victim.exec(['pgrep', '-of', 'kilofed.* node-agent']).catch(() => '')).trim();
    const reports = await under(async () => {
      const killed = await agent();
      expect(killed).toMatch(/^\d+$/);
      await victim.exec(['kill', '-9', killed]);
      await until('another agent to run', 30_000, async () => (['', killed].includes(await agent()) ? undefined : true));
      await example.east.kubectl(['-n', 'kilofed', 'rollout', 'status', 'daemonset/node-agent', '--timeout=40s'], { timeoutMs: 50_000 });
      await sleep(1_000);
    });
    expect(reports.map(({ losses }) => losses)).toEqual([[], []]);
  }, 120_000);

  test('a node joins, is reached, and leaves: nobody else loses a packet', async () => {
    const { east } = example;
    const name = 'east-extra1';
    const reports = await under(async () => {
      const node = await east.addNode(name, 'eu');
      await until('a pod on the new node', 60_000, async () =>
        (await east.kubectl([
          'get',
          'pods',
          '-l',
          LABEL,
          `--field-selector=spec.nodeName=${name}`,
          '-o',
          'jsonpath={.items[0].status.containerStatuses[0].ready}',
        ])) === 'true'
          ? true
          : undefined,
      );
      const pod = await podOn(east, node, LABEL);
      expect(await until('it to answer', 20_000, () => reaches(near, pod))).toBe(near.address);
      await east.removeNode(name);
      await sleep(2_000);
    });
    expect(reports.map(({ losses }) => losses)).toEqual([[], []]);
  }, 150_000);

  test('all agents are replaced by a rolling update: nobody loses a packet', async () => {
    const clusters = [example.east, example.west];
    const reports = await under(async () => {
      await Promise.all(clusters.map((cluster) => cluster.kubectl(['-n', 'kilofed', 'rollout', 'restart', 'daemonset/node-agent'])));
      await Promise.all(
        clusters.map((cluster) =>
          cluster.kubectl(['-n', 'kilofed', 'rollout', 'status', 'daemonset/node-agent', '--timeout=80s'], { timeoutMs: 90_000 }),
        ),
      );
    });
    expect(reports.map(({ losses }) => losses)).toEqual([[], []]);
  }, 120_000);

  test('one dies without a word: the others take over within two seconds, and its return costs nothing', die, 240_000);

  // Its location has two nodes, both gateways: the other has only its own tunnels to compare it with.
  test('one answers and forwards nothing: the others find it within two seconds, and its end costs nothing', async () => {
    const table = 'table inet fault {\n chain forward {\n type filter hook forward priority -500; policy drop;\n }\n}\n';
    await strike(async () => {
      await victim.exec(['nft', '-f', '-'], { input: table });
      return () => victim.exec(['nft', 'delete', 'table', 'inet', 'fault']);
    });
  }, 240_000);

  test('one dies without a word with hub and API servers stopped: the same', async () => {
    const hub = ['-n', 'kilofed', 'scale', 'deployment/kilofed-hub'];
    await example.north.kubectl([...hub, '--replicas=0']);
    await example.north.kubectl(
      ['-n', 'kilofed', 'wait', '--for=delete', 'pod', '-l', 'app.kubernetes.io/name=kilofed-hub', '--timeout=40s'],
      { timeoutMs: 50_000 },
    );
    await untilInUse();
    await Promise.all(all().map(({ api }) => api.killApiServer()));
    try {
      await die();
    } finally {
      const reports = await flowing(async () => {
        await Promise.all(all().map(({ api }) => api.restartApiServer()));
        await example.north.kubectl([...hub, '--replicas=1']);
      });
      expect(reports.map(({ losses }) => losses)).toEqual([[], []]);
    }
    await example.north.kubectl(['-n', 'kilofed', 'rollout', 'status', 'deployment/kilofed-hub', '--timeout=60s'], { timeoutMs: 70_000 });
  }, 300_000);

  test('one is drained, and then switched off: nobody loses a packet', async () => {
    const reports = await under(async () => {
      await example.east.kubectl(
        ['drain', victim.name, '--ignore-daemonsets', '--delete-emptydir-data', '--force', '--grace-period=1', '--timeout=40s'],
        { timeoutMs: 60_000 },
      );
      await sleep(1_500);
      await faults.silence(victim);
      await sleep(2_000);
    });
    await faults.healAll();
    await example.east.kubectl(['uncordon', victim.name]);
    expect(reports.map(({ losses }) => losses)).toEqual([[], []]);
  }, 270_000);
});

async function setFromMembers(mode: 'pods' | 'exported'): Promise<void> {
  const patch = JSON.stringify({ spec: { fromMembers: mode } });
  await Promise.all(all().map((cluster) => cluster.kubectl(['patch', 'mesh', 'default', '--type=merge', `--patch=${patch}`])));
}

function nodeOf(cluster: KubeletCluster, name: string): KubeletNode {
  const found = cluster.nodes.get(name);
  if (found === undefined) throw new Error(`no node ${name}`);
  return found;
}
