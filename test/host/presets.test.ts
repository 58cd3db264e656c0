/**
 * Presets that make Kilofed the network plugin, each on a node with the folders of that distribution: its container runtime finds
 * configuration and plugins where it looks, nothing of the distribution is replaced, and an uninstallation takes the configuration.
 */
import { expect, test } from '@jest/globals';
import type { PresetNode, PresetNodeInput } from './presetNode.js';
import { runScenario } from './runScenario.js';
import { describeOnHost } from './world.js';

const RANCHER = '/var/lib/rancher';
const THEIRS = 'of the distribution';

/** Where container runtimes look: kubeadm, bootkube and Typhoon by their own containerd, k3s and RKE2 by the one that they start. */
const NODES: readonly PresetNodeInput[] = [
  { preset: 'kubeadm', configurations: '/etc/cni/net.d', plugins: '/opt/cni/bin', files: { '/opt/cni/bin/loopback': THEIRS } },
  {
    preset: 'k3s',
    configurations: '/etc/cni/net.d',
    plugins: '/opt/cni/bin',
    files: { [`${RANCHER}/k3s/data/abc/bin/bridge`]: THEIRS, [`${RANCHER}/k3s/data/current`]: '->abc' },
  },
  { preset: 'rke2', configurations: '/etc/cni/net.d', plugins: '/opt/cni/bin', files: { [`${RANCHER}/rke2/agent/containerd/x`]: THEIRS } },
  { preset: 'bootkube', configurations: '/etc/kubernetes/cni/net.d', plugins: '/opt/cni/bin', files: { '/etc/kubernetes/kubeconfig': '' } },
  { preset: 'typhoon', configurations: '/etc/kubernetes/cni/net.d', plugins: '/opt/cni/bin', files: { '/etc/kubernetes/kubeconfig': '' } },
];

describeOnHost('presets on nodes', () => {
  test.each(NODES.map((node) => [node.preset, node] as const))(
    '%s: the runtime finds configuration and plugins, and keeps its own',
    async (_name, node) => {
      const seen = await runScenario<PresetNode>('presetNode', JSON.stringify(node));
      const theirs = (folder: string): readonly string[] =>
        Object.keys(node.files).flatMap((path) => (path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : []));
      expect(seen.configurations).toEqual({ '10-kilofed.conflist': 'bridge' });
      const plugins = ['bridge', 'host-local', 'loopback', 'portmap'].map((name) => [name, 'of the image'] as const);
      expect(seen.plugins).toEqual({
        ...Object.fromEntries(plugins),
        ...Object.fromEntries(theirs(node.plugins).map((name) => [name, THEIRS])),
      });
      expect(seen.after).toEqual({ configurations: theirs(node.configurations).toSorted(), state: [] });
    },
    120_000,
  );
});
