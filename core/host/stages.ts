/**
 * stagesOf: which of the changes of a host may be done at the same time.
 *
 * planChanges has put them into an order in which traffic never breaks, and in that order they are done, but for two cases.
 * No interface needs to know what another's peers are. And where nothing of ours steers a packet yet there is none to lose: the
 * devices are made at the same time, and then what stands on them. That takes as long as the longest part instead of the sum of
 * all; and a prefix has its route or guard the sooner, until which its packets leave by the default route, in clear.
 */
import type { Change } from './change.js';
import type { HostState } from './state.js';

/** Changes to be done in their order. */
export type Track = readonly Change[];

/** Tracks that may be followed at the same time. */
export type Stage = readonly Track[];

/** The stages, to be done one after the other; together they are `changes`. `state` is of the host before all of them. */
export function stagesOf(changes: readonly Change[], { links, routes }: Pick<HostState, 'links' | 'routes'>): readonly Stage[] {
  const placeOf = links.size === 0 && routes.size === 0 ? inEmptyHost : inOrder;
  const stages: { readonly name: string; readonly tracks: Map<string, Change[]> }[] = [];
  for (const change of changes) {
    const { stage: name, track } = placeOf(change);
    if (stages.at(-1)?.name !== name) stages.push({ name, tracks: new Map() });
    const tracks = stages.at(-1)?.tracks;
    const before = tracks?.get(track);
    if (before === undefined) tracks?.set(track, [change]);
    else before.push(change);
  }
  return stages.map(({ tracks }) => [...tracks.values()]);
}

interface Place {
  /** Neighbours with one name are one stage. */
  readonly stage: string;
  readonly track: string;
}

function inOrder(change: Change): Place {
  return change.kind === 'peer.set' || change.kind === 'peer.delete' ? { stage: change.kind, track: change.interface } : { stage: 'in order', track: '' };
}

function inEmptyHost(change: Change): Place {
  switch (change.kind) {
    case 'wireguard.add':
    case 'wireguard.configure':
    case 'link.set':
      return { stage: 'devices', track: change.name };
    case 'vxlan.add':
    case 'ipip.add':
      return { stage: 'devices', track: change.device.name };
    case 'peer.set':
      return { stage: 'contents', track: change.interface };
    case 'firewall.set':
      return { stage: 'contents', track: 'packet filter' };
    case 'address.add':
    case 'neighbour.set':
    case 'fdb.set':
    case 'nexthop.set':
    case 'group.set':
    case 'route.set':
    case 'rule.add':
      return { stage: 'contents', track: 'routing' };
    default:
      return inOrder(change);
  }
}
