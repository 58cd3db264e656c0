/**
 * Links as rows of tables: one for each direction between two segments, one for each tunnel, or one for each pair of members.
 */
import type { FederationStatus } from '../core/api/status.js';
import { GRAVEST_STATES } from '../core/links/gravest.js';

export type Link = FederationStatus['links'][number];
type Plane = Link['planes'][number];

/** Of all links from one member to another, that of the gravest. Undefined: there is none. */
export function stateOfLinks(links: readonly Link[]): Link['state'] | undefined {
  return GRAVEST_STATES.find((state) => links.some((link) => link.state === state));
}

export const LINK_COLUMNS = ['FROM', 'TO', 'STATE', 'SLOTS IN USE', 'RTT', 'LOSS', 'SINCE', 'REASON'];

export function linkRow(link: Link): string[] {
  const inUse = link.planes.filter((plane) => plane.inUse);
  const slots = [...new Set(inUse.map(({ slot }) => slot))].toSorted((a, b) => a - b);
  return [
    endText(link.from),
    endText(link.to),
    link.state,
    slots.length === 0 ? '-' : slots.join(', '),
    rttOf(inUse),
    lossOf(inUse),
    link.since ?? '-',
    link.reason ?? '',
  ];
}

export const TUNNEL_COLUMNS = ['FROM', 'TO', 'SLOT', 'GATEWAY', 'PEER', 'ENDPOINT', 'STATE', 'IN USE', 'RTT', 'LOSS', 'SINCE', 'REASON'];

/** One for each tunnel of a link; one without tunnels if nobody reports on it. */
export function tunnelRows(link: Link): string[][] {
  const ends = [endText(link.from), endText(link.to)];
  if (link.planes.length === 0) return [[...ends, '-', '-', '-', '-', link.state, '-', '-', '-', '-', '']];
  return link.planes.map((plane) => [
    ...ends,
    String(plane.slot),
    plane.node,
    plane.peer,
    plane.endpoint ?? 'dials us',
    plane.state,
    plane.inUse ? 'yes' : 'no',
    rttOf([plane]),
    lossOf([plane]),
    plane.since,
    plane.reason ?? '',
  ]);
}

/** The longest of the tunnels. Figures are upper bounds. */
export function rttOf(planes: readonly Plane[]): string {
  const all = planes.flatMap(({ rttMilliseconds }) => rttMilliseconds ?? []);
  return all.length === 0 ? '-' : `${Math.max(...all)} ms`;
}

function lossOf(planes: readonly Plane[]): string {
  const all = planes.flatMap(({ lossPercent }) => lossPercent ?? []);
  return all.length === 0 ? '-' : `${Math.max(...all)} %`;
}

/** `east lyon`, `east (default)`, `east node:a1`. */
function endText({ member, segment }: Link['from']): string {
  const location = segment.startsWith('location:') ? segment.slice('location:'.length) : segment;
  return `${member} ${location === '' ? '(default)' : location}`;
}
