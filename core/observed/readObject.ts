/**
 * Reading an object as an API server answers it. The server may be a member's, so the object may be anything that JSON can say.
 */
import type { z } from 'zod';
import type { Result } from '../runtime/result.js';
import { printable } from '../text/printable.js';

/** Names of labels in an object belong to whoever wrote it, and paths name them. UTF-16 code units. */
const LONGEST_PATH = 120;

/** What `schema` makes of a value, or what has to be corrected in it, as one line. Never throws. */
export function readObject<T>(schema: z.ZodType<T>, value: unknown): Result<T> {
  const parsed = schema.safeParse(value);
  return parsed.success ? { ok: true, value: parsed.data } : { ok: false, error: corrections(parsed.error.issues) };
}

/** The first three, since a malformed object may have very many. */
function corrections(issues: readonly z.core.$ZodIssue[]): string {
  return issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.length === 0 ? 'the object' : printable(path.map(String).join('.'), LONGEST_PATH)}: ${message}`)
    .join('; ');
}
