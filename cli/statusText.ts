/**
 * FederationStatus as text for people: tables, then what is wrong and what to do about it.
 */
import { type Problem, subjectText } from '../core/api/problem.js';
import type { FederationStatus } from '../core/api/status.js';
import { groupByName } from '../core/mesh/groupByName.js';
import { type Link, rttOf, stateOfLinks } from './linkRows.js';
import { printableTexts } from '../core/text/printable.js';
import { renderTable } from '../core/render/table.js';

type Member = FederationStatus['members'][number];
type Segment = Member['segments'][number];
type Pair = FederationStatus['pairs'][number];
type Service = FederationStatus['services'][number];

interface Detail {
  /** With names, addresses and keys, and every link. */
  readonly wide: boolean;
}

/** If there are more links, the good ones are only counted. */
const LINKS_SHOWN = 20;

const NO_MEMBERS = `A member is a Secret in the hub's namespace, labelled kilofed.io/cluster=<id>, that holds a kubeconfig:

  kubectl -n kilofed create secret generic member-east --from-file=kubeconfig=east.kubeconfig
  kubectl -n kilofed label secret member-east kilofed.io/cluster=east
`;

export function statusText(told: FederationStatus, detail: Detail): string {
  const status = printableTexts(told);
  const parts = [
    headline(status),
    ...(status.members.length === 0
      ? [NO_MEMBERS]
      : [members(status.members, detail), segments(status.members, detail), gateways(status.members, detail)]),
    links(status, detail),
    services(status.services),
    problems(status.problems),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function headline({ hub, members: all, services: exported, problems: found }: FederationStatus): string {
  const nodes = all.flatMap((member) => member.segments.flatMap((segment) => segment.nodes)).length;
  const state = found.length === 0 ? 'all is well' : count(found.length, 'problem');
  const size = [count(all.length, 'member'), count(nodes, 'node'), count(exported.length, 'exported service')].join(', ');
  const federation = all.length === 0 ? 'no members' : `${size}: ${state}`;
  return `${federation}\nhub ${hub.version}, up ${duration(hub.uptimeSeconds)}, queue in ${hub.queue.kind}\n`;
}

function members(all: readonly Member[], { wide }: Detail): string {
  const header = ['STATE', 'KUBERNETES', 'NODES', 'POD CIDRS', 'SERVICE CIDRS', 'PEERS', 'SERVICES', 'SLICES'];
  const rows = all.map((member) => [
    member.id,
    [member.state, ...(member.drain === undefined ? [] : ['drained']), ...(member.cordoned ? ['cordoned'] : [])].join(', '),
    member.kubernetesVersion ?? '-',
    String(member.segments.reduce((sum, segment) => sum + segment.nodes.length, 0)),
    list(member.podCIDRs),
    list(member.serviceCIDRs),
    String(member.written.peers),
    String(member.written.services),
    String(member.written.slices),
    ...(wide ? [list(member.meshCIDRs), member.server ?? '-', member.clusterUid ?? '-', credentials(member)] : []),
  ]);
  return table(['MEMBER', ...header, ...(wide ? ['MESH CIDRS', 'SERVER', 'CLUSTER UID', 'CREDENTIALS'] : [])], rows);
}

/** For how long the hub can still ask it. */
function credentials({ credentials: known }: Member): string {
  if (known === undefined) return '-';
  return known.daysLeft < 0 ? 'ended' : `end in ${count(known.daysLeft, 'day')}`;
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
      segment.gateways.map(({ slot, node, endpoint, publicKey }) => [
        id,
        location(segment),
        String(slot),
        node,
        endpoint ?? 'dials only',
        publicKey,
      ]),
    ),
  );
  return table(['MEMBER', 'LOCATION', 'SLOT', 'GATEWAY', 'ENDPOINT', 'PUBLIC KEY'], rows);
}

function location(segment: Segment): string {
  return segment.location === '' ? '(default)' : segment.location;
}

/** One line per pair of members, for both directions. */
function links({ pairs, links: tunnels }: FederationStatus, { wide }: Detail): string {
  const byName = new Map(pairs.map((pair) => [`${pair.from}/${pair.to}`, pair]));
  const between = linksByPair(tunnels);
  const both = pairs
    .filter((pair) => pair.from < pair.to || !byName.has(`${pair.to}/${pair.from}`))
    .map((there) => {
      const back = byName.get(`${there.to}/${there.from}`);
      const [out, home] = [`${there.from}/${there.to}`, `${there.to}/${there.from}`].map((name) => between.get(name) ?? []);
      return { there, back, states: [stateOf(there, out), stateOf(back, home)], planes: [...(out ?? []), ...(home ?? [])] };
    });
  const isWell = ({ states }: (typeof both)[number]): boolean => states.every((state) => state === 'up');
  const all = wide || both.length <= LINKS_SHOWN;
  const shown = all ? both : both.filter((each) => !isWell(each));
  const rows = shown.map(({ there, back, states: [out = '-', home = '-'], planes }) => [
    `${there.from} - ${there.to}`,
    out === home ? out : `${out}, back ${home}`,
    `${there.peers} - ${back?.peers ?? 0}`,
    rttOf(planes.flatMap((link) => link.planes.filter(({ inUse }) => inUse))),
    there.reason ?? back?.reason ?? planes.find(({ reason }) => reason !== undefined)?.reason ?? '',
  ]);
  const shownTable = table(['LINK', 'STATE', 'PEERS', 'RTT', 'REASON'], rows);
  return all ? shownTable : `${count(both.filter(isWell).length, 'link')} up\n${shownTable}`;
}

function linksByPair(all: readonly Link[]): ReadonlyMap<string, readonly Link[]> {
  return new Map(groupByName(all, ({ from, to }) => `${from.member}/${to.member}`));
}

/** Of a pair that is linked, the state of its tunnels. `linked`: nobody has any to report on. */
function stateOf(pair: Pair | undefined, tunnels: readonly Link[] = []): string {
  if (pair === undefined) return '-';
  return pair.state === 'linked' ? (stateOfLinks(tunnels) ?? 'linked') : pair.state;
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
  const importer = state !== 'mirrored' || service === undefined || service === name ? cluster : `${cluster} as ${service}`;
  const notes = [...(state === 'mirrored' ? [] : [state]), ...(reason === undefined ? [] : [reason])].join(': ');
  return notes === '' ? importer : `${importer} (${notes})`;
}

function problems(findings: readonly Problem[]): string {
  if (findings.length === 0) return '';
  const texts = findings.map(
    ({ cluster = 'the hub', subject, reason, message }) => `  ${cluster}, ${subjectText(subject)}: ${reason}\n    ${message}\n`,
  );
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
