/**
 * What annotations say of how a Service is exported: under which name, and which endpoints serve. A value that is not understood is as
 * if it were not there, and becomes a complaint.
 */
import { EXPORT_ANNOTATION } from '../api/exportNames.js';
import type { Complaint } from '../api/problem.js';
import { BOUND } from './bounds.js';
import { eachOf, invalidAnnotation, shown } from './invalidAnnotation.js';
import { LABEL_VALUE, MEMBER_ID, QUALIFIED_NAME } from './textForms.js';

export interface ExportOptions {
  /** Absent: as the way of exporting has it. */
  readonly ownName?: boolean;
  /** Consent of the owner that the own name reaches other exporters; absent: it does not. */
  readonly affinity?: Affinity;
  /** Tiers of members, the best first: ids, or labels as `key=value`. */
  readonly prefer?: readonly string[];
  /** Share of the published endpoints, by member: 0 to 1,000, not all of them 0. */
  readonly weights?: Readonly<Record<string, number>>;
  /** What its owner wants to stand for the Service in importers (clusterIp.ts says whether it can); absent: its endpoints. */
  readonly endpoints?: 'clusterip';
}

/** `local`: others only while no endpoint of its own is ready. `none`: all alike. `remote`: others first. */
type Affinity = 'local' | 'none' | 'remote';

interface ReadOptions {
  readonly options: ExportOptions;
  readonly complaints: readonly Complaint[];
}

type Annotations = Readonly<Record<string, string>>;

export function readOptions(annotations: Annotations): ReadOptions {
  const own = oneOf(annotations, EXPORT_ANNOTATION.ownName, ['true', 'false']);
  const affinity = oneOf(annotations, EXPORT_ANNOTATION.affinity, ['local', 'none', 'remote']);
  const endpoints = oneOf(annotations, EXPORT_ANNOTATION.endpoints, ['pods', 'clusterip']);
  const prefer = readPrefer(annotations[EXPORT_ANNOTATION.prefer]);
  const weights = readWeights(annotations[EXPORT_ANNOTATION.weights]);
  return {
    options: {
      ...(own.value !== undefined && { ownName: own.value === 'true' }),
      ...(affinity.value !== undefined && { affinity: affinity.value }),
      ...(prefer.value !== undefined && { prefer: prefer.value }),
      ...(weights.value !== undefined && { weights: weights.value }),
      ...(endpoints.value === 'clusterip' && { endpoints: 'clusterip' }),
    },
    complaints: [own, affinity, prefer, weights, endpoints].flatMap(({ complaints }) => complaints),
  };
}

interface Value<T> {
  readonly value?: T;
  readonly complaints: readonly Complaint[];
}

function oneOf<T extends string>(annotations: Annotations, key: string, known: readonly T[]): Value<T> {
  const text = annotations[key];
  if (text === undefined) return { complaints: [] };
  const value = known.find((each) => each === text);
  if (value !== undefined) return { value, complaints: [] };
  const choices = `${known.slice(0, -1).join(', ')} or ${known.at(-1)}`;
  return { complaints: [invalidAnnotation(`annotation ${key} is "${shown(text)}", which is ignored: write ${choices}, or remove it`)] };
}

/** Words that are no tier are left out; the others keep their order. */
function readPrefer(text: string | undefined): Value<readonly string[]> {
  if (text === undefined) return { complaints: [] };
  const words = wordsOf(text);
  if (words.length === 0)
    return { complaints: [invalidAnnotation(`annotation ${EXPORT_ANNOTATION.prefer} names no member: name some, or remove it`)] };
  const tiers = words.filter(isTier);
  const value = tiers.slice(0, BOUND.tiers);
  const wrong = words.filter((word) => !isTier(word));
  const complaintOf = (word: string): Complaint =>
    invalidAnnotation(`annotation ${EXPORT_ANNOTATION.prefer} has "${shown(word)}", which is neither a member's id nor a label key=value`);
  const last = shown(value.at(-1) ?? '');
  const most = `annotation ${EXPORT_ANNOTATION.prefer} has more than ${BOUND.tiers} entries: those after "${last}" are ignored`;
  return {
    ...(value.length > 0 && { value }),
    complaints: [...eachOf(wrong, complaintOf), ...(tiers.length > value.length ? [invalidAnnotation(most)] : [])],
  };
}

function isTier(word: string): boolean {
  const [key = '', value, ...rest] = word.split('=');
  if (value === undefined) return MEMBER_ID.test(key);
  return rest.length === 0 && key.length <= 317 && QUALIFIED_NAME.test(key) && LABEL_VALUE.test(value);
}

/** Shares count beside each other, so one that is wrong leaves none: all members are alike then. */
function readWeights(text: string | undefined): Value<Readonly<Record<string, number>>> {
  if (text === undefined) return { complaints: [] };
  const ignored = (why: string): Value<never> => ({
    complaints: [invalidAnnotation(`annotation ${EXPORT_ANNOTATION.weights} is ignored, since ${why}: write for example east=3,north=1`)],
  });
  const words = wordsOf(text);
  if (words.length > BOUND.targets) return ignored(`it names more than ${BOUND.targets} members`);
  const weights = new Map<string, number>();
  for (const word of words) {
    const { id = '', weight } = /^(?<id>[^=]*)=(?<weight>\d{1,4})$/.exec(word)?.groups ?? {};
    if (!MEMBER_ID.test(id) || Number(weight) > 1_000) return ignored(`"${shown(word)}" is no member's id with a weight of 0 to 1000`);
    if (weights.has(id)) return ignored(`it names ${id} twice`);
    weights.set(id, Number(weight));
  }
  if (![...weights.values()].some((weight) => weight > 0)) return ignored('it gives nobody any weight');
  return { value: Object.fromEntries([...weights].toSorted(([a], [b]) => (a < b ? -1 : 1))), complaints: [] };
}

/** Between commas, each once. */
function wordsOf(text: string): string[] {
  return [...new Set(text.split(',').map((word) => word.trim()))].filter((word) => word !== '');
}
