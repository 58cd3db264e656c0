/**
 * What is kept of one object that a member's API server answered, and what is wrong with it. Every object of a member is read on its
 * way into the records, by schema: nothing in them is of another type than it says, and nothing behind them checks it again.
 */
import type { Problem, Subject } from '../../core/api/problem.js';
import { RESOURCE } from '../../core/api/resources.js';
import { printable } from '../../core/text/printable.js';
import type { WatchedKind } from './feed.js';

export interface Kept<T> {
  /** Undefined: it is as if the object were not there. */
  readonly value: T | undefined;
  readonly problems: readonly Problem[];
}

export function kept<T>(value: T | undefined, ...problems: readonly Problem[]): Kept<T> {
  return { value, problems };
}

/** The problem of an object that is not what one of its kind can be. `correct`: what readObject says. */
export function malformed(kind: WatchedKind, object: unknown, correct: string): Problem {
  const { kind: type } = RESOURCE[kind];
  return {
    subject: subjectOf(type, object),
    reason: kind === 'service' ? 'BadService' : kind === 'endpointSlice' ? 'BadEndpointSlice' : 'BadObject',
    message: `the member's API server answers with a malformed ${type}, which is not used: correct ${correct}`,
  };
}

/** Code units of a name that may be none. */
const LONGEST_NAME = 253;

function subjectOf(type: string, object: unknown): Subject {
  const { name, namespace } = fieldsOf(fieldsOf(object)['metadata']);
  const key = [namespace, name].flatMap((part) => (typeof part === 'string' ? [printable(part, LONGEST_NAME)] : [])).join('/');
  return type === 'Service' ? { kind: 'service', name: key } : { kind: 'object', type, key };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
