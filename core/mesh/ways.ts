/**
 * By which gateways a remote segment is reached, and which are not reached at all.
 */
import type { Neighbour } from './neighbours.js';
import type { Candidate } from './paths.js';
import type { Problem } from './plan.js';
import type { Segment } from './segments.js';
import { type Interfaces, isReachable } from './wireguard.js';

export interface WaysInput {
  readonly own: Segment;
  readonly neighbours: readonly Neighbour[];
  /** Of this mesh. */
  readonly planes: number;
  /** This node's own tunnels; undefined: it is no gateway. */
  readonly tunnels: (Pick<Interfaces, 'reached'> & { readonly slot: number }) | undefined;
}

/**
 * In order of preference: the own planes of a gateway, then the other gateways of its segment, by slot. A gateway goes by the others
 * when its own tunnels fail, or where it cannot have a peer of its own: the only interface of a gateway that runs Kilo knows our
 * slot 0 alone, or where a laptop has its tunnel with another.
 */
export function waysTo(segment: Segment, { own, neighbours, planes, tunnels }: WaysInput): Candidate[] {
  const peered = tunnels !== undefined && isPeered(segment, tunnels.slot, planes);
  const direct = peered ? (tunnels.reached.get(segment.name) ?? []).map((plane) => ({ slot: plane, nexthop: `plane/${plane}` })) : [];
  // A person's peer that was refused here is refused by the others, too.
  if (peered && direct.length === 0 && segment.kind === 'person') return [];
  const near = new Set(neighbours.map(({ node }) => node.metadata.name));
  const others = own.gateways.filter(({ name, slot }) => near.has(name) && isPeered(segment, slot, planes)).map(({ slot, name }) => ({ slot, nexthop: `node/${name}` }));
  return [...direct, ...others];
}

/** A problem for each remote segment that no gateway of the own one can have a tunnel to. */
export function unreachableSegments(own: Segment, remote: readonly Segment[], planes: number): Problem[] {
  if (own.gateways.length === 0 && remote.length > 0) {
    return [{ subject: `segment ${own.name}`, reason: 'NoGateway', message: 'none of its nodes has a gateway slot, so it reaches nothing outside: is the cluster-agent running, and may a node of it be a gateway?' }];
  }
  return remote
    .filter((segment) => !own.gateways.some(({ slot }) => isPeered(segment, slot, planes)))
    .map((segment) => ({
      subject: `segment ${segment.name}`,
      ...(segment.gateways.length === 0
        ? { reason: 'NoGateway', message: 'none of its nodes has a gateway slot, so nothing reaches it: is the cluster-agent running, and may a node of it be a gateway?' }
        : { reason: 'NoCommonPlane', message: `the gateways of ${own.name} and its own have no interface for each other's slots: run the same number of planes in both meshes` }),
    }));
}

/** Has our gateway in `ownSlot` an interface for some gateway of `segment`, and that one an interface for ours? */
function isPeered(segment: Segment, ownSlot: number, planes: number): boolean {
  return segment.gateways.some((gateway) => gateway.slot < planes && isReachable(gateway, segment, ownSlot));
}
