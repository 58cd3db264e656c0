/**
 * Checks what node-agents say in their MeshNodes against their Nodes (core/mesh/verified.ts).
 */
import type { MeshNode } from '../core/api/meshNode.js';
import type { MeshSpec } from '../core/api/meshSpec.js';
import type { Problem } from '../core/api/problem.js';
import { verifiable } from '../core/host/discover.js';
import { lastAddresses } from '../core/host/lastAddresses.js';
import { verifiedNodes, type Verified } from '../core/mesh/verified.js';
import { byAge } from '../core/mesh/segments.js';
import type { NodeFacts } from './facts.js';
import type { PodAssignment } from './podRanges/assignPods.js';

interface Verification {
  /** As all planners will see them. */
  readonly nodes: readonly MeshNode[];
  /** By node name: the claims that the Node does not bear out. */
  readonly refuted: ReadonlyMap<string, Problem>;
}

interface Known {
  readonly nodes: readonly NodeFacts[];
  /** By node name: the ranges of pods that others than their Nodes say. */
  readonly pods?: ReadonlyMap<string, PodAssignment>;
}

/** `nodes`: those whose Node is among the `known` ones, each with its `status.verified` and `status.assignedPods`. */
export function verifyNodes(nodes: readonly MeshNode[], { nodes: facts, pods }: Known, mesh: MeshSpec): Verification {
  const objects = new Map(facts.map(({ name, object }) => [name, object]));
  const owners = keyOwners(nodes);
  const refuted = new Map<string, Problem>();
  const verified = nodes.flatMap((node): MeshNode[] => {
    const {
      metadata: { name },
      spec,
    } = node;
    const object = objects.get(name);
    if (object === undefined) return [];
    const { gateway, ...said } = verifiable(lastAddresses(object, node).node, mesh);
    const status: Verified = { ...(owners.get(spec.publicKey) === name ? { publicKey: spec.publicKey } : {}), ...said };
    // A slot belongs to a segment: a node that moves to another one loses it.
    const hasMoved = node.status?.verified !== undefined && node.status.verified.location !== status.location;
    const assignedPods = pods?.get(name)?.assigned;
    const [known] = verifiedNodes([
      { ...node, status: { ...node.status, ...(hasMoved ? { slot: undefined } : {}), verified: status, assignedPods } },
    ]);
    if (known === undefined) return [];
    const effective = gatewayOf(spec.gateway, gateway);
    const podCIDRs = spec.podCIDRs.filter((each) => said.podCIDRs.includes(each));
    const problem = refutedClaims(name, spec, { ...known.spec, podCIDRs, gateway: effective });
    if (problem !== undefined) refuted.set(name, problem);
    return [{ ...known, spec: { ...known.spec, gateway: effective } }];
  });
  return { nodes: verified, refuted };
}

/** What the Node says holds, except that an agent may decline by itself. */
function gatewayOf(claimed: Gateway, said: Gateway): Gateway {
  if (said === 'never') return said;
  return claimed === 'preferred' && said !== 'preferred' ? 'auto' : claimed;
}

/** Of several nodes with one key: the one that was verified to have it, else the oldest. */
function keyOwners(nodes: readonly MeshNode[]): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  const holds = ({ status, spec }: MeshNode): boolean => status?.verified?.publicKey === spec.publicKey;
  for (const { metadata, spec } of nodes.toSorted((a, b) => Number(holds(b)) - Number(holds(a)) || byAge(a, b))) {
    if (!owners.has(spec.publicKey)) owners.set(spec.publicKey, metadata.name);
  }
  return owners;
}

type Spec = MeshNode['spec'];
type Gateway = Spec['gateway'];
const CLAIMS = [
  'location',
  'gateway',
  'podCIDRs',
  'internalIPs',
  'endpoints',
  'allowedLocationIPs',
] as const satisfies readonly (keyof Spec)[];

function refutedClaims(name: string, claimed: Spec, known: Spec): Problem | undefined {
  const refuted = CLAIMS.filter((field) => JSON.stringify(claimed[field]) !== JSON.stringify(known[field]));
  if (refuted.length === 0) return undefined;
  return {
    subject: { kind: 'node', name },
    reason: 'NotVerified',
    message: `its ${refuted.join(', ')} are not what its Node says, and are left out`,
    remedy: "if this stays, somebody else than the node's agent may be writing here with its token",
  };
}
