/**
 * Readiness of mirrored endpoints where traffic cannot or should not reach them: neither ready nor serving, whatever the exporter says of
 * them. Some stand by: they serve while they end, to whom kube-proxy turns by itself as soon as nothing behind the Service is ready.
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
  readonly ready?: boolean | undefined;
  readonly serving?: boolean | undefined;
  readonly terminating?: boolean | undefined;
}

interface Noted extends Said {
  readonly standsBy: boolean;
}

/** What is withheld of an endpoint: nothing, all, or all but that it stands by. */
export type Withheld = boolean | 'standsBy';

const HELD: Said = { ready: false, serving: false };
const STANDS_BY: Said = { ready: false, serving: true, terminating: true };

/**
 * Gives back what was withheld before, then withholds the readiness of every endpoint by what `isCut` is of its address. Done twice it
 * changes no more, and only the last `isCut` counts. The same object if nothing is to be changed.
 */
export function withReadiness<T extends Slice>(slice: T, isCut: (address: string) => Withheld): T {
  const noted = readNote(slice.metadata.annotations?.[ANNOTATION.withheld]);
  const before = slice.endpoints ?? [];
  if (noted === undefined && !before.some((endpoint) => isCut(addressOf(endpoint)) !== false)) return slice;
  const withheld: (readonly [address: string, said: Noted])[] = [];
  const endpoints = before.map((endpoint) => {
    const address = addressOf(endpoint);
    const own = saidOf(endpoint, noted?.get(address));
    const cut = isCut(address);
    if (cut === false) return saying(endpoint, own);
    withheld.push([address, { ...own, standsBy: cut === 'standsBy' }]);
    return saying(endpoint, cut === 'standsBy' ? STANDS_BY : { ...own, ...HELD });
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

/** What is noted counts while the endpoint is as it was left then. */
function saidOf(endpoint: Endpoint, noted: Noted | undefined): Said {
  const now = conditionsOf(endpoint);
  if (noted === undefined) return now;
  if (noted.standsBy) return isAs(now, STANDS_BY) ? noted : now;
  return isAs(now, HELD) ? { ready: noted.ready, serving: noted.serving, terminating: now.terminating } : now;
}

function isAs(now: Said, left: Said): boolean {
  return (
    now.ready === left.ready && now.serving === left.serving && (left.terminating === undefined || now.terminating === left.terminating)
  );
}

function saying(endpoint: Endpoint, said: Said): Endpoint {
  const conditions = defined(said);
  return endpoint['conditions'] === undefined && Object.keys(conditions).length === 0 ? endpoint : { ...endpoint, conditions };
}

function conditionsOf(endpoint: Endpoint): Said {
  return endpoint['conditions'] ?? {};
}

function defined({ ready, serving, terminating }: Said): Said {
  return {
    ...(ready !== undefined && { ready }),
    ...(serving !== undefined && { serving }),
    ...(terminating !== undefined && { terminating }),
  };
}

function annotationsOf({ metadata }: Slice, withheld: readonly (readonly [string, Noted])[]): Readonly<Record<string, string>> {
  const { [ANNOTATION.withheld]: _before, ...others } = metadata.annotations ?? {};
  return withheld.length === 0 ? others : { ...others, [ANNOTATION.withheld]: writeNote(withheld) };
}

/** `{"ready=true serving=true": ["10.1.0.5"]}`: of a thousand endpoints most are alike. */
function writeNote(withheld: readonly (readonly [string, Noted])[]): string {
  const groups = groupByName(withheld, ([, each]) => wordsOf(each));
  return JSON.stringify(Object.fromEntries(groups.map(([words, group]) => [words, group.map(([address]) => address)])));
}

function wordsOf({ ready, serving, terminating, standsBy }: Noted): string {
  const words = { ready, serving, ...(standsBy && { terminating }) };
  const said = Object.entries(words).flatMap(([key, value]) => (typeof value === 'boolean' ? [`${key}=${value}`] : []));
  return [...(standsBy ? ['standing by:'] : []), ...said].join(' ');
}

/** By address. Undefined: there is no note. What of it nobody would have written says nothing. */
function readNote(text: string | undefined): ReadonlyMap<string, Noted> | undefined {
  if (text === undefined) return undefined;
  const note = new Map<string, Noted>();
  for (const [words, addresses] of Object.entries(parsed(text))) {
    const match = WORDS.exec(words);
    if (match === null || !Array.isArray(addresses)) continue;
    const [standsBy, ...said] = match.slice(1);
    const [ready, serving, terminating] = said.map((word) => (word === undefined ? undefined : word === 'true'));
    for (const address of addresses) {
      if (typeof address === 'string') note.set(address, { ready, serving, terminating, standsBy: standsBy !== undefined });
    }
  }
  return note;
}

const WORDS = /^(standing by:)? ?(?:ready=(true|false))? ?(?:serving=(true|false))? ?(?:terminating=(true|false))?$/;

function parsed(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
