/**
 * A member of the example is uninstalled, on real kubelets.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Example, installExample, startExample } from '../demo/install.js';
import type { KubeletCluster } from '../lab/kubelet/cluster.js';
import { containerdTemplate } from '../lab/kubelet/containerdTemplate.js';
import { buildImages } from '../lab/kubelet/images.js';
import { attempt, until } from '../lab/process.js';
import { currentRun } from '../lab/world/enter.js';
import { runFolder } from '../lab/world/state.js';

let example: Example;
/** What west's nodes had before anything was installed. */
let bare: readonly string[];

beforeAll(async () => {
  const world = currentRun();
  if (world === undefined) throw new Error('must run in a world: make e2e');
  const silent = (): void => undefined;
  const template = await containerdTemplate(await buildImages(silent), silent);
  example = await startExample({ runId: world, folder: runFolder(world), template });
  bare = await photographs(example.west);
  await installExample(example, { note: silent });
}, 300_000);

afterAll(async () => {
  await Promise.all([example.east, example.west, example.north].map((cluster) => cluster.stop()));
}, 60_000);

test('a member is uninstalled: its nodes are as they were before, and neither it nor the others have anything of it', async () => {
  const { east, west, north } = example;
  const peers = (): Promise<readonly string[]> =>
    Promise.all(
      [east, north].map((cluster) => cluster.kubectl(['get', 'peers,services', '-A', '-l', 'kilofed.io/cluster=west', '-o', 'name'])),
    );
  // Else nothing is shown below.
  await until('the others to have Peers of west', 60_000, async () =>
    (await peers()).every((names) => names.includes('peer')) ? true : undefined,
  );
  expect(await photographs(west)).not.toEqual(bare);
  const hub = ['--hub-kubeconfig', north.kubeconfigFile];
  const cli = ['node', 'dist/kilofed.js', 'uninstall', '--kubeconfig', west.kubeconfigFile, ...hub, '--yes', '--crds', '--timeout', '60s'];
  const ended = await attempt(cli, { timeoutMs: 150_000 });
  // With all that it waited for.
  if (ended.code !== 0) throw new Error(`${ended.stderr}\n${ended.stdout}`);
  expect(ended.stdout).toContain('Nothing is left of it');
  expect(await photographs(west)).toEqual(bare);
  const folders = [...west.nodes.values()].map(({ exec }) =>
    exec(['sh', '-c', 'ls -d /var/lib/kilofed /run/wireguard 2> /dev/null; true']),
  );
  expect(await Promise.all(folders)).toEqual(['', '']);
  const kinds = 'clusterroles,clusterrolebindings,roles,rolebindings,validatingadmissionpolicies,crds,namespaces';
  const named = (await west.kubectl(['get', kinds, '-A', '-o', 'name'])).split('\n');
  expect(named.filter((name) => /kilo|multicluster/.test(name))).toEqual([]);
  await until('the others to have nothing of west', 20_000, async () => ((await peers()).join('') === '' ? true : undefined));
}, 300_000);

/** Of each node: what an agent changes there. Pods come and go, with their devices, and so do the tables of kube-proxy. */
async function photographs(cluster: KubeletCluster): Promise<readonly string[]> {
  const script = `
    ip -o link | sed 's/^[0-9]*: //; s/[@:].*//' | grep -Ev '^(veth|cni0)' | sort
    for family in -4 -6; do ip $family route show table all | grep -Ev 'dev (veth|cni0)' | sort; done
    ip rule; ip -6 rule; ip nexthop; nft list tables | grep -v kube-proxy | sort
    ls -A /etc/cni/net.d /opt/cni/bin; find /sys/fs/cgroup -maxdepth 2 -name 'kilofed*'
    find /var/lib/kilofed /run/wireguard -mindepth 1 2> /dev/null
    ps -eo args | grep -o '[w]ireguard-go.*'`;
  return Promise.all([...cluster.nodes.values()].map(async ({ name, exec }) => `${name}\n${await exec(['sh', '-c', `${script}; true`])}`));
}
