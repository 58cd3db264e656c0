/**
 * What somebody tries with an account that is not theirs. What is refused must stay refused; what is allowed is admitted in
 * `docs/security.md`, in the words of its title.
 */
import { type Resource, RESOURCE, resourcePath } from '../../core/api/resources.js';
import type { KubeRequest } from '../../kube/wire/client.js';
import type { Some } from './rbacObjects.js';

export type Request = Pick<KubeRequest, 'method' | 'path' | 'body'>;

export interface Theft {
  readonly title: string;
  readonly request: Request;
  /** Part of the refusal; absent: it is allowed. */
  readonly refused?: string;
}

/** Titles of what is allowed. */
export function admitted(thefts: readonly Theft[]): readonly string[] {
  return thefts.flatMap(({ title, refused }) => (refused === undefined ? [title] : []));
}

export function theft(title: string, request: Request, refused?: string): Theft {
  return { title, request, ...(refused === undefined ? {} : { refused }) };
}

export function read(at: string): Request {
  return { method: 'GET', path: at };
}

export function remove(resource: Resource, name: string, namespace?: string): Request {
  return { method: 'DELETE', path: path(resource, name, namespace) };
}

export function apply(object: Some): Request {
  return { method: 'PATCH', path: pathOf(object), body: object };
}

export function applyStatus(object: Some): Request {
  return { method: 'PATCH', path: `${pathOf(object)}/status`, body: object };
}

export function merge(resource: Resource, name: string, body: object, namespace?: string): Request {
  return { method: 'PATCH', path: path(resource, name, namespace), body };
}

/** Creates it, or replaces the version that it names. */
export function holding(object: Some): Request {
  return { method: 'PUT', path: pathOf(object), body: object };
}

export function written(method: 'POST' | 'PATCH' | 'PUT' | 'DELETE', resource: Resource, body: Some): Request {
  return { method, path: method === 'POST' ? resourcePath(resource) : path(resource, body.metadata.name), body };
}

export function path(resource: Resource, name: string, namespace?: string): string {
  return resourcePath(resource, namespace, name);
}

function pathOf({ kind, metadata }: Some): string {
  const resource = Object.values(RESOURCE).find((each) => each.kind === kind);
  if (resource === undefined) throw new Error(`there is no resource of kind ${kind}`);
  return path(resource, metadata.name, metadata.namespace);
}
