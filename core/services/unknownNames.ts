/**
 * Annotations of Kilofed's on a Service or ServiceExport that nobody reads, as a misspelt one is: what they ask for would be missed in
 * silence.
 */
import { EXPORT_ANNOTATION, EXPORT_LABEL } from '../api/exportNames.js';
import { ANNOTATION, KILOFED_GROUP, LABEL } from '../api/names.js';
import type { Complaint } from '../api/problem.js';
import { eachOf, invalidAnnotation, shown } from './invalidAnnotation.js';

type Annotations = Readonly<Record<string, string>>;

const { export: exported, exportTo, ownName, affinity, prefer, weights, endpoints } = EXPORT_ANNOTATION;
/** What a person may write there. */
const WRITABLE: readonly string[] = [exported, exportTo, ownName, affinity, prefer, weights, endpoints, ANNOTATION.handOver];
/** And what somebody may have copied from elsewhere, or a program of ours have left. */
const NAMES = new Set<string>([LABEL, ANNOTATION, EXPORT_LABEL, EXPORT_ANNOTATION].flatMap((names) => Object.values(names)));
/** Letters more, fewer, or other ones. Two that changed places count as two. */
const NEAR = 2;

/** `near`: only those that are nearly such a name. */
export function unknownNames(annotations: Annotations, only?: 'near'): Complaint[] {
  const unknown = Object.keys(annotations).filter((key) => key.startsWith(`${KILOFED_GROUP}/`) && !NAMES.has(key));
  const told = only === undefined ? unknown : unknown.filter((key) => nearest(key) !== undefined);
  return eachOf(told, (key) => {
    const meant = nearest(key);
    const remedy = meant === undefined ? 'remove it' : `did you mean ${meant}?`;
    return invalidAnnotation(`annotation ${shown(key)} is none of Kilofed's and has no effect: ${remedy}`);
  });
}

function nearest(key: string): string | undefined {
  const [first] = WRITABLE.map((name) => ({ name, distance: distanceOf(key, name) })).toSorted((a, b) => a.distance - b.distance);
  return first !== undefined && first.distance <= NEAR ? first.name : undefined;
}

/** Edits from one to the other (Levenshtein). Names of annotations are short; what differs much in length is not looked at. */
function distanceOf(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > NEAR) return Infinity;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const [diagonal = 0, above = 0, before = 0] = [row[j - 1], row[j], next[j - 1]];
      next.push(Math.min(above + 1, before + 1, diagonal + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length] ?? Infinity;
}
