/**
 * The lab itself: a real cluster comes up whole, and goes without a trace; a run that is killed leaves nothing alive.
 *
 * Must run in a world, as root: `node out/test/lab/main.js in-world -- ...`.
 */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createWan } from '../bare/network.js';
import { containerdTemplate } from '../lab/kubelet/containerdTemplate.js';
import { type KubeletCluster, startCluster } from '../lab/kubelet/cluster.js';
import { buildImages, TOOLS_IMAGE } from '../lab/kubelet/images.js';
import { ended, run, until } from '../lab/process.js';
import { currentRun } from '../lab/world/enter.js';
import { listRuns, runFolder } from '../lab/world/state.js';

const MAIN = fileURLToPath(new URL('../lab/main.js', import.meta.url));
const id = currentRun();
const REASON = 'SKIPPED the lab: run it by `node out/test/lab/main.js in-world -- ...`';

if (id === undefined && process.env['CI'] !== undefined) {
  test(REASON, () => {
    throw new Error('not in a world');
  });
} else {
  (id === undefined ? describe.skip : describe)(id === undefined ? REASON : 'the lab', () => suites(id ?? ''));
}

interface Pod {
  readonly name: string;
  readonly node: string;
  readonly address: string;
}

interface Traces {
  readonly links: readonly string[];
  readonly namespaces: readonly string[];
  readonly mounts: readonly string[];
  readonly groups: readonly string[];
  readonly programs: readonly string[];
}

function suites(runId: string): void {
  let cluster: KubeletCluster;
  let before: Traces;
  let startMs = 0;

  beforeAll(async () => {
    await createWan();
    const template = await containerdTemplate(await buildImages(() => undefined), () => undefined);
    before = await traces(runId);
    const began = performance.now();
    cluster = await startCluster({ runId, folder: runFolder(runId), template }, { name: 'lab', index: 8, locations: { eu: 2, us: 1 } });
    startMs = performance.now() - began;
  }, 180_000);

  afterAll(async () => {
    await cluster.stop();
  }, 60_000);

  test('three nodes in two locations are Ready, with the labels and pod ranges they were given', async () => {
    process.stderr.write(`cluster of 3 nodes up in ${Math.round(startMs)} ms\n`);
    const { items } = JSON.parse(await cluster.kubectl(['get', 'nodes', '-o', 'json'])) as { items: NodeObject[] };
    const rows = items.map((node) => [
      node.metadata.name,
      node.metadata.labels['topology.kubernetes.io/region'],
      node.spec.podCIDR,
      node.status.conditions.find((condition) => condition.type === 'Ready')?.status,
    ]);
    expect(rows).toEqual([
      ['lab-eu1', 'eu', '10.48.1.0/24', 'True'],
      ['lab-eu2', 'eu', '10.48.2.0/24', 'True'],
      ['lab-us1', 'us', '10.48.3.0/24', 'True'],
    ]);
  }, 30_000);

  test('a pod runs on every node, with logs and exec; only those of one node reach each other without a mesh', async () => {
    const pods = await startPods(cluster);
    expect(pods.map((pod) => pod.node).toSorted()).toEqual(['lab-eu1', 'lab-eu2', 'lab-us1']);
    for (const pod of pods) {
      expect(await cluster.kubectl(['logs', pod.name])).toBe(`hello from ${pod.node}\n`);
      expect(await cluster.kubectl(['exec', pod.name, '--', 'hostname', '-i'])).toBe(`${pod.address}\n`);
    }
    const [first, second] = pods as [Pod, Pod];
    expect(
      await cluster.kubectl([
        'exec',
        first.name,
        '--',
        'sh',
        '-c',
        `ping -c 1 -W 1 ${second.address} > /dev/null && echo reached || echo lost`,
      ]),
    ).toBe('lost\n');
    // The DNS server's own node is the one place from which its Service works already.
    const [dnsNode] = (
      await cluster.kubectl(['-n', 'kube-system', 'get', 'pods', '-l', 'k8s-app=kube-dns', '-o', 'jsonpath={.items[*].spec.nodeName}'])
    ).split(' ');
    const beside = pods.find((pod) => pod.node === dnsNode) as Pod;
    await until('cluster DNS', 20_000, async () => {
      const answer = await cluster.kubectl(['exec', beside.name, '--', 'nslookup', 'kubernetes.default.svc.cluster.local']);
      return answer.includes('10.98.0.1') ? true : undefined;
    });
  }, 90_000);

  test('what a pod writes to its host stays in the node', async () => {
    await cluster.nodes.get('lab-eu1')?.exec(['sh', '-c', 'echo mark > /etc/kilofed-lab-mark']);
    expect(existsSync('/etc/kilofed-lab-mark')).toBe(false);
  });

  test('stop leaves no process, namespace, mount, link or control group', async () => {
    await cluster.stop();
    let after = await traces(runId);
    await until('the kernel to let go', 10_000, async () => {
      after = await traces(runId);
      return isDeepStrictEqual(after, before) ? true : undefined;
    }).catch(() => undefined);
    expect(after).toEqual(before);
  }, 60_000);

  test('a run that is killed takes everything with it, and the next sweep removes its folder', async () => {
    const child = spawn(process.execPath, [MAIN, 'in-world', '--', 'sh', '-c', 'ip netns add orphan; sleep 987654'], { stdio: 'ignore' });
    await until('its process', 20_000, () => (programs().includes('sleep 987654') ? true : undefined));
    const own = new Set((await listRuns()).filter((each) => each.alive).map((each) => each.id));
    child.kill('SIGKILL');
    await ended(child);
    await until('its end', 5_000, () => (programs().includes('sleep 987654') ? undefined : true));
    const dead = (await listRuns()).filter((each) => !each.alive && own.has(each.id)).map((each) => each.id);
    expect(dead).toHaveLength(1);
    await until('the sweep', 30_000, async () => {
      await run([process.execPath, MAIN, 'sweep']);
      return existsSync(runFolder(dead[0] as string)) ? undefined : true;
    });
    expect(existsSync(runFolder(runId))).toBe(true);
  }, 60_000);
}

interface NodeObject {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: { readonly podCIDR: string };
  readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
}

async function startPods(cluster: KubeletCluster): Promise<Pod[]> {
  const labels = { app: 'probe' };
  const container = {
    name: 'probe',
    image: TOOLS_IMAGE,
    command: ['sh', '-c', 'echo hello from $NODE; exec sleep 86400'],
    env: [{ name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
  };
  const spec = {
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [container] } },
  };
  const input = JSON.stringify({ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'probe' }, spec });
  await cluster.kubectl(['apply', '-f', '-'], { input });
  await cluster.kubectl(['rollout', 'status', 'daemonset/probe', '--timeout=60s'], { timeoutMs: 70_000 });
  const rows = await cluster.kubectl([
    'get',
    'pods',
    '-l',
    'app=probe',
    '-o',
    'jsonpath={range .items[*]}{.metadata.name} {.spec.nodeName} {.status.podIP}{"\\n"}{end}',
  ]);
  return rows
    .trim()
    .split('\n')
    .map((row) => row.split(' '))
    .map(([name = '', node = '', address = '']) => ({ name, node, address }));
}

/** What there is of the kinds that a cluster makes. LAN bridges belong to the world, not to the cluster. */
async function traces(runId: string): Promise<Traces> {
  const links = JSON.parse(await run(['ip', '-json', 'link'])) as { ifname: string }[];
  return {
    links: links
      .map((link) => link.ifname)
      .filter((name) => !name.startsWith('lan'))
      .toSorted(),
    namespaces: [...new Set(processes().map((pid) => linkTarget(`/proc/${pid}/ns/net`)))].filter((target) => target !== '').toSorted(),
    mounts: readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.includes(runFolder(runId))),
    groups: readdirSync('/sys/fs/cgroup')
      .flatMap((hierarchy) => [`/sys/fs/cgroup/${hierarchy}/kilofed-${runId}`])
      .filter((folder) => existsSync(folder))
      .flatMap((folder) =>
        readdirSync(folder, { withFileTypes: true })
          .filter((entry) => entry.isDirectory())
          .map((entry) => `${folder}/${entry.name}`),
      ),
    programs: programs().filter((line) => line.includes(runFolder(runId))),
  };
}

function processes(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

function programs(): string[] {
  return processes()
    .map((pid) => commandLine(pid))
    .filter((line) => line !== '');
}

/** Empty when the process has just ended. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

function linkTarget(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
