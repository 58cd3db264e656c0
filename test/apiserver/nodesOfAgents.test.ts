/**
 * Where the agents of manifests/cluster.yaml come to be, as the controllers of a real control plane decide: on every Linux machine, also
 * in a cluster that admits critical priority classes only by quota, as GKE does (reports 19 and 20).
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { until } from '../lab/process.js';
import type { ControlPlane } from './controlPlane.js';
import { applyYaml, kubectl } from './kubectl.js';
import { describeWithApiServer } from './suite.js';

const MANIFESTS = join(import.meta.dirname, '../../../manifests');

const CRITICAL_BY_QUOTA = join(import.meta.dirname, '../../../test/apiserver/criticalByQuota.yaml');

const NODES = `
apiVersion: v1
kind: Node
metadata: {name: linux, labels: {kubernetes.io/os: linux}}
---
apiVersion: v1
kind: Node
metadata: {name: tainted, labels: {kubernetes.io/os: linux}}
spec: {taints: [{key: dedicated, value: gpu, effect: NoSchedule}]}
---
apiVersion: v1
kind: Node
metadata: {name: akswin000001, labels: {kubernetes.io/os: windows}}
spec: {taints: [{key: node.kubernetes.io/os, value: windows, effect: NoSchedule}]}
---
apiVersion: v1
kind: Node
metadata: {name: virtual-node-aci, labels: {kubernetes.io/os: linux, type: virtual-kubelet}}
spec: {taints: [{key: virtual-kubelet.io/provider, value: azure, effect: NoSchedule}]}
---
apiVersion: v1
kind: Node
metadata: {name: fargate, labels: {kubernetes.io/os: linux, eks.amazonaws.com/compute-type: fargate}}
spec: {taints: [{key: eks.amazonaws.com/compute-type, value: fargate, effect: NoSchedule}]}
`;

const controllers = ['daemonset', 'deployment', 'replicaset', 'resourcequota', 'serviceaccount']
  .map((each) => `${each}-controller`)
  .join(',');

const apiServerArgs = [`--admission-control-config-file=${CRITICAL_BY_QUOTA}`];

describeWithApiServer('agents', { controllers, apiServerArgs }, (server) => {
  test('R19 R20: are made on Linux machines, whatever their taints, and under a quota for critical pods', async () => {
    await applyYaml(server(), NODES);
    await applyYaml(server(), await readFile(join(MANIFESTS, 'cluster.yaml'), 'utf8'));
    const nodes = await until('all pods', 60_000, async () => {
      const found = await placed(server(), 'kilofed-node-agent');
      return found.length >= 2 && (await placed(server(), 'kilofed-cluster-agent')).length === 1 ? found : undefined;
    });
    expect(nodes).toEqual(['linux', 'tainted']);
    expect(
      await kubectl(server(), ['get', 'daemonset', '-n', 'kilofed', 'node-agent', '-o', 'jsonpath={.status.desiredNumberScheduled}']),
    ).toBe('2');
  }, 120_000);
});

interface Pod {
  readonly spec: {
    readonly nodeName?: string;
    readonly affinity?: { readonly nodeAffinity?: { readonly requiredDuringSchedulingIgnoredDuringExecution?: NodeSelector } };
  };
}

interface NodeSelector {
  readonly nodeSelectorTerms: readonly { readonly matchFields?: readonly { readonly values: readonly string[] }[] }[];
}

/** The nodes that the pods of an agent are meant for, sorted. */
async function placed(server: ControlPlane, name: string): Promise<string[]> {
  const list = await kubectl(server, ['get', 'pods', '-n', 'kilofed', '-l', `app.kubernetes.io/name=${name}`, '-o', 'json']);
  const { items } = JSON.parse(list) as { readonly items: readonly Pod[] };
  return items
    .map(
      ({ spec }) =>
        spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms[0]?.matchFields?.[0]?.values[0] ??
        '',
    )
    .toSorted();
}
