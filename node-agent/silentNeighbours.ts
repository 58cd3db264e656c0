/**
 * Networks that take packets of nodes and drop those of pods and of the mesh, such as clouds that check the source of a packet: there a
 * neighbour in the same subnet answers at its own address, and at its mesh address it does not.
 */
import type { MeshNode } from '../core/api/meshNode.js';
import type { MeshSpec } from '../core/api/meshSpec.js';
import type { Problem } from '../core/api/problem.js';
import type { PathStatus } from '../core/failover/effects.js';
import { addressOf, contains, parseCidr } from '../core/net/cidr.js';
import type { Knock } from './report/knock.js';

interface Neighbourhood {
  readonly mesh: Pick<MeshSpec, 'encapsulation' | 'encapsulationType'>;
  readonly own: MeshNode;
  readonly nodes: readonly MeshNode[];
  readonly paths: readonly PathStatus[];
  readonly knock: Knock;
}

/** One problem at most. Asks a few of the gateways of the own location that have not answered for a minute. */
export async function silentNeighbours({ mesh, own, nodes, paths, knock }: Neighbourhood): Promise<readonly Problem[]> {
  if (mesh.encapsulation === 'always' || !OURS.includes(mesh.encapsulationType)) return [];
  const silent = paths.filter(({ path, state, forMs }) => path.kind === 'lan' && state === 'down' && forMs >= PATIENCE_MS);
  for (const { path } of silent.slice(0, MOST)) {
    const [target] = path.targets;
    const address = plainAddress(
      own,
      nodes.find(({ metadata }) => metadata.name === target?.name),
    );
    if (target === undefined || address === undefined || !(await knock(address)) || (await knock(target.address))) continue;
    return [
      {
        subject: { kind: 'node', name: own.metadata.name },
        reason: 'NetworkSuspected',
        message:
          `${target.name} answers at its own address ${address} and not at its mesh address ${target.address}: ` +
          'the network between drops packets of other addresses than those of nodes, or no node-agent has run there since it started',
        remedy: 'if the network does, let the Mesh say encapsulation: always',
      },
    ];
  }
  return [];
}

/** Encapsulations that are ours to choose. */
const OURS: readonly MeshSpec['encapsulationType'][] = ['vxlan', 'ipip'];
const PATIENCE_MS = 60_000;
const MOST = 3;

/** Of a node in one of our networks, to which packets go as they are. */
function plainAddress(own: MeshNode, other: MeshNode | undefined): string | undefined {
  const networks = own.spec.internalIPs.flatMap((text) => parseCidr(text) ?? []);
  return other?.spec.internalIPs
    .flatMap((text) => addressOf(text) ?? [])
    .find((address) => {
      const cidr = parseCidr(address);
      return cidr !== undefined && networks.some((network) => contains(network, cidr));
    });
}
