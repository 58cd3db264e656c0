/**
 * Where a Corefile says what happens to clusterset.local: in the kubernetes plugin of the server block that is asked for it. Where it says
 * something about the zone elsewhere, or in a way that is not known here, that is an error with its line.
 */
import type { Result } from '../runtime/result.js';
import { type Corefile, parseCorefile, type Plugin, type ServerBlock } from './corefile.js';
import type { Word } from './words.js';

export const CLUSTERSET_ZONE = 'clusterset.local';

export interface Stanza {
  readonly text: string;
  readonly plugin: Plugin;
  /** That of the zone among its zones, and in each of its lines `multicluster`. */
  readonly zone: Word | undefined;
  readonly multicluster: readonly (readonly Word[])[];
}

export function isServed({ zone, multicluster }: Stanza): boolean {
  return zone !== undefined && isNamedLast(multicluster);
}

/** Of several lines `multicluster` CoreDNS takes the last one. */
export function isNamedLast(multicluster: Stanza['multicluster']): boolean {
  return namesZone(multicluster.at(-1) ?? []);
}

/** The kubernetes plugin of the server block that is asked for the zone. */
export function findStanza(text: string): Result<Stanza> {
  const parsed = parseCorefile(text);
  if (!parsed.ok) return parsed;
  const { servers } = parsed.value;
  const other = otherAnswer(parsed.value);
  if (other !== undefined) return other;
  const plugin = askedPlugin(servers);
  if (!plugin.ok) return plugin;
  const { value } = plugin;
  const multicluster = optionsOf(value);
  return multicluster.ok
    ? { ok: true, value: { text, plugin: value, zone: value.args.find(isZone), multicluster: multicluster.value } }
    : multicluster;
}

function askedPlugin(servers: readonly ServerBlock[]): Result<Plugin> {
  const asked = ['local', ''].map((zone) => servers.filter(({ keys }) => keys.some((key) => zoneOfKey(key) === zone)));
  const having = (asked.find(({ length }) => length > 0) ?? []).filter(({ plugins }) => plugins.some(isKubernetes));
  const main = having.length > 1 ? having.filter(({ keys }) => keys.some(isPort53)) : having;
  const [server] = main;
  if (server === undefined || main.length > 1) return { ok: false, error: whyNone(having, servers) };
  const [plugin, second] = server.plugins.filter(isKubernetes);
  return plugin === undefined || second !== undefined
    ? refuse(second?.name, 'a second kubernetes plugin in one server block')
    : { ok: true, value: plugin };
}

/** Its lines `multicluster`. */
function optionsOf({ name, body }: Plugin): Result<Stanza['multicluster']> {
  if (body === undefined) return { ok: true, value: [] };
  if (body.lines[0]?.[0]?.line === body.open.line) return refuse(name, 'an option of the kubernetes plugin on the line of its brace');
  const imported = body.lines.find(([first]) => first?.text === 'import');
  if (imported !== undefined) return refuse(imported[0], 'the kubernetes plugin imports options, which are not known here');
  return { ok: true, value: body.lines.filter(([first]) => first?.text === 'multicluster') };
}

/** Plugins that would answer for the zone, or turn it into another one. */
const ANSWERING = new Set(['forward', 'rewrite', 'template', 'file', 'lighthouse', 'grpc', 'kubernetai']);

function otherAnswer({ servers }: Corefile): ReturnType<typeof refuse> | undefined {
  for (const { keys, plugins } of servers) {
    const key = keys.find((each) => zoneOfKey(each) === CLUSTERSET_ZONE);
    if (key !== undefined) return refuse(key, `another server block answers for ${CLUSTERSET_ZONE}: take it out first`);
    const external = plugins.find(({ name }) => name.text === 'multicluster');
    if (external !== undefined)
      return refuse(external.name, 'the external plugin multicluster answers already: take it out first, or keep it');
    const other = plugins.find(({ name, args, body }) => ANSWERING.has(name.text) && mentions([...args, ...(body?.lines.flat() ?? [])]));
    if (other !== undefined) return refuse(other.name, `the plugin ${other.name.text} says something about ${CLUSTERSET_ZONE} already`);
  }
  return undefined;
}

function mentions(words: readonly Word[]): boolean {
  return words.some(({ text }) => text.toLowerCase().replaceAll('\\', '').includes(CLUSTERSET_ZONE));
}

function whyNone(having: readonly ServerBlock[], servers: readonly ServerBlock[]): string {
  if (having.length > 1) return `${having.length} server blocks with the kubernetes plugin: which one pods ask cannot be told`;
  return servers.some(({ plugins }) => plugins.some(isKubernetes))
    ? `the kubernetes plugin is in a server block that is not asked for ${CLUSTERSET_ZONE}`
    : 'there is no kubernetes plugin in it';
}

function isKubernetes({ name }: Plugin): boolean {
  return name.text === 'kubernetes';
}

/** Of `dns://cluster.local:53`: `cluster.local`. The root is empty. */
export function zoneOfKey({ text }: Word): string {
  return text
    .toLowerCase()
    .replace(/,$/, '')
    .replace(/^[a-z0-9]+:\/\//, '')
    .replace(/:\d+$/, '')
    .replace(/\.$/, '');
}

function isPort53({ text }: Word): boolean {
  return !/:\d+,?$/.test(text) || /:53,?$/.test(text);
}

export function isZone({ text }: Word): boolean {
  return text.toLowerCase().replace(/\.$/, '') === CLUSTERSET_ZONE;
}

export function namesZone([, ...zones]: readonly Word[]): boolean {
  return zones.some(isZone);
}

export function refuse(word: Word | undefined, what: string): { readonly ok: false; readonly error: string } {
  return { ok: false, error: `line ${word?.line ?? 1}: ${what}` };
}
