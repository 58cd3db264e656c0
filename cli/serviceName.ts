/**
 * The name of a Service on a command line.
 */
import { InvalidArgumentError } from 'commander';

export interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** @throws what commander shows to whoever wrote it. */
export function serviceName(text: string): ServiceName {
  const [namespace = '', name = '', ...rest] = text.split('/');
  if (rest.length > 0 || !LABEL.test(namespace) || !LABEL.test(name)) throw new InvalidArgumentError('It must look like demo/web.');
  return { namespace, name };
}
