import { expect, test } from '@jest/globals';
import type { MeshNode } from '../api/meshNode.js';
import { cluster } from '../../test/fakes/mesh.js';
import type { NodeObject } from './discover.js';
import { lastAddresses } from './lastAddresses.js';

type Address = NonNullable<NonNullable<NodeObject['status']>['addresses']>[number];

const internal: Address = { type: 'InternalIP', address: '10.0.0.2' };
const external: Address = { type: 'ExternalIP', address: '203.0.113.2' };
const host: Address = { type: 'Hostname', address: 'a' };

function published(internalIPs: readonly string[] = ['10.0.0.2/24']): MeshNode {
  const [one] = cluster([{ name: 'a', internalIP: '10.0.0.2/24', endpoint: '203.0.113.2', podCIDR: '10.1.0.0/24' }], '10.4.0.0/16');
  if (one === undefined) throw new Error('one node');
  const verified = { location: '', podCIDRs: ['10.1.0.0/24'], internalIPs: ['10.0.0.2'], endpoints: ['203.0.113.2'] };
  return { ...one, spec: { ...one.spec, internalIPs: [...internalIPs] }, status: { ...one.status, verified } };
}

function node(addresses: readonly Address[], annotations: Readonly<Record<string, string>> = {}): NodeObject {
  return { metadata: { name: 'a', annotations }, status: { addresses: [...addresses] } };
}

test.each<[string, NodeObject, MeshNode | undefined, readonly string[] | undefined, readonly Address[]]>([
  ['report 13: a Node that says nothing keeps what it had', node([]), published(), undefined, [internal, external]],
  ['report 13: its InternalIP alone', node([host, external]), published(), ['10.0.0.2'], [host, external, internal]],
  ['what it says counts', node([internal]), published(), undefined, [internal]],
  ['not what the host no longer has', node([external]), published(), ['10.0.0.9'], [external]],
  ['not what its agent no longer claims', node([external]), published([]), undefined, [external]],
  ['nothing of a node that was never verified', node([]), undefined, undefined, []],
  [
    'nothing where it is written that there is none',
    node([external], { 'kilo.squat.ai/force-internal-ip': '-' }),
    published(),
    undefined,
    [external],
  ],
])('%s', (_what, ...[said, meshNode, held, expected]) => {
  expect(lastAddresses(said, meshNode, held).node.status?.addresses).toEqual(expected);
});
