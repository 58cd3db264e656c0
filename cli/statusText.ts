/**
 * FederationStatus as text for people: tables, then what is wrong and what to do about it.
 */
import type { FederationProblem, FederationStatus } from '../core/api/status.js';
import { renderTable } from '../core/render/table.js';

type Member = FederationStatus['members'][number];
type Segment = Member['segments'][number];
type Pair = FederationStatus['pairs'][number];
type Service = FederationStatus['services'][number];

interface Detail {
  /** Names, addresses and keys too, and every link. */
  readonly wide: boolean;
}

/** Above so many links, those that are as they should be are only counted. */
const LINKS_SHOWN = 20;

const NO_MEMBERS = `A member is a Secret in the hub's namespace, labelled kilofed.io/cluster=<id>, that holds a kubeconfig:

  kubectl -n kilofed create secret generic member-east --from-file=kubeconfig=east.kubeconfig
  kubectl -n kilofed label secret member-east kilofed.io/cluster=east
`;

export function statusText(status: FederationStatus, findings: readonly FederationProblem[], detail: Detail): string {
  const parts = [
    headline(status, findings),
    ...(status.members.length === 0
      ? [NO_MEMBERS]
      : [members(status.members, detail), segments(status.members, detail), gateways(status.members, detail)]),
    links(status.pairs, detail),
    services(status.services),
    problems(findings),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function headline({ hub, members: all, services: exported }: FederationStatus, findings: readonly FederationProblem[]): string {
  const nodes = all.flatMap((member) => member.segments.flatMap((segment) => segment.nodes)).length;
  const state = findings.length === 0 ? 'all is well' : count(findings.length, 'problem');
  const size = [count(all.length, 'member'), count(nodes, 'node'), count(exported.length, 'exported service')].join(', ');
  return `${all.length === 0 ? 'no members' : `${size}: ${state}`}\nhub ${hub.version}, up ${duration(hub.uptimeSeconds)}, queue in ${hub.queue.kind}\n`;
}

function members(all: readonly Member[], { wide }: Detail): string {
  const header = ['STATE', 'KUBERNETES', 'NODES', 'POD CIDRS', 'SERVICE CIDRS', 'PEERS', 'SERVICES', 'SLICES'];
  const rows = all.map((member) => [
    member.id,
    member.state,
    member.kubernetesVersion ?? '-',
    String(member.segments.reduce((sum, segment) => sum + segment.nodes.length, 0)),
    list(member.podCIDRs),
    list(member.serviceCIDRs),
    String(member.written.peers),
    String(member.written.services),
    String(member.written.slices),
    ...(wide ? [list(member.meshCIDRs), member.server ?? '-'] : []),
  ]);
  return table(['MEMBER', ...header, ...(wide ? ['MESH CIDRS', 'SERVER'] : [])], rows);
}

function segments(all: readonly Member[], { wide }: Detail): string {
  const rows = all.flatMap(({ id, segments: own }) =>
    own.map((segment) => [
      id,
      location(segment),
      wide ? list(segment.nodes) : String(segment.nodes.length),
      list(segment.gateways.map(({ slot, node }) => `${slot}:${node}`)),
      ...(wide ? [list(segment.allowedIPs)] : []),
    ]),
  );
  return table(['MEMBER', 'LOCATION', 'NODES', 'GATEWAYS BY SLOT', ...(wide ? ['ALLOWED IPS'] : [])], rows);
}

function gateways(all: readonly Member[], { wide }: Detail): string {
  if (!wide) return '';
  const rows = all.flatMap(({ id, segments: own }) =>
    own.flatMap((segment) =>
      segment.gateways.map(({ slot, node, endpoint, publicKey }) => [id, location(segment), String(slot), node, endpoint ?? 'dials only', publicKey]),
    ),
  );
  return table(['MEMBER', 'LOCATION', 'SLOT', 'GATEWAY', 'ENDPOINT', 'PUBLIC KEY'], rows);
}

function location(segment: Segment): string {
  return segment.location === '' ? '(default)' : segment.location;
}

/** One line per pair of members, both directions in it. */
function links(pairs: readonly Pair[], { wide }: Detail): string {
  const byName = new Map(pairs.map((pair) => [`${pair.from}/${pair.to}`, pair]));
  const both = pairs
    .filter((pair) => pair.from < pair.to || !byName.has(`${pair.to}/${pair.from}`))
    .map((there) => ({ there, back: byName.get(`${there.to}/${there.from}`) }));
  const well = both.filter(({ there, back }) => there.state === 'linked' && back?.state === 'linked').length;
  const all = wide || both.length <= LINKS_SHOWN;
  const shown = all ? both : both.filter(({ there, back }) => there.state !== 'linked' || back?.state !== 'linked');
  const rows = shown.map(({ there, back }) => [
    `${there.from} - ${there.to}`,
    there.state === (back?.state ?? there.state) ? there.state : `${there.state}, back ${back?.state ?? '-'}`,
    `${there.peers} - ${back?.peers ?? 0}`,
    there.reason ?? back?.reason ?? '',
  ]);
  const shownTable = table(['LINK', 'STATE', 'PEERS', 'REASON'], rows);
  return all ? shownTable : `${count(well, 'link')} as they should be\n${shownTable}`;
}

function services(all: readonly Service[]): string {
  const rows = all.map(({ namespace, name, exporters, importers }) => [
    `${namespace}/${name}`,
    list(exporters.map(({ cluster, endpoints, ready }) => `${cluster} (${ready}/${endpoints} ready)`)),
    list(importers.map((importer) => importerText(importer, name))),
  ]);
  return table(['SERVICE', 'EXPORTED BY', 'MIRRORED IN'], rows);
}

function importerText({ cluster, state, service, reason }: Service['importers'][number], name: string): string {
  if (state === 'mirrored') return service === undefined || service === name ? cluster : `${cluster} as ${service}`;
  return reason === undefined ? `${cluster} (${state})` : `${cluster} (${state}: ${reason})`;
}

function problems(findings: readonly FederationProblem[]): string {
  if (findings.length === 0) return '';
  const texts = findings.map(({ cluster, subject, reason, message }) => `  ${cluster}, ${subject}: ${reason}\n    ${message}\n`);
  return `PROBLEMS\n${texts.join('')}`;
}

/** Nothing where there is nothing to show. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : `${renderTable(header, rows)}\n`;
}

function list(texts: readonly string[]): string {
  return texts.length === 0 ? '-' : texts.join(', ');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** `42s`, `3m`, `5h`, `12d`: one unit is enough to see a restart. */
function duration(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
