/**
 * The form that every object of an API server has, whatever its kind: what it is and what it is called, so that it can be a key and stand
 * in a path. Nothing else of an answer reaches a projection or a controller. The rest is for who reads it.
 */
import { apiVersion, type KubeObject, type Resource } from '../../core/api/resources.js';
import { BOUNDS } from './bounds.js';

/** Names of what we read are RFC 1123 subdomains: neither `.` nor `..`, which paths would take for folders. */
const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const NAME_LENGTH = 253;

/** Whether `value` is an object of `resource`. */
export function isObjectOf(value: unknown, resource: Resource): value is KubeObject {
  const { apiVersion: version, kind, metadata } = fields(value);
  const { resourceVersion } = fields(metadata);
  return (
    version === apiVersion(resource) &&
    kind === resource.kind &&
    isNamed(fields(metadata), resource) &&
    (resourceVersion === undefined || isText(resourceVersion, BOUNDS.version))
  );
}

/** Whether `metadata` names an object of `resource`. */
export function isNamed({ name, namespace }: Fields, resource: Resource): boolean {
  return isName(name) && (resource.namespaced ? isName(namespace) : namespace === undefined);
}

export function isText(value: unknown, longest: number): value is string {
  return typeof value === 'string' && value.length <= longest;
}

function isName(text: unknown): boolean {
  return isText(text, NAME_LENGTH) && NAME.test(text);
}

type Fields = Readonly<Record<string, unknown>>;

/** The fields of anything: none where it is no object. */
export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
