/**
 * An annotation with a hash of the fields that the hub owns in an object. It is compared like any other field. Without it, a
 * field that the hub no longer wants could not be told from one that another manager added.
 */
import { ANNOTATION } from '../api/names.js';
import type { KubeObject } from '../api/resources.js';
import type { Sha256 } from './names.js';

/** `object` with the annotation `kilofed.io/hash`, computed over everything else in it. */
export function withOwnHash<T extends KubeObject>(object: T, sha256: Sha256): T {
  const hash = [...sha256(canonical(object))]
    .slice(0, 8)
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
  return { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [ANNOTATION.hash]: hash } } };
}

/** JSON with sorted keys and without undefined members, so that equal values give equal texts. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`);
  return `{${members.join(',')}}`;
}
