/**
 * The zone clusterset.local in a Corefile: whether its kubernetes plugin serves it, and the Corefile with it and without it.
 *
 * CoreDNS takes it as `kubernetes cluster.local clusterset.local … { multicluster clusterset.local … }`. A change adds or takes away
 * these words, and leaves every other byte as it is. Where the Corefile says something about the zone already, in another way, nothing
 * is changed: two who answer for one zone are one too many.
 */
import type { Result } from '../runtime/result.js';
import { parseCorefile } from './corefile.js';
import { CLUSTERSET_ZONE, findStanza, isNamedLast, isServed, isZone, namesZone, refuse, type Stanza, zoneOfKey } from './stanza.js';
import type { Word } from './words.js';

/** Whether the Corefile's kubernetes plugin serves the zone. The error says what is not understood, with its line. */
export function servesZone(corefile: string): Result<boolean> {
  const stanza = findStanza(corefile);
  return stanza.ok ? { ok: true, value: isServed(stanza.value) } : stanza;
}

/** The same text where it serves the zone already. */
export function withZone(corefile: string): Result<string> {
  const found = findStanza(corefile);
  if (!found.ok) return found;
  const stanza = found.value;
  const { plugin, zone, multicluster } = stanza;
  const edits: Edit[] = [];
  if (zone === undefined) {
    const primary = plugin.args.find(({ text }) => !text.replace(/\.$/, '').endsWith('.arpa'));
    if (primary === undefined) return refuse(plugin.name, 'the kubernetes plugin names no zone: write its zones out first');
    edits.push({ at: primary.end, insert: ` ${CLUSTERSET_ZONE}` });
  }
  if (!isNamedLast(multicluster)) edits.push(optionEdit(stanza));
  return { ok: true, value: edited(corefile, edits) };
}

/** The same text where it does not serve the zone. */
export function withoutZone(corefile: string): Result<string> {
  const found = findStanza(corefile);
  if (!found.ok) return found;
  const { plugin, zone, multicluster } = found.value;
  const lines = multicluster.filter(namesZone);
  const edits: Edit[] = zone === undefined ? [] : [withoutWord(corefile, zone)];
  const { body } = plugin;
  if (body !== undefined && lines.length > 0 && body.lines.every((line) => lines.includes(line) && line.length === 2)) {
    const inside = corefile.slice(body.open.end, body.close.start);
    // Nothing else is in the braces, not even a comment: they came with it.
    if (!inside.includes('#'))
      return { ok: true, value: edited(corefile, [...edits, { at: blankBefore(corefile, body.open.start), to: body.close.end }]) };
  }
  for (const line of lines) {
    const word = line.find((each, index) => index > 0 && isZone(each));
    if (word !== undefined) edits.push(line.length === 2 ? withoutLine(corefile, line) : withoutWord(corefile, word));
  }
  return { ok: true, value: edited(corefile, edits) };
}

/** The patterns that the Corefile imports as further server blocks, such as `custom/*.server`. */
export function serverImports(corefile: string): readonly string[] {
  const parsed = parseCorefile(corefile);
  return parsed.ok ? parsed.value.imports.map(({ text }) => text).filter((pattern) => pattern.endsWith('/*.server')) : [];
}

/** Whether CoreDNS reads a changed Corefile by itself. Where it cannot be told: no. */
export function reloads(corefile: string): boolean {
  const parsed = parseCorefile(corefile);
  return parsed.ok && parsed.value.servers.some(({ plugins }) => plugins.some(({ name }) => name.text === 'reload'));
}

/** Whether a server block has the zone as its own, as a node-local cache has it. */
export function hasServerOf(corefile: string): boolean {
  const parsed = parseCorefile(corefile);
  return parsed.ok && parsed.value.servers.some(({ keys }) => keys.some((key) => zoneOfKey(key) === CLUSTERSET_ZONE));
}

/** Takes away `at` to `to`, or puts `insert` at `at`: of several at one place, the first comes first. */
interface Edit {
  readonly at: number;
  readonly to?: number;
  readonly insert?: string;
}

function edited(text: string, edits: readonly Edit[]): string {
  return edits
    .toReversed()
    .toSorted((a, b) => b.at - a.at)
    .reduce((now, { at, to = at, insert = '' }) => `${now.slice(0, at)}${insert}${now.slice(to)}`, text);
}

function optionEdit({ text, plugin, multicluster }: Stanza): Edit {
  const last = multicluster.at(-1)?.at(-1);
  if (last !== undefined) return { at: last.end, insert: ` ${CLUSTERSET_ZONE}` };
  const indent = indentOf(text, plugin.name);
  const { body } = plugin;
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  if (body === undefined) {
    const end = plugin.args.at(-1)?.end ?? plugin.name.end;
    return { at: end, insert: ` {${newline}${indent}    multicluster ${CLUSTERSET_ZONE}${newline}${indent}}` };
  }
  const [first] = body.lines[0] ?? [];
  const inner = first === undefined ? `${indent}    ` : indentOf(text, first);
  const line = `${inner}multicluster ${CLUSTERSET_ZONE}${newline}`;
  if (body.close.line === body.open.line) return { at: body.open.end, insert: `${newline}${line}${indent}` };
  return { at: text.indexOf('\n', body.open.end) + 1, insert: line };
}

function indentOf(text: string, { start }: Word): string {
  return /^[\t ]*/.exec(text.slice(text.lastIndexOf('\n', start - 1) + 1))?.[0] ?? '';
}

function withoutWord(text: string, { start, end }: Word): Edit {
  return { at: blankBefore(text, start), to: end };
}

/** With its line, where nothing else is on that. */
function withoutLine(text: string, line: readonly Word[]): Edit {
  const [first, last] = [line[0], line.at(-1)];
  if (first === undefined || last === undefined) throw new Error('a line without words');
  const begin = text.lastIndexOf('\n', first.start - 1) + 1;
  const newline = text.indexOf('\n', last.end);
  const end = newline === -1 ? text.length : newline + 1;
  const alone = `${text.slice(begin, first.start)}${text.slice(last.end, end)}`.trim() === '';
  return alone ? { at: begin, to: end } : { at: first.start, to: last.end };
}

function blankBefore(text: string, at: number): number {
  let begin = at;
  while (/[\t ]/.test(text[begin - 1] ?? '')) begin -= 1;
  return begin;
}
