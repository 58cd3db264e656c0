/**
 * Readiness of mirrored endpoints that are held back: neither ready nor serving, whatever the exporter says of them.
 *
 * What serves next stands by: not ready, and serving until it ends, as kube-proxy knows it of pods that are to end. It sends there as soon
 * as no endpoint of the Service is ready, in the very run in which it learns that, and waits for nobody to write (KEP-1669).
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
  readonly terminating?: boolean;
}

interface Noted extends Said {
  /** It stands by. If not, whether it is terminating is not noted: that is as its exporter says it. */
  readonly isStandby: boolean;
}

/** False: it is what its exporter says. True: it is held back. `standby`: likewise, but serves while nothing else is ready. */
export type Hold = boolean | 'standby';

/**
 * Gives back what was withheld before, then withholds the readiness of every endpoint whose address `holdOf` says so of. Done twice it
 * changes no more, and only the last `holdOf` counts. The same object if nothing is to be changed.
 */
export function withReadiness<T extends Slice>(slice: T, holdOf: (address: string) => Hold): T {
  const noted = readNote(slice.metadata.annotations?.[ANNOTATION.withheld]);
  const before = slice.endpoints ?? [];
  if (noted === undefined && before.every((endpoint) => holdOf(addressOf(endpoint)) === false)) return slice;
  const withheld: (readonly [address: string, Noted])[] = [];
  const endpoints = before.map((endpoint) => {
    const address = addressOf(endpoint);
    const own = saidOf(endpoint, noted?.get(address));
    const hold = holdOf(address);
    if (hold === false) return saying(endpoint, own);
    const isStandby = hold === 'standby';
    withheld.push([address, { ...own, isStandby }]);
    return saying(endpoint, isStandby ? STANDBY : { ...own, ready: false, serving: false });
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
export function addressOf({ addresses }: Endpoint): string {
  const first: unknown = Array.isArray(addresses) ? addresses[0] : undefined;
  return typeof first === 'string' ? first : '';
}

const STANDBY: Said = { ready: false, serving: true, terminating: true };

/** Of an endpoint that is not as it would be if it were withheld, nothing is, whatever is noted. */
function saidOf(endpoint: Endpoint, noted: Noted | undefined): Said {
  const own = conditionsOf(endpoint);
  const { ready, serving, terminating } = own;
  if (noted === undefined || ready !== false) return own;
  if (!noted.isStandby) return serving === false ? said(noted.ready, noted.serving, terminating) : own;
  return serving === true && terminating === true ? said(noted.ready, noted.serving, noted.terminating) : own;
}

function saying(endpoint: Endpoint, own: Said): Endpoint {
  const { ready: _ready, serving: _serving, terminating: _terminating, ...others } = conditionsOf(endpoint);
  const now = said(own.ready, own.serving, own.terminating);
  return endpoint['conditions'] === undefined && Object.keys(now).length === 0
    ? endpoint
    : { ...endpoint, conditions: { ...now, ...others } };
}

function conditionsOf(endpoint: Endpoint): Said {
  return endpoint['conditions'] ?? {};
}

function said(ready: boolean | undefined, serving: boolean | undefined, terminating: boolean | undefined): Said {
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

/** `{"ready=true serving=true": ["10.1.0.5"]}`: of a thousand endpoints most are alike. Words of what stands by begin with that. */
function writeNote(withheld: readonly (readonly [string, Noted])[]): string {
  const groups = groupByName(withheld, ([, each]) => wordsOf(each));
  return JSON.stringify(Object.fromEntries(groups.map(([words, group]) => [words, group.map(([address]) => address)])));
}

function wordsOf({ isStandby, ready, serving, terminating }: Noted): string {
  const conditions = { ready, serving, ...(isStandby && { terminating }) };
  const words = Object.entries(conditions).flatMap(([name, value]) => (value === undefined ? [] : `${name}=${value}`));
  return [...(isStandby ? ['standby'] : []), ...words].join(' ');
}

/** By address. Undefined: there is no note. What of it nobody would have written says nothing. */
function readNote(text: string | undefined): ReadonlyMap<string, Noted> | undefined {
  if (text === undefined) return undefined;
  const note = new Map<string, Noted>();
  for (const [words, addresses] of Object.entries(parsed(text))) {
    const match = WORDS.exec(words);
    if (match === null || !Array.isArray(addresses)) continue;
    const [ready, serving, terminating] = match.slice(2).map((word) => (word === undefined ? undefined : word === 'true'));
    const noted: Noted = { ...said(ready, serving, terminating), isStandby: match[1] !== undefined };
    for (const address of addresses) if (typeof address === 'string') note.set(address, noted);
  }
  return note;
}

const WORDS = /^(standby)? ?(?:ready=(true|false))? ?(?:serving=(true|false))? ?(?:terminating=(true|false))?$/;

function parsed(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
