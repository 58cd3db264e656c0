/**
 * The paths to each remote segment, and the segments that have none.
 */
import type { RemotePath } from './routing.js';
import type { Problem } from '../api/problem.js';
import type { Segment } from './segments.js';
import { type Interfaces, isReachable } from './wireguard.js';

interface RemotePathsInput {
  readonly own: Segment;
  /** Names of the other nodes of the location. */
  readonly near: ReadonlySet<string>;
  /** Of this mesh. */
  readonly planes: number;
  /** This node's own tunnels; undefined: it is no gateway. */
  readonly tunnels: (Pick<Interfaces, 'reached'> & { readonly slot: number }) | undefined;
}

/**
 * In order of preference: on a gateway its own planes, then the other gateways of its segment, by slot. A gateway uses the others when its
 * own tunnels fail, when it cannot have a peer of its own (a gateway that runs Kilo has one interface, for our slot 0), or when an external
 * peer has its tunnel with another one.
 */
export function remotePaths(segment: Segment, { own, near, planes, tunnels }: RemotePathsInput): RemotePath[] {
  const peered = tunnels !== undefined && isPeered(segment, tunnels.slot, planes);
  const direct = peered ? (tunnels.reached.get(segment.name) ?? []).map((plane): RemotePath => ({ kind: 'plane', slot: plane })) : [];
  // An external peer that is refused here is refused by the other gateways, too.
  if (peered && direct.length === 0 && segment.kind === 'externalPeer') return [];
  const others = own.gateways
    .filter(({ name, slot }) => near.has(name) && isPeered(segment, slot, planes))
    .map(({ slot, name }): RemotePath => ({ kind: 'node', slot, node: name }));
  return [...direct, ...others];
}

/** A problem for each remote segment to which no gateway of the own segment can have a tunnel. */
export function unreachableSegments(own: Segment, remote: readonly Segment[], planes: number): Problem[] {
  if (own.gateways.length === 0 && remote.length > 0) {
    return [
      {
        subject: { kind: 'segment', name: own.name },
        reason: 'NoGateway',
        message: 'none of its nodes has a gateway slot, so it reaches nothing outside',
        remedy: MAY_BE_GATEWAY,
      },
    ];
  }
  return remote
    .filter((segment) => !own.gateways.some(({ slot }) => isPeered(segment, slot, planes)))
    .map((segment) => ({
      subject: { kind: 'segment' as const, name: segment.name },
      ...(segment.gateways.length === 0
        ? {
            reason: 'NoGateway' as const,
            message: 'none of its nodes has a gateway slot, so nothing reaches it',
            remedy: MAY_BE_GATEWAY,
          }
        : {
            reason: 'NoCommonPlane' as const,
            message: `the gateways of ${own.name} and its own have no interface for each other's slots`,
            remedy: 'run the same number of planes in both meshes',
          }),
    }));
}

const MAY_BE_GATEWAY = 'is the cluster-agent running, and may a node of it be a gateway?';

/** Whether our gateway in `ownSlot` and some gateway of `segment` have interfaces for each other. */
function isPeered(segment: Segment, ownSlot: number, planes: number): boolean {
  return segment.gateways.some((gateway) => gateway.slot < planes && isReachable(gateway, segment, ownSlot));
}
