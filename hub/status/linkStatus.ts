/**
 * The links between members, for the status: both directions of each pair, as the gateways at their beginning report them.
 */
import type { FederationStatus } from '../../core/api/status.js';
import { type DirectedLink, directedLinks, type LinkSources } from './directedLinks.js';

type LinkStatus = FederationStatus['links'][number];

/** Where there are more, those that are up are left out. */
const MOST = 5_000;

/** Of the segments of every member to those of every other. Sorted by members, then by segments. */
export function linkStatus(sources: LinkSources): LinkStatus[] {
  const ids = sources.federation.ids().filter((id) => sources.federation.known(id) !== undefined);
  const all = ids.flatMap((from) =>
    ids.flatMap((to) => (to === from ? [] : directedLinks(from, to, sources).map((link) => ({ members: { from, to }, link })))),
  );
  const told = all.length <= MOST ? all : all.filter(({ link }) => link.link.state !== 'up').slice(0, MOST);
  return told.map(({ members, link }) => statusOf(members, link));
}

function statusOf(members: { readonly from: string; readonly to: string }, { from, to, link }: DirectedLink): LinkStatus {
  return {
    from: { member: members.from, segment: from },
    to: { member: members.to, segment: to },
    state: link.state,
    ...(link.since !== undefined && { since: link.since }),
    ...(link.reason !== undefined && { reason: link.reason }),
    planes: link.planes.map((plane) => ({ ...plane })),
  };
}
