/**
 * stagesOf: which changes of a host may be done at the same time.
 *
 * planChanges orders them so that traffic never breaks, and they are done in that order, with two exceptions. The peers of different
 * interfaces are independent. And on a host where nothing of ours directs packets yet, none can be lost: first all devices are made at the
 * same time, then everything that requires them. That takes as long as the longest part instead of the sum of all. It matters because a
 * prefix without its route or guard is still reached by the default route, in clear.
 */
import type { Change } from './change.js';
import type { HostState } from './state.js';

/** Changes to be done in this order. */
export type Track = readonly Change[];

/** Tracks that may be done at the same time. */
export type Stage = readonly Track[];

/** The stages, to be done one after the other; together they are `changes`. The host's state is the one before all of them. */
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
  /** Adjacent changes with the same stage are one stage. */
  readonly stage: string;
  readonly track: string;
}

function inOrder(change: Change): Place {
  return change.kind === 'peer.set' || change.kind === 'peer.delete'
    ? { stage: change.kind, track: change.interface }
    : { stage: 'in order', track: '' };
}

function inEmptyHost(change: Change): Place {
  switch (change.kind) {
    case 'wireguard.add':
    case 'wireguard.configure':
    case 'link.set':
      return { stage: 'devices', track: change.name };
    case 'device.add':
      return { stage: 'devices', track: change.device.name };
    case 'peer.set':
      return { stage: 'contents', track: change.interface };
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
