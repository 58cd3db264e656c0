/**
 * What the Nodes confirm of what agents say in their MeshNodes (core/mesh/believed.ts).
 */
import type { MeshNode } from '../core/api/meshNode.js';
import type { MeshSpec } from '../core/api/mesh.js';
import { confirmable } from '../core/host/discover.js';
import { believed, type Confirmed } from '../core/mesh/believed.js';
import { byAge } from '../core/mesh/segments.js';
import type { NodeFacts } from './facts.js';
import type { Trouble } from './nodeTroubles.js';

export interface Confirmation {
  /** As everyone will believe them. */
  readonly nodes: readonly MeshNode[];
  /** By node name: what is claimed in vain. */
  readonly doubts: ReadonlyMap<string, Trouble>;
}

/** `nodes`: those whose Node is among `facts`, each with its `status.confirmed`. */
export function confirm(nodes: readonly MeshNode[], facts: readonly NodeFacts[], mesh: MeshSpec): Confirmation {
  const objects = new Map(facts.map(({ name, object }) => [name, object]));
  const owners = keyOwners(nodes);
  const doubts = new Map<string, Trouble>();
  const confirmed = nodes.flatMap((node): MeshNode[] => {
    const { metadata: { name }, spec } = node;
    const object = objects.get(name);
    if (object === undefined) return [];
    const { gateway, ...said } = confirmable(object, mesh);
    const word: Confirmed = { ...(owners.get(spec.publicKey) === name ? { publicKey: spec.publicKey } : {}), ...said };
    // A slot is one of its segment: who moves does not bring it along, for there somebody else has it.
    const hasMoved = node.status?.confirmed !== undefined && node.status.confirmed.location !== word.location;
    const [known] = believed([{ ...node, status: { ...node.status, ...(hasMoved ? { slot: undefined } : {}), confirmed: word } }]);
    if (known === undefined) return [];
    const wishes = spec.gateway === 'preferred' && gateway !== 'preferred' ? 'auto' : spec.gateway;
    const trouble = doubtOf(spec, { ...known.spec, gateway: wishes });
    if (trouble !== undefined) doubts.set(name, trouble);
    return [{ ...known, spec: { ...known.spec, gateway: wishes } }];
  });
  return { nodes: confirmed, doubts };
}

/** Of nodes with one key the one that was confirmed to have it, else the oldest. */
function keyOwners(nodes: readonly MeshNode[]): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  const holds = ({ status, spec }: MeshNode): boolean => status?.confirmed?.publicKey === spec.publicKey;
  for (const { metadata, spec } of nodes.toSorted((a, b) => Number(holds(b)) - Number(holds(a)) || byAge(a, b))) {
    if (!owners.has(spec.publicKey)) owners.set(spec.publicKey, metadata.name);
  }
  return owners;
}

type Spec = MeshNode['spec'];
const CLAIMS = ['location', 'gateway', 'podCIDRs', 'internalIPs', 'endpoints', 'allowedLocationIPs'] as const satisfies readonly (keyof Spec)[];

function doubtOf(claimed: Spec, known: Spec): Trouble | undefined {
  const vain = CLAIMS.filter((field) => JSON.stringify(claimed[field]) !== JSON.stringify(known[field]));
  if (vain.length === 0) return undefined;
  return {
    reason: 'NotConfirmed',
    message: `its ${vain.join(', ')} are not what its Node says, and are left out: if this stays, somebody else than the node's agent may be writing here with its token`,
  };
}
