import { expect, test } from '@jest/globals';
import type { MeshSpec } from '../core/api/meshSpec.js';
import type { PathStatus } from '../core/failover/effects.js';
import { meshNode } from '../test/host/agentSetting.js';
import { silentNeighbours } from './silentNeighbours.js';

const OWN = meshNode('a', 'one', 0);
const OTHER = { ...meshNode('b', 'one', 0), spec: { ...meshNode('b', 'one', 0).spec, internalIPs: ['10.0.0.3/24'] } };
const SILENT: PathStatus = {
  path: {
    ...{ kind: 'lan', node: 'b', name: 'lan/b', slot: 0, from: 51810 },
    targets: [{ name: 'b', publicKey: 'key of b', address: '10.4.0.2' }],
  },
  ...{ state: 'down', inUse: true, forMs: 60_000, loss: 1 },
};

interface Given {
  readonly paths?: readonly PathStatus[];
  readonly answers?: readonly string[];
  readonly mesh?: Partial<MeshSpec>;
  readonly other?: typeof OTHER;
}

async function found({ paths = [SILENT], answers = ['10.0.0.3'], mesh = {}, other = OTHER }: Given): Promise<readonly string[]> {
  const problems = await silentNeighbours({
    mesh: { encapsulation: 'crosssubnet', encapsulationType: 'vxlan', ...mesh },
    own: OWN,
    nodes: [OWN, other],
    paths,
    knock: (address) => Promise.resolve(answers.includes(address)),
  });
  return problems.map(({ reason, message, remedy }) => `${reason}: ${message}: ${remedy}`);
}

test('report 25: a network that drops pod addresses is suspected where a neighbour answers at its own address only', async () => {
  expect(await found({})).toEqual([
    'NetworkSuspected: b answers at its own address 10.0.0.3 and not at its mesh address 10.4.0.2: the network between drops packets of ' +
      'other addresses than those of nodes, or no node-agent has run there since it started: ' +
      'if the network does, let the Mesh say encapsulation: always',
  ]);
  expect(await found({ mesh: { encapsulation: 'never' } })).toHaveLength(1);
});

test.each<[string, Given]>([
  ['that answers at both', { answers: ['10.0.0.3', '10.4.0.2'] }],
  ['that is dead', { answers: [] }],
  ['to which packets go in VXLAN', { mesh: { encapsulation: 'always' } }],
  ['in another subnet, to which they go in VXLAN, too', { other: { ...OTHER, spec: { ...OTHER.spec, internalIPs: ['10.0.1.3/24'] } } }],
  ['that the network plugin reaches', { mesh: { encapsulationType: 'flannel' } }],
  ['that has been silent for moments', { paths: [{ ...SILENT, forMs: 59_000 }] }],
  ['that answers probes', { paths: [{ ...SILENT, state: 'up' }] }],
])('report 25: nothing is said of a neighbour %s', async (_what, given) => {
  expect(await found(given)).toEqual([]);
});
