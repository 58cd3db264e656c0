/**
 * What a node sees of its tunnels now: those to gateways, by plan and probes. Tunnels to external peers are not probed, so they are not
 * among them.
 */
import type { ReportedLink } from '../api/gatewayReport.js';
import type { LinkReason } from '../api/links.js';
import type { Choices } from '../failover/choices.js';
import type { PathStatus } from '../failover/effects.js';
import { nexthopName } from '../mesh/nexthopName.js';
import type { NodePlan, WireguardPeer } from '../mesh/plan.js';
import { type PathName, pathName } from '../mesh/probing.js';

/** A planned tunnel to a gateway. */
interface PlannedLink {
  /** The name of its device. */
  readonly device: string;
  readonly plane: number;
  readonly peer: WireguardPeer;
  /** One of the two ends knows where to send. */
  readonly hasEndpoint: boolean;
  /** What probes say; absent: the far end answers none, as one that runs Kilo. */
  readonly path?: PathStatus;
}

export type FailingLink = PlannedLink & { readonly path: PathStatus };

export interface SeenLink extends Pick<ReportedLink, 'segment' | 'member' | 'slot' | 'peer' | 'endpoint' | 'state' | 'inUse' | 'reason'> {
  /** For how long it has been in its state, milliseconds. */
  readonly forMs: number;
  /** Absent: it does not work. */
  readonly figures?: {
    /** The shortest round trip of the last while, milliseconds; absent: none is known. */
    readonly rttMs?: number;
    /** Share of probes without an answer. */
    readonly loss: number;
  };
}

export function plannedLinks(
  { interfaces, problems }: Pick<NodePlan, 'interfaces' | 'problems'>,
  paths: readonly PathStatus[],
): readonly PlannedLink[] {
  const lost = new Set(
    problems.flatMap(({ reason, subject }) => (reason === 'NoEndpoint' && subject.kind === 'gateway' ? [subject.name] : [])),
  );
  const byName = new Map<PathName, PathStatus>(paths.map((status) => [status.path.name, status]));
  return interfaces.flatMap(({ name, plane, peers }) =>
    peers
      .filter(({ owner }) => owner.kind === 'gateway')
      .map((peer): PlannedLink => {
        const path = byName.get(pathName({ kind: 'tunnel', slot: plane, segment: peer.segment }));
        return { device: name, plane, peer, hasEndpoint: !lost.has(peer.owner.name), ...(path === undefined ? {} : { path }) };
      }),
  );
}

export function isFailing(link: PlannedLink): link is FailingLink {
  return link.path?.state === 'down';
}

/** Its tunnel works, and leads nowhere. */
export const NOT_FORWARDING: LinkReason = 'NotForwarding';

/** `reason`: why it fails; of no use where it does not. A gateway that answers and forwards nothing leads nowhere. */
export function seenLink({ plane, peer, path }: PlannedLink, choices: Choices, reason: LinkReason | undefined): SeenLink {
  const { segment, member, owner, endpoint } = peer;
  const common = {
    segment,
    ...(member === undefined ? {} : { member }),
    slot: plane,
    peer: owner.name,
    ...(endpoint === undefined ? {} : { endpoint }),
    inUse: choices.get(segment)?.includes(nexthopName({ kind: 'plane', slot: plane })) === true,
  };
  if (path === undefined || path.state === 'new') return { ...common, state: 'unknown', forMs: path?.forMs ?? Number.POSITIVE_INFINITY };
  if (path.state === 'down') return { ...common, state: 'down', forMs: path.forMs, ...(reason === undefined ? {} : { reason }) };
  const { forMs, leastRttMs: rttMs, loss, notForwarding } = path;
  // It began just now, or is known already.
  if (notForwarding === true) return { ...common, state: 'down', forMs: 0, reason: NOT_FORWARDING };
  return { ...common, state: 'up', forMs, figures: { ...(rttMs === undefined ? {} : { rttMs }), loss } };
}
