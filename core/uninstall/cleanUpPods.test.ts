import { expect, test } from '@jest/globals';
import {
  type AgentPod,
  cleansUp,
  cleanUpDaemonSet,
  cleanUpPatch,
  type DaemonSet,
  type NodesProgress,
  nodesProgress,
} from './cleanUpPods.js';

const CLEANED = [{ name: 'cleaned' }];
const AGENT = {
  name: 'node-agent',
  image: 'mine:1',
  args: ['node-agent', '--host-namespace', '/proc/1', '--wireguard', 'userspace', '--state-dir', '/srv/kilofed'],
  volumeMounts: [{ name: 'state', mountPath: '/srv/kilofed' }],
  readinessProbe: { httpGet: { port: 9107 } },
};
const INSTALLED: DaemonSet = {
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'node-agent', namespace: 'kilofed', uid: 'u', resourceVersion: '7', generation: 2 },
  spec: { selector: {}, template: { spec: { containers: [AGENT, { name: 'beside' }] } } },
};

const pod = (node: string, more: { readonly status?: object; readonly containers?: AgentPod['spec']['containers'] } = {}): AgentPod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: `node-agent-${node}`, namespace: 'kilofed' },
  spec: { nodeName: node, containers: more.containers ?? CLEANED },
  status: { conditions: [{ type: 'Initialized', status: 'True' }], ...more.status },
});

const ending = (one: AgentPod): AgentPod => ({ ...one, metadata: { ...one.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } });

test('the pods that clean are those that are installed: image, arguments, folders; and nothing asks them whether they are agents', () => {
  expect(cleanUpPatch(INSTALLED)).toMatchObject({
    metadata: { uid: 'u', resourceVersion: '7' },
    spec: {
      updateStrategy: { rollingUpdate: { maxUnavailable: '100%', maxSurge: 0 } },
      template: {
        spec: {
          initContainers: [
            { name: 'clean-up', image: 'mine:1', args: [...AGENT.args, '--clean-up', '--purge'], volumeMounts: AGENT.volumeMounts },
          ],
          containers: [{ name: 'cleaned', image: 'mine:1' }],
        },
      },
    },
  });
  expect(JSON.stringify(cleanUpPatch(INSTALLED))).not.toContain('9107');
  const made = cleanUpDaemonSet({ namespace: 'kilofed', image: 'mine:1', cniFolder: '/etc/kubernetes/cni/net.d' });
  expect([cleansUp(INSTALLED), cleansUp(made), cleanUpPatch(made)]).toEqual([false, true, undefined]);
  for (const text of ['"virtual-kubelet"', '"fargate"']) expect(JSON.stringify(made)).toContain(text);
});

test.each([
  ['all are clean', { pods: [pod('a'), pod('b')] }, [], true],
  ['one is not there yet', { pods: [pod('a')] }, [], false],
  ['the agent still ends', { pods: [pod('a'), pod('b', { containers: [{ name: 'node-agent' }] })] }, ['its node-agent is ending'], false],
  [
    'an agent runs beside what cleans',
    { pods: [pod('a'), pod('b'), pod('b', { containers: [{ name: 'node-agent' }] })] },
    ['its node-agent is ending'],
    false,
  ],
  [
    'a node is away, with the pod that was to clean it',
    { pods: [pod('a'), pod('b', { status: { conditions: [] } })], away: ['b'] },
    ['the node is not ready'],
    false,
  ],
  [
    'a node is away, and its agent may run there',
    { pods: [pod('a'), pod('b', { containers: [{ name: 'node-agent' }] })], away: ['b'] },
    ['the node is not ready'],
    false,
  ],
  // As each is where Kilofed was the network plugin. Then Kubernetes says of its pods that they are not ready, either.
  [
    'a clean node is not ready',
    {
      pods: [
        pod('a'),
        pod('b', {
          status: {
            conditions: [
              { type: 'Initialized', status: 'True' },
              { type: 'Ready', status: 'False' },
            ],
          },
        }),
      ],
      away: ['a', 'b'],
    },
    [],
    true,
  ],
  // What cleans has ended; what comes after it does nothing.
  [
    'a node is clean, and the rest of its pod does not start',
    {
      pods: [
        pod('a'),
        pod('b', {
          status: {
            conditions: [{ type: 'Initialized', status: 'True' }],
            containerStatuses: [{ state: { waiting: { reason: 'RunContainerError' } } }],
          },
        }),
      ],
    },
    [],
    true,
  ],
  ['a pod that was clean is replaced', { pods: [pod('a'), ending(pod('b'))] }, ['it is being cleaned'], false],
  [
    'a pod is refused by the node',
    { pods: [pod('a'), pod('b', { status: { conditions: [], phase: 'Failed', reason: 'OutOfmemory', message: 'not enough' } })] },
    ['OutOfmemory: not enough'],
    false,
  ],
  [
    'something could not be removed',
    { pods: [pod('a'), pod('b', { status: { conditions: [], initContainerStatuses: [{ restartCount: 2 }] } })] },
    ['something could not be removed: kubectl -n kilofed logs node-agent-b -c clean-up'],
    false,
  ],
  [
    'the image cannot be had',
    {
      pods: [
        pod('a'),
        pod('b', {
          status: { conditions: [], initContainerStatuses: [{ state: { waiting: { reason: 'ErrImagePull', message: 'no' } } }] },
        }),
      ],
    },
    ['ErrImagePull: no'],
    false,
  ],
])('%s', (_name, seen: { readonly pods: readonly AgentPod[]; readonly away?: readonly string[] }, why, done) => {
  const daemonSet = { ...INSTALLED, status: { observedGeneration: 2, desiredNumberScheduled: 2 } };
  const progress = nodesProgress({ daemonSet, pods: seen.pods, away: new Set(seen.away) });
  expect([progress.waiting.map((each) => each.why), progress.done]).toEqual([why, done]);
});

test('nodes that should have a pod and have none are counted, as soon as it is known how many there are', () => {
  const progress = (observedGeneration: number): NodesProgress => {
    const daemonSet = { ...INSTALLED, status: { observedGeneration, desiredNumberScheduled: 3 } };
    return nodesProgress({ daemonSet, pods: [pod('a')], away: new Set() });
  };
  expect(progress(2)).toEqual({ clean: ['a'], waiting: [], missing: 2, done: false });
  expect(progress(1)).toEqual({ clean: ['a'], waiting: [], missing: 0, done: false });
});

test('what the controller of DaemonSets has not seen yet is not done', () => {
  const daemonSet = { ...INSTALLED, status: { observedGeneration: 1, desiredNumberScheduled: 1 } };
  expect(nodesProgress({ daemonSet, pods: [pod('a')], away: new Set() }).done).toBe(false);
});
