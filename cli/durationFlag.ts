/**
 * A span of time as the value of a flag.
 */
import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../core/text/duration.js';

/** Milliseconds. @throws what commander tells the user. */
export function durationFlag(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('It must be a span of time, such as 30s or 5m.');
  return ms;
}
