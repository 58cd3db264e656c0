/**
 * Readiness of mirrored endpoints where traffic cannot reach them: neither ready nor serving, whatever the exporter says of them.
 *
 * What the exporter says stays beside them, in an annotation of the slice. So whoever follows, the hub or the cluster-agent that stands in
 * for it, gives back exactly that, and neither needs a memory of its own. Both write as the hub's field manager: then the hub's next
 * apply takes away what the cluster-agent left.
 */
import { ANNOTATION } from '../api/names.js';
import type { KubeObject } from '../api/resources.js';
import { groupByName } from '../mesh/groupByName.js';
import { canonical } from './withOwnHash.js';

interface Slice extends KubeObject {
  readonly endpoints?: readonly Endpoint[] | null;
}

type Endpoint = Readonly<Record<string, unknown>>;

/** Of an endpoint, as its exporter says it. Absent: not said. */
interface Said {
  readonly ready?: boolean;
  readonly serving?: boolean;
}

/**
 * Gives back what was withheld before, then withholds the readiness of every endpoint whose address `isCut` is true for. Done twice it
 * changes no more, and only the last `isCut` counts. The same object if nothing is to be changed.
 */
export function withReadiness<T extends Slice>(slice: T, isCut: (address: string) => boolean): T {
  const noted = readNote(slice.metadata.annotations?.[ANNOTATION.withheld]);
  const before = slice.endpoints ?? [];
  if (noted === undefined && !before.some((endpoint) => isCut(addressOf(endpoint)))) return slice;
  const withheld: (readonly [address: string, said: Said])[] = [];
  const endpoints = before.map((endpoint) => {
    const address = addressOf(endpoint);
    const own = saidOf(endpoint, noted?.get(address));
    if (!isCut(address)) return saying(endpoint, own);
    withheld.push([address, own]);
    return saying(endpoint, { ready: false, serving: false });
  });
  const after = { ...slice, metadata: { ...slice.metadata, annotations: annotationsOf(slice, withheld) }, endpoints };
  return canonical(after) === canonical(slice) ? slice : after;
}

/** Addresses of the endpoints that are ready by what their exporter says, whether that is withheld or not. */
export function saidReady(slice: Slice): string[] {
  const noted = readNote(slice.metadata.annotations?.[ANNOTATION.withheld]);
  return (slice.endpoints ?? []).flatMap((endpoint) => {
    const address = addressOf(endpoint);
    return saidOf(endpoint, noted?.get(address)).ready === false ? [] : [address];
  });
}

/** Likewise those that are ready as they stand. */
export function effectivelyReady(slice: Slice): string[] {
  return (slice.endpoints ?? []).flatMap((endpoint) => (conditionsOf(endpoint).ready === false ? [] : [addressOf(endpoint)]));
}

/** The first address: kube-proxy looks at no other. */
function addressOf({ addresses }: Endpoint): string {
  const first: unknown = Array.isArray(addresses) ? addresses[0] : undefined;
  return typeof first === 'string' ? first : '';
}

/** Of an endpoint that is ready or serving nothing is withheld, whatever is noted. */
function saidOf(endpoint: Endpoint, noted: Said | undefined): Said {
  const { ready, serving } = conditionsOf(endpoint);
  return noted !== undefined && ready === false && serving === false ? noted : said(ready, serving);
}

function saying(endpoint: Endpoint, { ready, serving }: Said): Endpoint {
  const { ready: _ready, serving: _serving, ...others } = conditionsOf(endpoint);
  return endpoint['conditions'] === undefined && ready === undefined && serving === undefined
    ? endpoint
    : { ...endpoint, conditions: { ...said(ready, serving), ...others } };
}

function conditionsOf(endpoint: Endpoint): Said {
  return endpoint['conditions'] ?? {};
}

function said(ready: boolean | undefined, serving: boolean | undefined): Said {
  return { ...(ready !== undefined && { ready }), ...(serving !== undefined && { serving }) };
}

function annotationsOf({ metadata }: Slice, withheld: readonly (readonly [string, Said])[]): Readonly<Record<string, string>> {
  const { [ANNOTATION.withheld]: _before, ...others } = metadata.annotations ?? {};
  return withheld.length === 0 ? others : { ...others, [ANNOTATION.withheld]: writeNote(withheld) };
}

/** `{"ready=true serving=true": ["10.1.0.5"]}`: of a thousand endpoints most are alike. */
function writeNote(withheld: readonly (readonly [string, Said])[]): string {
  const groups = groupByName(withheld, ([, each]) => wordsOf(each));
  return JSON.stringify(Object.fromEntries(groups.map(([words, group]) => [words, group.map(([address]) => address)])));
}

function wordsOf({ ready, serving }: Said): string {
  return [ready === undefined ? [] : `ready=${ready}`, serving === undefined ? [] : `serving=${serving}`].flat().join(' ');
}

/** By address. Undefined: there is no note. What of it nobody would have written says nothing. */
function readNote(text: string | undefined): ReadonlyMap<string, Said> | undefined {
  if (text === undefined) return undefined;
  const note = new Map<string, Said>();
  for (const [words, addresses] of Object.entries(parsed(text))) {
    const match = WORDS.exec(words);
    if (match === null || !Array.isArray(addresses)) continue;
    const [ready, serving] = match.slice(1).map((word) => (word === undefined ? undefined : word === 'true'));
    for (const address of addresses) if (typeof address === 'string') note.set(address, said(ready, serving));
  }
  return note;
}

const WORDS = /^(?:ready=(true|false))? ?(?:serving=(true|false))?$/;

function parsed(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
