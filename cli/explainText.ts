/**
 * The explanation of a Service as text for people: first what stops it and what to do, then who has what of it where.
 */
import type { Explanation, Finding } from '../core/api/explanation.js';
import { HERE } from '../core/explain/local/localObjects.js';
import { renderTable } from '../core/render/table.js';
import { printableTexts } from '../core/text/printable.js';

type Exporter = Explanation['exporters'][number];
type Importer = Explanation['importers'][number];
type Endpoints = NonNullable<Exporter['endpoints']>;

interface Detail {
  /** With every endpoint that is told of, and every tunnel. */
  readonly wide: boolean;
}

export function explainText(told: Explanation, { wide }: Detail): string {
  const explanation = printableTexts(told);
  return [
    headline(explanation),
    exporters(explanation.exporters),
    importers(explanation.importers),
    endpoints(explanation, wide),
    paths(explanation.importers, wide),
    notes(explanation),
    unseen(explanation.unseen),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function headline({ namespace, name, works, first, importers: all }: Explanation): string {
  const service = `${namespace}/${name}`;
  if (first !== undefined) return `${service} is stopped: ${findingText(first)}`;
  const where = all.filter(({ asked }) => asked).map(({ cluster }) => cluster);
  if (!works) return `${service}\n`;
  if (where.length === 0) return `${service} works in its own cluster; nobody else is known to import it\n`;
  return `${service} works ${where.join() === HERE ? HERE : `in ${list(where)}`}\n`;
}

function findingText({ cluster, reason, message, remedy }: Finding): string {
  return `${reason}${cluster === undefined ? '' : ` (${cluster})`}\n  ${message}\n${remedy === undefined ? '' : `  Do: ${remedy}\n`}`;
}

function exporters(all: readonly Exporter[]): string {
  const rows = all.map((each) => [
    each.cluster,
    each.stops === undefined ? 'yes' : `no: ${each.stops.reason}`,
    each.by ?? '-',
    each.type ?? '-',
    list(each.ports),
    list(each.addresses),
    count(each.endpoints),
    each.since ?? '-',
    policy(each.policy),
  ]);
  return table(['EXPORTED BY', 'EXPORTS', 'ASKED BY', 'TYPE', 'PORTS', 'ADDRESSES', 'ENDPOINTS', 'SINCE', 'POLICY'], rows);
}

function importers(all: readonly Importer[]): string {
  const rows = all.map((each) => [
    each.cluster,
    stateOf(each),
    each.service ?? '-',
    list(each.names),
    list(each.addresses),
    count(each.endpoints),
    policy(each.policy),
  ]);
  return table(['IMPORTED IN', 'STATE', 'SERVICE', 'NAME', 'ADDRESSES', 'ENDPOINTS', 'POLICY'], rows);
}

function stateOf({ asked, works, stops }: Importer): string {
  if (!asked) return stops === undefined ? 'its own' : 'not asked to';
  return works ? 'works' : `stopped: ${stops?.reason ?? '-'}`;
}

/** Of all, or of those that are not simply ready. */
function endpoints({ exporters: sources, importers: all }: Explanation, wide: boolean): string {
  const of = (where: Exporter | Importer, word: string): string[][] =>
    (where.endpoints?.shown ?? [])
      .filter(({ state }) => wide || state !== 'ready')
      .map((each) => [
        `${where.cluster} ${word}`,
        each.address,
        each.cluster,
        each.state === 'heldBack' ? `held back: ${each.why ?? '-'}` : STATES[each.state],
        each.zone ?? '-',
        each.since ?? '-',
      ]);
  const rows = [...sources.flatMap((each) => of(each, 'exports')), ...all.flatMap((each) => of(each, 'imports'))];
  return table(['ENDPOINTS', 'ADDRESS', 'OF', 'STATE', 'ZONE', 'SINCE'], wide ? rows : rows.slice(0, SHOWN));
}

const STATES = { ready: 'ready', notReady: 'not ready', terminating: 'terminating' } as const;
const SHOWN = 20;

function paths(all: readonly Importer[], wide: boolean): string {
  const rows = all.flatMap(({ cluster, paths: own }) =>
    own.flatMap((path) => {
      const shown = wide ? path.planes : path.planes.filter(({ inUse }) => inUse);
      const head = [`${cluster} ${segment(path.fromSegment)}`, `${path.to} ${segment(path.toSegment)}`, path.state];
      if (shown.length === 0) return [[...head, '-', '-', '-', '-', path.since ?? '-', path.reason ?? '']];
      return shown.map((plane) => [
        ...head,
        plane.node,
        plane.peer,
        String(plane.slot),
        plane.rttMilliseconds === undefined ? '-' : `${plane.rttMilliseconds} ms`,
        plane.since ?? '-',
        plane.reason ?? path.reason ?? '',
      ]);
    }),
  );
  return table(['FROM', 'TO', 'LINK', 'GATEWAY', 'PEER', 'PLANE', 'RTT', 'SINCE', 'REASON'], rows);
}

function segment(name: string): string {
  const location = name.startsWith('location:') ? name.slice('location:'.length) : name;
  return location === '' ? '(default)' : location;
}

/** What else there is to say: also what stops others than the first. */
function notes({ exporters: sources, importers: all, first }: Explanation): string {
  const asked = all.filter(({ asked: isAsked }) => isAsked);
  const stops = [...sources, ...asked].flatMap(({ stops: stop }) => stop ?? []).filter((each) => !isSame(each, first));
  const found = [...stops, ...[...sources, ...asked].flatMap(({ notes: own }) => own)];
  const texts = new Set(found.map((each) => `  ${findingText(each).trimEnd().replaceAll('\n', '\n  ')}\n`));
  return texts.size === 0 ? '' : `ALSO\n${[...texts].join('')}`;
}

function isSame(a: Finding, b: Finding | undefined): boolean {
  return a.cluster === b?.cluster && a.reason === b?.reason && a.message === b.message;
}

function unseen(all: readonly string[]): string {
  return all.length === 0 ? '' : `NOT SEEN\n${all.map((each) => `  ${each}\n`).join('')}`;
}

function policy(all: Readonly<Record<string, string>>): string {
  return list(Object.entries(all).map(([name, value]) => `${name}: ${value}`));
}

function count(all: Endpoints | undefined): string {
  if (all === undefined) return 'unknown';
  return `${all.ready}/${all.total} ready${all.heldBack === 0 ? '' : `, ${all.heldBack} held back`}`;
}

/** Nothing where there is nothing to show. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : `${renderTable(header, rows)}\n`;
}

function list(texts: readonly string[]): string {
  return texts.length === 0 ? '-' : texts.join(', ');
}
