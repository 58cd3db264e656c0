/**
 * Reads a flat YAML map of texts, such as the file that stands for annotations beside a kubeconfig.
 */
import type { Result } from '../../core/runtime/result.js';
import { load } from 'js-yaml';

/** An empty text is an empty map. The error says what to correct, and quotes nothing of the text. */
export function readTextMap(text: string): Result<Readonly<Record<string, string>>> {
  let value: unknown;
  try {
    value = text.trim() === '' ? {} : (load(text) ?? {});
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, error: `is not valid YAML: ${message.split('\n', 1)[0]}` };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { ok: false, error: NO_MAP };
  const entries = Object.entries(value);
  return entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')
    ? { ok: true, value: Object.fromEntries(entries) }
    : { ok: false, error: NO_MAP };
}

const NO_MAP = 'is not a map of texts: write one line "name: value" for each, with quotes around numbers';
